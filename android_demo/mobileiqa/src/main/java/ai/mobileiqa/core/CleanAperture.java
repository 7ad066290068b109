package ai.mobileiqa.core;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The part of a HEIC or AVIF picture that is to be seen: the property {@code clap} of its primary item (ISO/IEC
 * 14496-12, 12.1.4), in pixels of the picture as stored, not yet turned.
 */
public final class CleanAperture {
    private static final int APERTURE = ByteReader.tag("clap");
    private static final int SIZE = ByteReader.tag("ispe");

    /** Columns at the left that do not show. */
    public final int left;

    /** Rows at the top that do not show. */
    public final int top;

    /** Columns that show. */
    public final int width;

    /** Rows that show. */
    public final int height;

    private CleanAperture(int left, int top, int width, int height) {
        this.left = left;
        this.top = top;
        this.width = width;
        this.height = height;
    }

    /**
     * Reads which part of a picture shows.
     *
     * @param photo at the file's start; read as far as needed, not closed
     * @param width columns that the decoder gives
     * @param height rows that it gives
     * @return null for all of it: for other formats, for malformed properties, and where the decoder has cut it already,
     *     so that its size is not the stored one
     * @throws IOException the stream cannot be read
     */
    public static CleanAperture read(InputStream photo, int width, int height) throws IOException {
        byte[] meta = PhotoMetadata.read(photo).heif();
        if (meta == null) {
            return null;
        }
        CleanAperture part = null;
        try {
            for (HeifProperties.Box property : HeifProperties.of(meta)) {
                ByteBuffer content = property.content.duplicate();
                if (property.type == SIZE && !isSize(content, width, height)) {
                    return null;
                }
                if (property.type == APERTURE) {
                    part = cut(content, width, height);
                }
            }
        } catch (BufferUnderflowException endsEarly) {
            return null;
        }
        return part;
    }

    /** Returns the same part of a picture that was decoded at 1/N of its size, with at least one pixel. */
    public CleanAperture reduced(int n) {
        return new CleanAperture(left / n, top / n, Math.max(1, width / n), Math.max(1, height / n));
    }

    private static boolean isSize(ByteBuffer content, int width, int height) {
        content.getInt(); // version and flags
        return content.getInt() == width && content.getInt() == height;
    }

    /** Returns null if it is no part of the picture. */
    private static CleanAperture cut(ByteBuffer content, int width, int height) {
        long[] numbers = new long[8];
        for (int i = 0; i < numbers.length; i++) {
            boolean isSigned = i >= 4;
            numbers[i] = isSigned ? content.getInt() : content.getInt() & 0xffffffffL;
        }
        int[] across = range(width, numbers[0], numbers[1], numbers[4], numbers[5]);
        int[] down = range(height, numbers[2], numbers[3], numbers[6], numbers[7]);
        return across == null || down == null ? null : new CleanAperture(across[0], down[0], across[1], down[1]);
    }

    /** Returns start and length; null if it is no part of the picture. The offset is from centre to centre. */
    private static int[] range(int length, long part, long unit, long offset, long offsetUnit) {
        if (unit == 0 || offsetUnit == 0) {
            return null;
        }
        BigInteger twice = big(2 * unit);
        BigInteger margin = big(length).multiply(big(unit)).subtract(big(part));
        BigInteger start = floor(
                margin.multiply(big(offsetUnit)).add(twice.multiply(big(offset))), twice.multiply(big(offsetUnit)));
        long extent = part / unit;
        boolean isInside = start.signum() >= 0 && extent > 0 && start.add(big(extent)).compareTo(big(length)) <= 0;
        return isInside ? new int[] {start.intValue(), (int) extent} : null;
    }

    private static BigInteger floor(BigInteger number, BigInteger by) {
        BigInteger[] parts = number.divideAndRemainder(by);
        boolean isBelow = parts[1].signum() * by.signum() < 0;
        return isBelow ? parts[0].subtract(BigInteger.ONE) : parts[0];
    }

    private static BigInteger big(long number) {
        return BigInteger.valueOf(number);
    }
}
