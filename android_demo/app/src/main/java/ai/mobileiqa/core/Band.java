package ai.mobileiqa.core;

/** The word for a score: the grades of ITU-R BT.500 on five equal intervals, as {@code mobileiqa_sdk.band}. */
public enum Band {
    BAD,
    POOR,
    FAIR,
    GOOD,
    EXCELLENT;

    private static final Band[] ALL = values();

    /**
     * Bad below 0.2, poor below 0.4, fair below 0.6, good below 0.8, excellent from there on.
     *
     * @throws IllegalArgumentException a score outside [0, 1], or NaN
     */
    public static Band of(double score) {
        if (!(score >= 0 && score <= 1)) {
            throw new IllegalArgumentException("a score lies in [0, 1]; " + score + " does not");
        }
        return ALL[Math.min((int) (score * ALL.length), ALL.length - 1)];
    }
}
