package ai.mobileiqa.core;

/**
 * The scale at which a phone decodes a photo: what the model's contract asks for, or smaller if the pixels would not
 * fit into memory.
 *
 * <p>Android's decoder shrinks a JPEG by 2, 4 or 8 through its DCT, as Pillow's {@code draft} does. Other formats
 * it shrinks by leaving out pixels, which changes scores: they are decoded at full size if they fit.
 */
public final class DecodePlan {
    /** Width times height of the largest photo that is read, as {@code mobileiqa_sdk.photo.MAX_PIXELS}. */
    public static final long MAX_PIXELS = 178956970L;

    /** Every pixel, as a bitmap has them. */
    public static final DecodePlan WHOLE = new DecodePlan(1, true);

    /** N of 1/N on both sides, a power of two: {@code BitmapFactory.Options.inSampleSize}. */
    public final int sampleSize;

    /** Whether this is the scale that the contract asks for; if not, the score may differ from Python's. */
    public final boolean exact;

    private DecodePlan(int sampleSize, boolean exact) {
        this.sampleSize = sampleSize;
        this.exact = exact;
    }

    /**
     * Returns the plan for one photo.
     *
     * @param mime of the file's content, such as {@code image/jpeg}; null if unknown
     * @param width columns of the upright photo in pixels
     * @param height rows of it
     * @param input of the model
     * @param setting one of {@code input.settings}; null for a model of one size
     * @param budget pixels that fit into memory, at least 1
     */
    public static DecodePlan of(
            String mime, int width, int height, InputSpec input, Setting setting, long budget) {
        int contracted = "image/jpeg".equals(mime) ? input.reduction(height, width, setting) : 1;
        int size = contracted;
        while (pixels(width, height, size) > Math.max(budget, 1)) {
            size *= 2;
        }
        return new DecodePlan(size, size == contracted);
    }

    /** Returns the largest power of two that leaves the longer side at least {@code side} pixels. */
    public static int preview(int width, int height, int side) {
        int size = 1;
        while (Math.max(width, height) / (2 * size) >= side) {
            size *= 2;
        }
        return size;
    }

    private static long pixels(int width, int height, int size) {
        return ((long) width + size - 1) / size * (((long) height + size - 1) / size);
    }
}
