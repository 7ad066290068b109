package ai.mobileiqa.core;

/** How the golden image was scored on this device. */
public final class Replay {
    /** Whether resizing the golden image gave the bytes that the contract promises. */
    public final boolean inputMatches;

    /** Score in [0, 1] that the reference network gives. */
    public final double expected;

    /** Score in [0, 1] that was found here. */
    public final double found;

    /** Largest allowed distance of the two. */
    public final double tolerance;

    Replay(boolean inputMatches, double expected, double found, double tolerance) {
        this.inputMatches = inputMatches;
        this.expected = expected;
        this.found = found;
        this.tolerance = tolerance;
    }

    /** Whether resizing is exact and the score within the tolerance. */
    public boolean ok() {
        return inputMatches && Math.abs(found - expected) <= tolerance;
    }
}
