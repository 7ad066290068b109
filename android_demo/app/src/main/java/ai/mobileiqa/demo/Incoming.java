package ai.mobileiqa.demo;

import android.app.Activity;
import android.content.ActivityNotFoundException;
import android.content.ClipData;
import android.content.ContentResolver;
import android.content.Intent;
import android.net.Uri;
import android.os.Build;
import android.provider.MediaStore;
import java.util.ArrayList;
import java.util.List;

/** How photos and models reach the app: pickers, the camera app and the share sheet. */
final class Incoming {
    /** What Android's photo picker lets an app ask for at most. */
    static final int MOST_PHOTOS = 100;

    /** Characters of a URI, at most: the system refuses to keep a state of more than a megabyte. */
    private static final int MAX_URI = 2048;

    private static final String PICK_IMAGES = "android.provider.action.PICK_IMAGES"; // MediaStore, API 33
    private static final String PICK_IMAGES_MAX = "android.provider.extra.PICK_IMAGES_MAX";

    private Incoming() {}

    /** Lets people choose one photo, or several: by the photo picker where there is one, else by documents. */
    static void pickPhotos(Activity activity, int request, boolean several) {
        if (Build.VERSION.SDK_INT >= 33) {
            Intent pick = new Intent(PICK_IMAGES).setType("image/*");
            if (several) {
                pick.putExtra(PICK_IMAGES_MAX, MOST_PHOTOS);
            }
            try {
                activity.startActivityForResult(pick, request);
                return;
            } catch (ActivityNotFoundException without) { // a system without Google's or AOSP's media module
                pickDocuments(activity, request, "image/*", several);
                return;
            }
        }
        pickDocuments(activity, request, "image/*", several);
    }

    /** @throws ActivityNotFoundException on a system without a documents app */
    static void pickDocuments(Activity activity, int request, String mime, boolean several) {
        Intent open = new Intent(Intent.ACTION_OPEN_DOCUMENT);
        open.addCategory(Intent.CATEGORY_OPENABLE);
        open.setType(mime);
        open.putExtra(Intent.EXTRA_ALLOW_MULTIPLE, several);
        activity.startActivityForResult(open, request);
    }

    /** @throws ActivityNotFoundException on a system without a camera app */
    static void takePhoto(Activity activity, int request, Uri into) {
        Intent take = new Intent(MediaStore.ACTION_IMAGE_CAPTURE);
        take.putExtra(MediaStore.EXTRA_OUTPUT, into);
        take.setClipData(ClipData.newRawUri(null, into));
        take.addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION | Intent.FLAG_GRANT_WRITE_URI_PERMISSION);
        activity.startActivityForResult(take, request);
    }

    /** Returns what a picker answered. */
    static List<Uri> picked(Intent answer) {
        List<Uri> photos = new ArrayList<Uri>();
        if (answer != null) {
            addAll(photos, answer.getClipData());
            add(photos, answer.getData());
        }
        return photos;
    }

    /**
     * Returns what another app shares; empty if the intent is something else, or an old one that the list of recent
     * apps repeats: its photos may no longer be read.
     */
    static List<Uri> shared(Intent intent) {
        List<Uri> photos = new ArrayList<Uri>();
        String action = intent.getAction();
        if (!Intent.ACTION_SEND.equals(action) && !Intent.ACTION_SEND_MULTIPLE.equals(action)) {
            return photos;
        }
        if ((intent.getFlags() & Intent.FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY) != 0) {
            return photos;
        }
        try {
            Object extra = intent.getExtras() == null ? null : intent.getExtras().get(Intent.EXTRA_STREAM);
            if (extra instanceof List) {
                for (Object item : (List<?>) extra) {
                    add(photos, item);
                }
            } else {
                add(photos, extra);
            }
        } catch (RuntimeException foreign) { // extras that cannot be unpacked here
            photos.clear();
        }
        if (photos.isEmpty()) {
            addAll(photos, intent.getClipData());
        }
        return photos;
    }

    private static void addAll(List<Uri> photos, ClipData clip) {
        for (int i = 0; clip != null && i < clip.getItemCount(); i++) {
            add(photos, clip.getItemAt(i).getUri());
        }
    }

    /** Only content URIs: a file URI would be opened with this app's rights, not with the sender's. */
    private static void add(List<Uri> photos, Object uri) {
        if (uri instanceof Uri
                && ContentResolver.SCHEME_CONTENT.equals(((Uri) uri).getScheme())
                && uri.toString().length() <= MAX_URI
                && !photos.contains(uri)) {
            photos.add((Uri) uri);
        }
    }
}
