package ai.mobileiqa.core;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** How the size is found that a photo is resized to; see {@code mobileiqa_sdk/fit.py}, which specifies it. */
public enum Fit {
    /** Every photo gets the same size. */
    STRETCH,

    /** The photo is shrunk to a budget of pixels; its aspect ratio is kept. */
    KEEP_ASPECT;

    /**
     * Returns the size that {@link #KEEP_ASPECT} gives a photo.
     *
     * @param height rows of the upright photo in pixels, at least 1
     * @param width columns of it, at least 1
     * @param multiple both sides are multiples of it, unless the setting lists sizes
     */
    public static Size fitted(int height, int width, Setting setting, int multiple) {
        if (!setting.sizes.isEmpty()) {
            return closest(height, width, setting.sizes);
        }
        long budget = setting.maxPixels;
        if ((long) height * width <= budget) {
            return multiples(height, width, budget, multiple);
        }
        long rows = squareRoot(budget * height / width);
        long columns = squareRoot(budget * width / height);
        return multiples(rows, columns, budget, multiple);
    }

    /** Returns the integer part of the square root of a number from 0 to 2**60. */
    static long squareRoot(long number) {
        long root = (long) Math.sqrt(number); // a double has 53 bits: it may be one too large or too small
        while (root * root > number) {
            root--;
        }
        while ((root + 1) * (root + 1) <= number) {
            root++;
        }
        return root;
    }

    private static Size multiples(long height, long width, long budget, int multiple) {
        if (height < multiple) {
            return new Size(multiple, down(Math.min(width, budget / multiple), multiple));
        }
        if (width < multiple) {
            return new Size(down(Math.min(height, budget / multiple), multiple), multiple);
        }
        return new Size(down(height, multiple), down(width, multiple));
    }

    private static int down(long side, int multiple) {
        return (int) Math.max(side / multiple, 1) * multiple;
    }

    private static Size closest(int height, int width, List<Size> sizes) {
        List<Size> candidates = new ArrayList<Size>();
        for (Size size : sizes) {
            if (size.height <= height && size.width <= width) {
                candidates.add(size);
            }
        }
        if (candidates.isEmpty()) {
            candidates = sizes;
        }
        Size best = candidates.get(0);
        for (Size size : candidates) {
            int comparison = compareLikeness(size, best, height, width);
            if (comparison > 0 || comparison == 0 && pixels(size) > pixels(best)) {
                best = size;
            }
        }
        return best;
    }

    private static long pixels(Size size) {
        return (long) size.height * size.width;
    }

    /** Compares how close the aspect ratios of two sizes are to height x width, as fractions. */
    private static int compareLikeness(Size one, Size other, long height, long width) {
        long oneTall = one.width * height;
        long oneWide = one.height * width;
        long otherTall = other.width * height;
        long otherWide = other.height * width;
        return product(Math.min(oneTall, oneWide), Math.max(otherTall, otherWide))
                .compareTo(product(Math.min(otherTall, otherWide), Math.max(oneTall, oneWide)));
    }

    private static BigInteger product(long one, long other) {
        return BigInteger.valueOf(one).multiply(BigInteger.valueOf(other));
    }
}
