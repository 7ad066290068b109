package ai.mobileiqa.core;

import java.util.Locale;

/** The faults that people have words for, as in {@code mobileiqa_sdk.reason}; models may name others. */
public enum Fault {
    /** The focus is not on the subject. */
    DEFOCUS("out of focus", Advice.TAP_TO_FOCUS),
    /** The camera or the subject moved. */
    MOTION_BLUR("blurred by motion", Advice.HOLD_STILL),
    /** Grain of the sensor. */
    NOISE("noisy", Advice.MORE_LIGHT),
    /** Blocks and smears of a small file. */
    COMPRESSION("heavily compressed", Advice.USE_ORIGINAL),
    /** Too little light. */
    UNDEREXPOSURE("too dark", Advice.MORE_LIGHT),
    /** Too much light. */
    OVEREXPOSURE("too bright", Advice.LESS_LIGHT),
    /** Haze, or light on a dirty lens. */
    LOW_CONTRAST("low in contrast", Advice.WIPE_LENS),
    /** Steps where colours should run smoothly. */
    BANDING("showing colour bands", Advice.USE_ORIGINAL);

    /** In English, of a photo that has the fault. */
    public final String words;

    /** What helps. */
    public final Advice advice;

    Fault(String words, Advice advice) {
        this.words = words;
        this.advice = advice;
    }

    /** Returns the fault that a contract calls by this label; null for one that is not in this list. */
    public static Fault of(String label) {
        for (Fault fault : values()) {
            if (fault.label().equals(label)) {
                return fault;
            }
        }
        return null;
    }

    /** Returns its label in contracts. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns a fault in English words; one that is not in this list is called by its label, without underscores. */
    public static String words(String label) {
        Fault fault = of(label);
        return fault == null ? label.replace('_', ' ') : fault.words;
    }
}
