package ai.mobileiqa.demo;

import ai.mobileiqa.core.Contract;
import ai.mobileiqa.core.DecodePlan;
import ai.mobileiqa.core.Orientation;
import ai.mobileiqa.core.Pixels;
import ai.mobileiqa.core.Truncation;
import android.content.ContentResolver;
import android.content.Context;
import android.database.Cursor;
import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import android.graphics.Matrix;
import android.net.Uri;
import android.provider.OpenableColumns;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;

/**
 * A photo behind a URI. It is read twice: first its head, which says how large it is and how it was held, then,
 * at a scale that fits into memory, its pixels.
 */
final class Photo {
    /** Of a phone without memory to spare: 48 megapixels are 192 MB as a bitmap. */
    private static final long MOST_PIXELS = 48L * 1000 * 1000;

    /** Bytes a pixel while one picture is turned into another: bitmap and RGB, or RGB twice. */
    private static final int BYTES_A_PIXEL = 7;

    private static final int ROWS = 64;

    /** Columns and rows of the upright photo, before any reduction. */
    final int width;
    final int height;

    private final ContentResolver resolver;
    private final Uri uri;
    private final String mime;
    private final int orientation;

    /**
     * Reads the photo's head.
     *
     * @throws PhotoProblem not there, no picture, damaged, too small or too large
     */
    Photo(Context context, Uri uri) throws PhotoProblem {
        this.resolver = context.getContentResolver();
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

    /** At which scale {@link #pixels} decodes for this model now. */
    DecodePlan plan(Contract contract) {
        Runtime memory = Runtime.getRuntime();
        long free = memory.maxMemory() - (memory.totalMemory() - memory.freeMemory());
        long budget = Math.min(MOST_PIXELS, free / 2 / BYTES_A_PIXEL);
        return DecodePlan.of(mime, width, height, contract, budget);
    }

    /**
     * Decodes: upright, sRGB, over white.
     *
     * @throws PhotoProblem gone by now, or damaged
     */
    Pixels pixels(DecodePlan plan) throws PhotoProblem {
        Bitmap bitmap = bitmap(plan.sampleSize, false);
        Pixels lying;
        try {
            lying = rgb(bitmap);
        } finally {
            bitmap.recycle();
        }
        return Orientation.apply(lying, orientation);
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
            in = resolver.openInputStream(uri);
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

    private static Pixels rgb(Bitmap bitmap) {
        int width = bitmap.getWidth();
        int height = bitmap.getHeight();
        boolean opaque = !bitmap.hasAlpha();
        byte[] rgb = new byte[3 * width * height];
        int[] strip = new int[width * Math.min(ROWS, height)];
        int at = 0;
        for (int y = 0; y < height; y += ROWS) {
            int rows = Math.min(ROWS, height - y);
            bitmap.getPixels(strip, 0, width, 0, y, width, rows);
            for (int i = 0; i < width * rows; i++) {
                int colour = opaque ? strip[i] : overWhite(strip[i]);
                rgb[at] = (byte) (colour >> 16);
                rgb[at + 1] = (byte) (colour >> 8);
                rgb[at + 2] = (byte) colour;
                at += 3;
            }
        }
        return new Pixels(width, height, rgb);
    }

    private static int overWhite(int colour) {
        int alpha = colour >>> 24;
        int red = over(colour >> 16 & 0xff, alpha);
        int green = over(colour >> 8 & 0xff, alpha);
        int blue = over(colour & 0xff, alpha);
        return red << 16 | green << 8 | blue;
    }

    /** Rounded as Pillow's paste through a mask. */
    private static int over(int level, int alpha) {
        int sum = level * alpha + 255 * (255 - alpha) + 128;
        return (sum >> 8) + sum >> 8;
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
