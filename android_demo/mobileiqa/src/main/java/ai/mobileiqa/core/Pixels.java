package ai.mobileiqa.core;

/** A picture in memory: 8-bit sRGB, row by row, three bytes a pixel (red, green, blue). */
public final class Pixels implements Rows {
    /** Columns, at least 1. */
    public final int width;

    /** Rows, at least 1. */
    public final int height;

    /** {@code 3 * width * height} bytes, 0 to 255 each; shared with the caller, not copied. */
    public final byte[] rgb;

    /**
     * Wraps bytes as a picture.
     *
     * @throws IllegalArgumentException a side below 1, or another number of bytes
     */
    public Pixels(int width, int height, byte[] rgb) {
        if (width < 1 || height < 1 || rgb.length != 3L * width * height) {
            throw new IllegalArgumentException(
                    rgb.length + " bytes are not an RGB picture of " + width + "x" + height + " pixels");
        }
        this.width = width;
        this.height = height;
        this.rgb = rgb;
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public int height() {
        return height;
    }

    @Override
    public void read(int first, int count, byte[] rgb) {
        System.arraycopy(this.rgb, 3 * width * first, rgb, 0, 3 * width * count);
    }
}
