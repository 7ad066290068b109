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
import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import android.graphics.Matrix;
import android.net.Uri;
import android.os.Build;
import android.os.SystemClock;
import java.io.Closeable;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * A photo in a file. It is read several times: to learn its size, its orientation and whether it is complete, then,
 * at a scale that fits into memory, for its pixels. Close it after use.
 */
final class Photo implements Closeable {
    /** However much memory there is: 256 MB as a bitmap. */
    private static final long MOST_PIXELS = 64L * 1000 * 1000;
    private static final int BYTES_A_PIXEL = 4;

    /** Columns and rows of the upright photo, before any reduction. */
    final int width;
    final int height;

    /** Seconds until the photo was here, known and checked. */
    final double readSeconds;

    private final Context context;
    private final File file;
    private final boolean isCopy;
    private final String mime;
    private final int orientation;

    /**
     * Copies a photo from its provider and reads its head.
     *
     * @throws PhotoProblem not there, not a picture, damaged, too small or too large
     */
    static Photo copied(Context context, Uri uri, Work work) throws PhotoProblem {
        long started = SystemClock.elapsedRealtimeNanos();
        File copy;
        try {
            copy = Provided.copy(context, uri, Provided.MAX_PHOTO, work);
        } catch (IOException error) {
            throw unreadable(error);
        }
        Photo photo = null;
        try {
            photo = new Photo(context, copy, true, started);
            return photo;
        } finally {
            if (photo == null) {
                copy.delete();
            }
        }
    }

    /**
     * Reads the head of a photo that lies in a file of this app, which stays.
     *
     * @throws PhotoProblem not a picture, damaged, too small or too large
     */
    Photo(Context context, File file) throws PhotoProblem {
        this(context, file, false, SystemClock.elapsedRealtimeNanos());
    }

    private Photo(Context context, File file, boolean isCopy, long started) throws PhotoProblem {
        this.context = context.getApplicationContext();
        this.file = file;
        this.isCopy = isCopy;
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
        boolean turned = orientation >= 5;
        width = turned ? head.outHeight : head.outWidth;
        height = turned ? head.outWidth : head.outHeight;
        mime = head.outMimeType;
        if (Math.min(width, height) < Contract.MIN_PHOTO_SIDE) {
            throw new PhotoProblem(R.string.problem_small, width, height, Contract.MIN_PHOTO_SIDE);
        }
        if ((long) width * height > DecodePlan.MAX_PIXELS) {
            throw new PhotoProblem(R.string.problem_large, width, height);
        }
        readSeconds = (SystemClock.elapsedRealtimeNanos() - started) / 1e9;
    }

    @Override
    public void close() {
        if (isCopy) {
            file.delete();
        }
    }

    /**
     * Returns the scale at which {@link #rows} decodes for this model now.
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
     * Decodes the photo; close the result after use.
     *
     * @throws PhotoProblem damaged
     */
    BitmapRows rows(DecodePlan plan) throws PhotoProblem {
        return new BitmapRows(bitmap(plan.sampleSize, false), orientation);
    }

    /** Returns the decoded photo as the model takes it; its size follows from the whole photo's. */
    Pixels resized(BitmapRows decoded, Contract contract) {
        Size size = contract.input.sizeFor(height, width);
        return Bicubic.resize(decoded, size.width, size.height);
    }

    /** Returns the bytes that are free where bitmaps lie: before Android 8 in Java's heap, since then outside of it. */
    private long free() {
        if (Build.VERSION.SDK_INT < 26) {
            Runtime heap = Runtime.getRuntime();
            return heap.maxMemory() - (heap.totalMemory() - heap.freeMemory());
        }
        ActivityManager.MemoryInfo memory = new ActivityManager.MemoryInfo();
        ((ActivityManager) context.getSystemService(Context.ACTIVITY_SERVICE)).getMemoryInfo(memory);
        return Math.max(0, memory.availMem - memory.threshold);
    }

    /** Returns a small upright picture for the screen; its longer side is between side and twice that, or its own. */
    Bitmap preview(int side) throws PhotoProblem {
        Bitmap bitmap = bitmap(DecodePlan.preview(width, height, side), true);
        Matrix turn = turn(orientation);
        return turn.isIdentity()
                ? bitmap
                : Bitmap.createBitmap(bitmap, 0, 0, bitmap.getWidth(), bitmap.getHeight(), turn, true);
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
        return new FileInputStream(file);
    }

    private static PhotoProblem unreadable(IOException error) {
        return new PhotoProblem(R.string.problem_unreadable, PhotoProblem.reason(error));
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
