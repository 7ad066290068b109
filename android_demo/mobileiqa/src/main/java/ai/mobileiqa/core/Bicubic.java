package ai.mobileiqa.core;

import java.util.Arrays;

/**
 * The one resampling rule, "pillow-bicubic", to the bit: see {@code mobileiqa_sdk/resample.py}, which
 * specifies it.
 *
 * <p>Java's doubles are IEEE doubles without fused multiply-add, so the expressions below, in the order
 * written, give the kernel that Python's gives.
 */
public final class Bicubic {
    private static final double RADIUS = 2.0;
    private static final int BITS = 22;
    private static final int HALF = 1 << (BITS - 1);
    private static final int STRIP = 16; // rows read at a time

    private Bicubic() {}

    /**
     * Resizes to exactly width x height: first the rows, then the columns.
     *
     * @return a new picture
     * @throws IllegalArgumentException a side below 1, or a result too large for an array
     */
    public static Pixels resize(Rows picture, int width, int height) {
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("cannot resize to " + width + "x" + height);
        }
        Pixels wide = rows(picture, width);
        return wide.height == height ? wide : columns(wide, height);
    }

    /** Reads every row once, in order. */
    private static Pixels rows(Rows in, int width) {
        Kernel kernel = in.width() == width ? null : new Kernel(in.width(), width);
        byte[] out = allocate(width, in.height());
        byte[] strip = allocate(in.width(), Math.min(STRIP, in.height()));
        for (int y = 0; y < in.height(); y += STRIP) {
            int count = Math.min(STRIP, in.height() - y);
            in.read(y, count, strip);
            if (kernel == null) {
                System.arraycopy(strip, 0, out, 3 * width * y, 3 * width * count);
                continue;
            }
            for (int row = 0; row < count; row++) {
                filter(kernel, strip, 3 * in.width() * row, out, 3 * width * (y + row));
            }
        }
        return new Pixels(width, in.height(), out);
    }

    /** One row of strip, from byte `row` on, to one row of out, from byte `at` on. */
    private static void filter(Kernel kernel, byte[] strip, int row, byte[] out, int at) {
        int to = at;
        for (int x = 0; x < kernel.first.length; x++) {
            int from = row + 3 * kernel.first[x];
            int red = HALF;
            int green = HALF;
            int blue = HALF;
            for (int tap : kernel.taps[x]) {
                red += tap * (strip[from] & 0xff);
                green += tap * (strip[from + 1] & 0xff);
                blue += tap * (strip[from + 2] & 0xff);
                from += 3;
            }
            out[to] = clip(red >> BITS);
            out[to + 1] = clip(green >> BITS);
            out[to + 2] = clip(blue >> BITS);
            to += 3;
        }
    }

    private static Pixels columns(Pixels in, int height) {
        Kernel kernel = new Kernel(in.height, height);
        int stride = 3 * in.width;
        byte[] out = allocate(in.width, height);
        int[] sums = new int[stride];
        for (int y = 0; y < height; y++) {
            Arrays.fill(sums, HALF);
            int from = stride * kernel.first[y];
            for (int tap : kernel.taps[y]) {
                for (int i = 0; i < stride; i++) {
                    sums[i] += tap * (in.rgb[from + i] & 0xff);
                }
                from += stride;
            }
            for (int i = 0; i < stride; i++) {
                out[stride * y + i] = clip(sums[i] >> BITS);
            }
        }
        return new Pixels(in.width, height, out);
    }

    private static byte clip(int level) {
        return (byte) (level < 0 ? 0 : level > 255 ? 255 : level);
    }

    private static byte[] allocate(int width, int height) {
        long bytes = 3L * width * height;
        if (bytes > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(width + "x" + height + " pixels are too many");
        }
        return new byte[(int) bytes];
    }

    /** For every new pixel of a side: the first old one it reads, and the weights from there on. */
    private static final class Kernel {
        final int[] first;
        final int[][] taps;

        Kernel(int from, int to) {
            first = new int[to];
            taps = new int[to][];
            double scale = (double) from / to;
            double stretch = Math.max(scale, 1.0);
            double support = RADIUS * stretch;
            double inverse = 1.0 / stretch;
            for (int i = 0; i < to; i++) {
                double center = (i + 0.5) * scale;
                first[i] = Math.max((int) (center - support + 0.5), 0);
                int last = Math.min((int) (center + support + 0.5), from);
                taps[i] = weights(first[i], last - first[i], center, inverse);
            }
        }

        private static int[] weights(int first, int count, double center, double inverse) {
            double[] weights = new double[count];
            double total = 0.0;
            for (int j = 0; j < count; j++) {
                weights[j] = cubic((first + j - center + 0.5) * inverse);
                total += weights[j];
            }
            int[] taps = new int[count];
            for (int j = 0; j < count; j++) {
                double share = total == 0.0 ? weights[j] : weights[j] / total;
                taps[j] = (int) (share * (1 << BITS) + (share < 0 ? -0.5 : 0.5));
            }
            return taps;
        }

        private static double cubic(double offset) {
            double x = Math.abs(offset);
            if (x < 1.0) {
                return ((1.5 * x - 2.5) * x) * x + 1;
            }
            return x < 2.0 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0.0;
        }
    }
}
