package ai.mobileiqa.core;

/** What a model says about one picture; every value is in [0, 1]. */
public final class Answers {
    /** Predicted qualities, as many as the contract promises; one for a model without views. */
    public final float[] opinions;

    /** A severity for each label of the output {@code faults}; empty without one. */
    public final float[] faults;

    /** The value of the output {@code photo}; null without one. */
    public final Float photo;

    private Answers(float[] opinions, float[] faults, Float photo) {
        this.opinions = opinions;
        this.faults = faults;
        this.photo = photo;
    }

    /** Returns predicted quality in [0, 1], higher is better: the mean of the opinions. */
    public double score() {
        return Statistics.mean(opinions);
    }

    /**
     * Splits the values of a model's outputs, which follow one another in the order of the contract.
     *
     * @throws OpinionsInvalidException NaN, infinity, or a value outside [0, 1]
     */
    static Answers of(Contract contract, float[] values) throws OpinionsInvalidException {
        float[] opinions = {};
        float[] faults = {};
        Float photo = null;
        int start = 0;
        for (OutputSpec output : contract.outputs) {
            float[] part = new float[output.size];
            System.arraycopy(values, start, part, 0, output.size);
            start += output.size;
            check(output, part);
            switch (output.meaning) {
                case OPINIONS:
                    opinions = part;
                    break;
                case FAULTS:
                    faults = part;
                    break;
                case PHOTO:
                    photo = part[0];
                    break;
                default:
                    throw new AssertionError(output.meaning);
            }
        }
        return new Answers(opinions, faults, photo);
    }

    private static void check(OutputSpec output, float[] values) throws OpinionsInvalidException {
        for (float value : values) {
            if (!(value >= 0 && value <= 1)) { // NaN too
                throw new OpinionsInvalidException("the model answered " + value + " as " + output.name
                        + ", its contract promises 0 to 1");
            }
        }
    }
}
