package ai.mobileiqa.core;

/** How the golden image was scored on this device. */
public final class Replay {
    /** Whether resizing the golden image gave the bytes that the contract promises, with every setting. */
    public final boolean inputMatches;

    /** Score in [0, 1] of the reference network, with the default setting. */
    public final double expected;

    /** Score in [0, 1] on this device, with the default setting. */
    public final double measured;

    /** The largest distance of any value, with any setting, from the reference's. */
    public final double distance;

    /** Largest allowed distance. */
    public final double tolerance;

    Replay(boolean inputMatches, double expected, double measured, double distance, double tolerance) {
        this.inputMatches = inputMatches;
        this.expected = expected;
        this.measured = measured;
        this.distance = distance;
        this.tolerance = tolerance;
    }

    /** Returns whether resizing is exact and every value within the tolerance. */
    public boolean ok() {
        return inputMatches && distance <= tolerance;
    }
}
