package ai.mobileiqa.demo;

import ai.mobileiqa.core.Bicubic;
import ai.mobileiqa.core.Contract;
import ai.mobileiqa.core.DecodePlan;
import ai.mobileiqa.core.Orientation;
import ai.mobileiqa.core.Pixels;
import ai.mobileiqa.core.Size;
import ai.mobileiqa.core.Truncation;
import android.app.ActivityManager;
import android.content.Context;
import android.database.Cursor;
import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import android.graphics.Matrix;
import android.net.Uri;
import android.os.Build;
import android.provider.OpenableColumns;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;

/**
 * A photo behind a URI. It is read twice: first to know its size, how it was held and whether it is whole, then,
 * at a scale that fits into memory, for its pixels.
 */
final class Photo {
    /** However much memory there is: 256 MB as a bitmap. */
    private static final long MOST_PIXELS = 64L * 1000 * 1000;
    private static final int BYTES_A_PIXEL = 4;

    /** Columns and rows of the upright photo, before any reduction. */
    final int width;
    final int height;

    private final Context context;
    private final Uri uri;
    private final String mime;
    private final int orientation;

    /**
     * Reads the photo's head.
     *
     * @throws PhotoProblem not there, no picture, damaged, too small or too large
     */
    Photo(Context context, Uri uri) throws PhotoProblem {
        this.context = context.getApplicationContext();
        this.uri = uri;
        BitmapFactory.Options head = new BitmapFactory.Options();
        head.inJustDecodeBounds = true;
        try {
            decode(head);
            if (head.outWidth < 1 || head.outHeight < 1) {
                throw new PhotoProblem(R.string.problem_no_picture);
            }
            try (InputStream in = open()) {
                if (Truncation.endsEarly(in)) {
                    throw new PhotoProblem(R.string.problem_broken);
                }
            }
            try (InputStream in = open()) {
                orientation = Orientation.read(in);
            }
        } catch (IOException error) {
            throw unreadable(error);
        }
        boolean lying = orientation >= 5;
        width = lying ? head.outHeight : head.outWidth;
        height = lying ? head.outWidth : head.outHeight;
        mime = head.outMimeType;
        if (Math.min(width, height) < Contract.MIN_PHOTO_SIDE) {
            throw new PhotoProblem(R.string.problem_small, width, height, Contract.MIN_PHOTO_SIDE);
        }
        if ((long) width * height > DecodePlan.MAX_PIXELS) {
            throw new PhotoProblem(R.string.problem_large, width, height);
        }
    }

    /**
     * At which scale {@link #rows} decodes for this model now.
     *
     * @throws PhotoProblem what fits into memory is smaller than what the model looks at
     */
    DecodePlan plan(Contract contract) throws PhotoProblem {
        long budget = Math.min(MOST_PIXELS, free() / 2 / BYTES_A_PIXEL);
        DecodePlan plan = DecodePlan.of(mime, width, height, contract.input, budget);
        Size size = contract.input.sizeFor(height, width);
        boolean small = width / plan.sampleSize < size.width || height / plan.sampleSize < size.height;
        if (small && !plan.exact) {
            throw new PhotoProblem(R.string.problem_memory);
        }
        return plan;
    }

    /**
     * Decodes; to be closed after use.
     *
     * @throws PhotoProblem gone by now, or damaged
     */
    BitmapRows rows(DecodePlan plan) throws PhotoProblem {
        return new BitmapRows(bitmap(plan.sampleSize, false), orientation);
    }

    /** Returns the decoded photo as the model takes it; its size follows from the whole photo's. */
    Pixels resized(BitmapRows decoded, Contract contract) {
        Size size = contract.input.sizeFor(height, width);
        return Bicubic.resize(decoded, size.width, size.height);
    }

    /** Bytes that are left where bitmaps lie: before Android 8 in Java's heap, since then outside of it. */
    private long free() {
        if (Build.VERSION.SDK_INT < 26) {
            Runtime heap = Runtime.getRuntime();
            return heap.maxMemory() - (heap.totalMemory() - heap.freeMemory());
        }
        ActivityManager.MemoryInfo memory = new ActivityManager.MemoryInfo();
        ((ActivityManager) context.getSystemService(Context.ACTIVITY_SERVICE)).getMemoryInfo(memory);
        return Math.max(0, memory.availMem - memory.threshold);
    }

    /** A small upright picture for the screen, its longer side between side and twice that, or its own. */
    Bitmap preview(int side) throws PhotoProblem {
        Bitmap bitmap = bitmap(DecodePlan.preview(width, height, side), true);
        Matrix turn = turn(orientation);
        return turn.isIdentity()
                ? bitmap
                : Bitmap.createBitmap(bitmap, 0, 0, bitmap.getWidth(), bitmap.getHeight(), turn, true);
    }

    /** What the photo's provider calls it, else the end of its URI. */
    static String name(Context context, Uri uri) {
        String[] wanted = {OpenableColumns.DISPLAY_NAME};
        try (Cursor cursor = context.getContentResolver().query(uri, wanted, null, null, null)) {
            if (cursor != null && cursor.moveToFirst() && cursor.getString(0) != null) {
                return cursor.getString(0);
            }
        } catch (RuntimeException foreign) { // a provider of another app may throw anything
            return lastPart(uri);
        }
        return lastPart(uri);
    }

    private static String lastPart(Uri uri) {
        return uri.getLastPathSegment() == null ? uri.toString() : uri.getLastPathSegment();
    }

    private Bitmap bitmap(int sampleSize, boolean toShow) throws PhotoProblem {
        BitmapFactory.Options options = new BitmapFactory.Options();
        options.inSampleSize = sampleSize;
        options.inPreferredConfig = Bitmap.Config.ARGB_8888;
        options.inPremultiplied = toShow; // a premultiplied pixel has lost digits, but only such can be drawn
        Platform.decodeAsSrgb(options);
        try {
            Bitmap bitmap = decode(options);
            if (bitmap == null) {
                throw new PhotoProblem(R.string.problem_broken);
            }
            return bitmap;
        } catch (IOException error) {
            throw unreadable(error);
        }
    }

    private Bitmap decode(BitmapFactory.Options options) throws IOException {
        try (InputStream in = open()) {
            return BitmapFactory.decodeStream(in, null, options);
        } catch (IllegalArgumentException odd) { // a size that overflows, a bitmap that cannot be made
            return null;
        }
    }

    private InputStream open() throws IOException {
        InputStream in;
        try {
            in = context.getContentResolver().openInputStream(uri);
        } catch (RuntimeException foreign) { // SecurityException and whatever a provider of another app throws
            throw new IOException(foreign);
        }
        if (in == null) {
            throw new FileNotFoundException(uri.toString());
        }
        return in;
    }

    private static PhotoProblem unreadable(IOException error) {
        if (error instanceof FileNotFoundException || error.getCause() instanceof SecurityException) {
            return new PhotoProblem(R.string.problem_gone);
        }
        return new PhotoProblem(R.string.problem_unreadable, String.valueOf(error.getMessage()));
    }

    private static Matrix turn(int orientation) {
        Matrix turn = new Matrix();
        int[] degrees = {0, 0, 0, 180, 180, 270, 90, 90, 270};
        boolean mirrored = orientation == 2 || orientation == 4 || orientation == 5 || orientation == 7;
        if (mirrored) {
            turn.postScale(-1, 1);
        }
        turn.postRotate(degrees[orientation]);
        return turn;
    }
}
