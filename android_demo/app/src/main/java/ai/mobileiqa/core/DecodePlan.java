package ai.mobileiqa.core;

/**
 * By how much a photo is made smaller while a phone decodes it: what the model's contract allows, and more only
 * where the pixels would not fit into memory.
 *
 * <p>Android's decoder shrinks a JPEG by 2, 4 or 8 through its DCT, as Pillow's {@code draft} does. Other formats
 * it shrinks by leaving pixels out, which changes scores: they are decoded whole as long as they fit.
 */
public final class DecodePlan {
    /** Width times height of the largest photo that is read, as {@code mobileiqa_sdk.photo.MAX_PIXELS}. */
    public static final long MAX_PIXELS = 178956970L;

    /** N of 1/N on both sides, a power of two: {@code BitmapFactory.Options.inSampleSize}. */
    public final int sampleSize;

    /** Whether that is what the contract asks for; if not, the score may differ from a computer's. */
    public final boolean exact;

    private DecodePlan(int sampleSize, boolean exact) {
        this.sampleSize = sampleSize;
        this.exact = exact;
    }

    /**
     * @param mime of the file's content, such as {@code image/jpeg}; null where unknown
     * @param width columns of the upright photo in pixels
     * @param height rows of it
     * @param budget pixels that fit into memory, at least 1
     */
    public static DecodePlan of(String mime, int width, int height, Contract contract, long budget) {
        int asked = "image/jpeg".equals(mime) ? contract.reduction(width, height) : 1;
        int size = asked;
        while (pixels(width, height, size) > Math.max(budget, 1)) {
            size *= 2;
        }
        return new DecodePlan(size, size == asked);
    }

    /**
     * The power of two that brings the longer side to {@code side} or just above.
     */
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
