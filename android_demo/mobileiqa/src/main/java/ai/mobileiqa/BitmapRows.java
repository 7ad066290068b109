package ai.mobileiqa;

import ai.mobileiqa.core.CleanAperture;
import ai.mobileiqa.core.ColourConversion;
import ai.mobileiqa.core.Rows;
import android.graphics.Bitmap;
import java.io.Closeable;

/**
 * A bitmap as it should be seen, read strip by strip: its part that shows, turned by EXIF's orientation, over white.
 * So the bitmap is the only whole copy of a photo in memory.
 */
final class BitmapRows implements Rows, Closeable {
    private static final int OPAQUE = 0xff;

    private static final int UPRIGHT = 1;

    private final Bitmap bitmap;
    private final int left;
    private final int top;
    private final int across;
    private final int down;
    private final boolean turned;
    private final boolean fromRight;
    private final boolean fromBottom;
    private final boolean opaque;
    private final ColourConversion colours;
    private int[] strip = {};

    /**
     * Wraps a bitmap.
     *
     * @param shown the part of it that shows, before it is turned; null for all of it
     * @param orientation 1 to 8, as Orientation.apply takes it
     * @param colours converts the bitmap's colours; null if they are sRGB
     */
    BitmapRows(Bitmap bitmap, CleanAperture shown, int orientation, ColourConversion colours) {
        this.bitmap = bitmap;
        left = shown == null ? 0 : shown.left;
        top = shown == null ? 0 : shown.top;
        across = shown == null ? bitmap.getWidth() : shown.width;
        down = shown == null ? bitmap.getHeight() : shown.height;
        this.colours = colours;
        opaque = !bitmap.hasAlpha();
        turned = orientation >= 5;
        fromRight = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
        fromBottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    }

    /** Returns the rows of a caller's upright bitmap, which must not be recycled here. */
    static BitmapRows of(Bitmap bitmap) {
        // Hardware bitmaps (Android 8 and later) hide their pixels from getPixels.
        boolean hidden = bitmap.getConfig() == null || bitmap.getConfig().name().equals("HARDWARE");
        return new BitmapRows(hidden ? bitmap.copy(Bitmap.Config.ARGB_8888, false) : bitmap, null, UPRIGHT, null);
    }

    @Override
    public int width() {
        return turned ? down : across;
    }

    @Override
    public int height() {
        return turned ? across : down;
    }

    @Override
    public void read(int first, int count, byte[] rgb) {
        int width = width();
        if (strip.length < width * count) {
            strip = new int[width * count];
        }
        // Rows of the upright picture are rows of the bitmap, or columns where the camera was turned.
        int stride = turned ? count : width;
        int from = (turned ? fromRight : fromBottom) ? height() - first - count : first;
        if (turned) {
            bitmap.getPixels(strip, 0, stride, left + from, top, count, width);
        } else {
            bitmap.getPixels(strip, 0, stride, left, top + from, width, count);
        }
        int at = 0;
        for (int y = 0; y < count; y++) {
            int line = (turned ? fromRight : fromBottom) ? count - 1 - y : y;
            for (int x = 0; x < width; x++) {
                int along = (turned ? fromBottom : fromRight) ? width - 1 - x : x;
                int colour = strip[turned ? stride * along + line : stride * line + along];
                int alpha = opaque ? OPAQUE : colour >>> 24;
                rgb[at] = (byte) (colour >> 16);
                rgb[at + 1] = (byte) (colour >> 8);
                rgb[at + 2] = (byte) colour;
                if (colours != null) {
                    colours.apply(rgb, at, 1);
                }
                if (alpha != OPAQUE) {
                    overWhite(rgb, at, alpha);
                }
                at += 3;
            }
        }
    }

    @Override
    public void close() {
        bitmap.recycle();
    }

    /** Rounded as Pillow's paste through a mask. */
    private static void overWhite(byte[] rgb, int start, int alpha) {
        for (int at = start; at < start + 3; at++) {
            int sum = (rgb[at] & 0xff) * alpha + 255 * (255 - alpha) + 128;
            rgb[at] = (byte) ((sum >> 8) + sum >> 8);
        }
    }
}
