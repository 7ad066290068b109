package ai.mobileiqa.core;

/** What a person can do for a better photo; an app has the text in the person's language. */
public enum Advice {
    /** Focus on what should be sharp. */
    TAP_TO_FOCUS,
    /** Hold the camera still, or lean it on something. */
    HOLD_STILL,
    /** Take the photo with more light. */
    MORE_LIGHT,
    /** Turn away from the light, or expose less. */
    LESS_LIGHT,
    /** Clean the lens. */
    WIPE_LENS,
    /** Take the original file, not a copy that was compressed or edited. */
    USE_ORIGINAL
}
