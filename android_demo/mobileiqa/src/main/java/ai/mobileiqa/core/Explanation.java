package ai.mobileiqa.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a person reads of a photo's faults, by the rules of {@code mobileiqa_sdk.reason}. Immutable. */
public final class Explanation {
    /** Stands where the reason would, for a picture that is not a photograph. */
    public static final String NOT_A_PHOTO = "not a photo";

    /** Severity from which a fault is named. */
    private static final float FAULT_FROM = 0.5f;

    /** Highest score of a photo whose faults are named: the reasons of better photos would mislead. */
    private static final double EXPLAINED_UP_TO = 0.8;

    /** The value of a model's output {@code photo} from which the picture counts as a photograph. */
    private static final float PHOTOGRAPH_FROM = 0.5f;

    /** Faults that are named at most, the worst ones. */
    private static final int MOST_NAMED = 2;

    /** Severities by label, the worst first; equal ones keep the model's order. */
    public final Map<String, Float> faults;

    /** Labels of the faults that explain the score, the worst first; none for what is not a photograph. */
    public final List<String> namedFaults;

    /** The named faults in English, such as {@code too dark and noisy}; null without any. */
    public final String reason;

    /** What helps against the worst named fault; null if that is not known. */
    public final Advice advice;

    /** Whether this is a photograph, not a screenshot or a drawing; null if the model does not say. */
    public final Boolean isPhotograph;

    /**
     * Explains a score.
     *
     * @param severities in [0, 1] by label, in the model's order
     * @param score in [0, 1]
     * @param photograph how much this is a photograph, in [0, 1]; null if the model does not say
     */
    public Explanation(Map<String, Float> severities, double score, Float photograph) {
        isPhotograph = photograph == null ? null : photograph >= PHOTOGRAPH_FROM;
        faults = worstFirst(severities);
        boolean isExplained = score <= EXPLAINED_UP_TO && !Boolean.FALSE.equals(isPhotograph);
        namedFaults = isExplained ? severe(faults) : Collections.<String>emptyList();
        reason = reason(namedFaults);
        advice = advice(namedFaults);
    }

    private static Map<String, Float> worstFirst(Map<String, Float> severities) {
        List<Map.Entry<String, Float>> entries = new ArrayList<Map.Entry<String, Float>>(severities.entrySet());
        Collections.sort(entries, new Comparator<Map.Entry<String, Float>>() {
            @Override
            public int compare(Map.Entry<String, Float> one, Map.Entry<String, Float> other) {
                return other.getValue().compareTo(one.getValue());
            }
        });
        Map<String, Float> sorted = new LinkedHashMap<String, Float>();
        for (Map.Entry<String, Float> entry : entries) {
            sorted.put(entry.getKey(), entry.getValue());
        }
        return Collections.unmodifiableMap(sorted);
    }

    private static List<String> severe(Map<String, Float> worstFirst) {
        List<String> severe = new ArrayList<String>();
        for (Map.Entry<String, Float> entry : worstFirst.entrySet()) {
            if (entry.getValue() >= FAULT_FROM && severe.size() < MOST_NAMED) {
                severe.add(entry.getKey());
            }
        }
        return Collections.unmodifiableList(severe);
    }

    private static String reason(List<String> named) {
        String joined = null;
        for (String label : named) {
            joined = joined == null ? Fault.words(label) : joined + " and " + Fault.words(label);
        }
        return joined;
    }

    private static Advice advice(List<String> named) {
        for (String label : named) {
            Fault fault = Fault.of(label);
            if (fault != null) {
                return fault.advice;
            }
        }
        return null;
    }
}
