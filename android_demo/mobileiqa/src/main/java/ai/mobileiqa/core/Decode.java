package ai.mobileiqa.core;

/** When a large photo may be decoded smaller. */
public enum Decode {
    /** Never. */
    FULL,

    /** A JPEG, by {@link InputSpec#reduction}. */
    JPEG_REDUCED
}
