package ai.mobileiqa.demo;

import ai.mobileiqa.core.PlainName;
import android.content.ContentProvider;
import android.content.ContentValues;
import android.content.Context;
import android.content.Intent;
import android.content.ClipData;
import android.database.Cursor;
import android.database.MatrixCursor;
import android.net.Uri;
import android.os.ParcelFileDescriptor;
import android.provider.OpenableColumns;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;

/**
 * The few files that other apps may read or write, each for as long as they hold a grant for it: what was shared,
 * and where the camera puts its photo.
 */
public final class Outbox extends ContentProvider {
    private static final String AUTHORITY = "ai.mobileiqa.demo.outbox";
    private static final String FOLDER = "outbox";
    private static final String CAMERA = "camera-";

    /** Writes a text file and returns its URI; on any thread. */
    static Uri write(Context context, String name, String text) throws IOException {
        File file = new File(folder(context), name);
        try (OutputStream out = new FileOutputStream(file)) {
            out.write(text.getBytes(Charset.forName("UTF-8")));
        }
        return uri(name);
    }

    /** Deletes the camera's photos, with one exception. */
    static void deletePhotosExcept(Context context, Uri kept) {
        String[] names = new File(context.getCacheDir(), FOLDER).list();
        if (names != null) {
            for (String name : names) {
                if (name.startsWith(CAMERA) && !name.equals(kept.getLastPathSegment())) {
                    delete(context, uri(name));
                }
            }
        }
    }

    /** Deletes a file of the outbox. */
    static void delete(Context context, Uri uri) {
        new File(new File(context.getCacheDir(), FOLDER), uri.getLastPathSegment()).delete();
    }

    /** Returns a URI for the camera's next photo. */
    static Uri forCamera(Context context) throws IOException {
        File folder = folder(context);
        String name = CAMERA + System.currentTimeMillis() + ".jpg";
        if (!new File(folder, name).createNewFile()) {
            throw new IOException(name);
        }
        return uri(name);
    }

    /** Opens the share sheet for a file of the outbox. */
    static void share(Context context, Uri uri, String mime) {
        Intent send = new Intent(Intent.ACTION_SEND);
        send.setType(mime);
        send.putExtra(Intent.EXTRA_STREAM, uri);
        send.setClipData(ClipData.newRawUri(null, uri));
        send.addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION);
        context.startActivity(Intent.createChooser(send, null));
    }

    @Override
    public boolean onCreate() {
        return true;
    }

    @Override
    public ParcelFileDescriptor openFile(Uri uri, String mode) throws FileNotFoundException {
        return ParcelFileDescriptor.open(file(uri), ParcelFileDescriptor.parseMode(mode));
    }

    @Override
    public Cursor query(Uri uri, String[] projection, String selection, String[] arguments, String order) {
        String[] columns = projection != null
                ? projection
                : new String[] {OpenableColumns.DISPLAY_NAME, OpenableColumns.SIZE};
        Object[] values = new Object[columns.length];
        try {
            File file = file(uri);
            for (int i = 0; i < columns.length; i++) {
                if (OpenableColumns.DISPLAY_NAME.equals(columns[i])) {
                    values[i] = file.getName();
                } else if (OpenableColumns.SIZE.equals(columns[i])) {
                    values[i] = file.length();
                }
            }
        } catch (FileNotFoundException gone) {
            return new MatrixCursor(columns, 0);
        }
        MatrixCursor cursor = new MatrixCursor(columns, 1);
        cursor.addRow(values);
        return cursor;
    }

    @Override
    public String getType(Uri uri) {
        String name = String.valueOf(uri.getLastPathSegment());
        if (name.endsWith(".csv")) {
            return "text/csv";
        }
        return name.endsWith(".json") ? "application/json" : "image/jpeg";
    }

    @Override
    public Uri insert(Uri uri, ContentValues values) {
        throw new UnsupportedOperationException("files are put here by the app alone");
    }

    @Override
    public int update(Uri uri, ContentValues values, String selection, String[] arguments) {
        throw new UnsupportedOperationException("files are put here by the app alone");
    }

    @Override
    public int delete(Uri uri, String selection, String[] arguments) {
        throw new UnsupportedOperationException("files are deleted by the app alone");
    }

    private File file(Uri uri) throws FileNotFoundException {
        String name = uri.getLastPathSegment();
        if (uri.getPathSegments().size() != 1 || !PlainName.is(name)) {
            throw new FileNotFoundException(uri.toString());
        }
        try {
            File file = new File(folder(getContext()), name);
            if (!file.isFile()) {
                throw new FileNotFoundException(uri.toString());
            }
            return file;
        } catch (IOException error) {
            throw (FileNotFoundException) new FileNotFoundException(uri.toString()).initCause(error);
        }
    }

    private static File folder(Context context) throws IOException {
        File folder = new File(context.getCacheDir(), FOLDER);
        if (!folder.isDirectory() && !folder.mkdirs() && !folder.isDirectory()) {
            throw new IOException(folder.getPath());
        }
        return folder;
    }

    private static Uri uri(String name) {
        return new Uri.Builder().scheme("content").authority(AUTHORITY).appendPath(name).build();
    }
}
