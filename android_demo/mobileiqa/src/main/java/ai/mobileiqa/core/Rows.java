package ai.mobileiqa.core;

/** A picture that is read strip by strip, so that it need not lie in memory as RGB bytes all at once. */
public interface Rows {
    /** Columns, at least 1. */
    int width();

    /** Rows, at least 1. */
    int height();

    /**
     * Writes rows to the start of {@code rgb}: 8-bit sRGB, three bytes a pixel.
     *
     * @param first row, counted from 0
     * @param count of rows, at least 1
     * @param rgb at least {@code 3 * width() * count} bytes
     */
    void read(int first, int count, byte[] rgb);
}
