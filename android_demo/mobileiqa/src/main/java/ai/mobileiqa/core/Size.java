package ai.mobileiqa.core;

/** Height and width of a picture in pixels. */
public final class Size {
    /** Rows, at least 1. */
    public final int height;

    /** Columns, at least 1. */
    public final int width;

    Size(int height, int width) {
        this.height = height;
        this.width = width;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Size && ((Size) other).height == height && ((Size) other).width == width;
    }

    @Override
    public int hashCode() {
        return 31 * height + width;
    }

    @Override
    public String toString() {
        return width + "x" + height;
    }
}
