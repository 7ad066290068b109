package ai.mobileiqa.core;

/** What a person can do for a better photo; an app has the text in the person's language. */
public enum Advice {
    TAP_TO_FOCUS,
    HOLD_STILL,
    MORE_LIGHT,
    LESS_LIGHT,
    WIPE_LENS,
    /** Not a copy that was compressed or edited. */
    USE_ORIGINAL
}
