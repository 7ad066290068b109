package ai.mobileiqa;

import ai.mobileiqa.core.DecodePlan;
import ai.mobileiqa.core.Pixels;
import org.jetbrains.annotations.NotNull;

/** A photo as a model takes it, and how long that took. */
public final class Prepared {
    /** Resized to the size that the model's contract gives the photo. */
    @NotNull
    public final Pixels pixels;

    /** The scale at which the photo was decoded. */
    @NotNull
    public final DecodePlan plan;

    /** Seconds until Android's bitmap was complete. */
    public final double decodeSeconds;

    /** Seconds to turn the bitmap upright, to copy its pixels and to resize them. */
    public final double resizeSeconds;

    Prepared(Pixels pixels, DecodePlan plan, double decodeSeconds, double resizeSeconds) {
        this.pixels = pixels;
        this.plan = plan;
        this.decodeSeconds = decodeSeconds;
        this.resizeSeconds = resizeSeconds;
    }
}
