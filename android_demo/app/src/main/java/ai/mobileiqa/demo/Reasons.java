package ai.mobileiqa.demo;

import ai.mobileiqa.Assessment;
import ai.mobileiqa.core.Advice;
import ai.mobileiqa.core.Explanation;
import ai.mobileiqa.core.Fault;
import android.content.Context;
import java.util.List;

/** Why a photo has its score, and what a person can do for a better one, in the person's language. */
final class Reasons {
    private static final int[] FAULTS = {
        R.string.fault_defocus, R.string.fault_motion_blur, R.string.fault_noise, R.string.fault_compression,
        R.string.fault_underexposure, R.string.fault_overexposure, R.string.fault_low_contrast, R.string.fault_banding
    };
    private static final int[] ADVICE = {
        R.string.advice_tap_to_focus, R.string.advice_hold_still, R.string.advice_more_light,
        R.string.advice_less_light, R.string.advice_wipe_lens, R.string.advice_use_original
    };

    private Reasons() {}

    /** Returns a sentence about the named faults, or that this is not a photo; null if there is nothing to say. */
    static String reason(Context context, Boolean isPhotograph, List<String> namedFaults) {
        if (Boolean.FALSE.equals(isPhotograph)) {
            return context.getString(R.string.not_a_photo);
        }
        if (namedFaults.isEmpty()) {
            return null;
        }
        String text = word(context, namedFaults.get(0));
        if (namedFaults.size() > 1) {
            text = context.getString(R.string.two_faults, text, word(context, namedFaults.get(1)));
        }
        text = text.substring(0, 1).toUpperCase(context.getResources().getConfiguration().locale) + text.substring(1);
        return context.getString(R.string.reason, text);
    }

    /** Returns the reason and the advice of a photo, each on a line of its own; null if there is nothing to say. */
    static String lines(Context context, Assessment assessment) {
        String reason = reason(context, assessment.isPhotograph, assessment.namedFaults);
        String advice = advice(context, assessment.advice);
        return advice == null ? reason : reason + "\n" + advice;
    }

    /** Returns the reason for a table that programs read; empty without one, null if the model names none. */
    static String english(Assessment assessment) {
        if (Boolean.FALSE.equals(assessment.isPhotograph)) {
            return Explanation.NOT_A_PHOTO;
        }
        if (assessment.reason != null) {
            return assessment.reason;
        }
        return assessment.faults.isEmpty() ? null : "";
    }

    /** Returns a sentence; null if it is not known what helps. */
    static String advice(Context context, Advice advice) {
        return advice == null ? null : context.getString(ADVICE[advice.ordinal()]);
    }

    private static String word(Context context, String label) {
        Fault fault = Fault.of(label);
        return fault == null ? Fault.words(label) : context.getString(FAULTS[fault.ordinal()]);
    }
}
