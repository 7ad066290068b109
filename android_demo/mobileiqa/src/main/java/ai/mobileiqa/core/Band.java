package ai.mobileiqa.core;

/** The word for a score: ITU-R BT.500's grades on equal intervals, as {@code mobileiqa_sdk.band}. */
public enum Band {
    /** Below 0.2. */
    BAD,
    /** Below 0.4. */
    POOR,
    /** Below 0.6. */
    FAIR,
    /** Below 0.8. */
    GOOD,
    /** From 0.8 on. */
    EXCELLENT;

    private static final Band[] ALL = values();

    /**
     * The word for a score in [0, 1].
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
