package ai.mobileiqa.core;

/** A window of a sustained run; null where the device does not say. */
public final class Window {
    /** Seconds from the start of the run to the window's end. */
    public final double second;

    /** Median seconds of an inference in it. */
    public final double median;

    /** The 90th percentile of them. */
    public final double p90;

    /** Degrees Celsius at its end: a phone's battery. */
    public final Double celsius;

    /** Highest clock frequency of a processor at its end. */
    public final Double megahertz;

    /** Makes a window of the seconds of its inferences. */
    public Window(double second, double[] values, Double celsius, Double megahertz) {
        this.second = second;
        this.median = Statistics.median(values);
        this.p90 = Statistics.p90(values);
        this.celsius = celsius;
        this.megahertz = megahertz;
    }
}
