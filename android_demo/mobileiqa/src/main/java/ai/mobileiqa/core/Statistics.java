package ai.mobileiqa.core;

import java.util.Arrays;

/** Of measured values, in any order and never modified. All throw IllegalArgumentException on no values. */
public final class Statistics {
    private Statistics() {}

    /** The middle value, or the mean of the two in the middle. */
    public static double median(double[] values) {
        double[] sorted = sorted(values);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** Returns the 90th percentile; see {@link #percentile}. */
    public static double p90(double[] values) {
        return percentile(values, 0.9);
    }

    /** Returns the 99th percentile; see {@link #percentile}. */
    public static double p99(double[] values) {
        return percentile(values, 0.99);
    }

    /** Returns the value below which a share of the values lies, linear between neighbours, as numpy's default. */
    public static double percentile(double[] values, double share) {
        double[] sorted = sorted(values);
        double position = share * (sorted.length - 1);
        int below = (int) position;
        if (below == sorted.length - 1) {
            return sorted[below];
        }
        double rest = position - below;
        double step = sorted[below + 1] - sorted[below];
        // From the nearer neighbour, as numpy does, so that the last digit is the same too.
        return rest < 0.5 ? sorted[below] + step * rest : sorted[below + 1] - step * (1 - rest);
    }

    /** The smallest value. */
    public static double min(double[] values) {
        return sorted(values)[0];
    }

    /** The sum, in order, divided by the count. */
    public static double mean(float[] values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("no values, no statistics");
        }
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    /** The standard deviation of just these values, as numpy's default. */
    public static double deviation(float[] values) {
        double mean = mean(values);
        double squares = 0;
        for (float value : values) {
            squares += (value - mean) * (value - mean);
        }
        return Math.sqrt(squares / values.length);
    }

    /** The median absolute deviation from the median, not scaled. */
    public static double mad(double[] values) {
        double median = median(values);
        double[] deviations = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            deviations[i] = Math.abs(values[i] - median);
        }
        return median(deviations);
    }

    private static double[] sorted(double[] values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("no values, no statistics");
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted;
    }
}
