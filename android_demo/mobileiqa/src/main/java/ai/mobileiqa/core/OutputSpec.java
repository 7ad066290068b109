package ai.mobileiqa.core;

import java.util.HashSet;
import java.util.List;

/** One named output: floats from 0 to 1. */
public final class OutputSpec {
    /** What the values of an output say. */
    public enum Meaning {
        /** Predicted qualities; the score is their mean. */
        OPINIONS,

        /** A severity for each label; higher is worse. */
        FAULTS,

        /** How much the picture is a photograph at all; one value. */
        PHOTO
    }

    /** What the model calls it. */
    public final String name;

    /** What its values say. */
    public final Meaning meaning;

    /** How many values it has, 1 to {@link Contract#MAX_OPINIONS}. */
    public final int size;

    /** Names of the values of {@link Meaning#FAULTS}; empty for the others. */
    public final List<String> labels;

    OutputSpec(ContractReader in) throws ContractException {
        name = in.text("name");
        meaning = in.rule("meaning", Meaning.values());
        size = in.whole("size", 1, Contract.MAX_OPINIONS);
        double minimum = in.real("minimum");
        double maximum = in.real("maximum");
        boolean higherIsBetter = in.flag("higher_is_better");
        labels = in.texts("labels");
        in.end();
        if (minimum != 0) {
            in.unsupported("minimum", minimum, 0);
        }
        if (maximum != 1) {
            in.unsupported("maximum", maximum, 1);
        }
        if (higherIsBetter == (meaning == Meaning.FAULTS)) {
            in.unsupported("higher_is_better", higherIsBetter, !higherIsBetter);
        }
    }

    void check() throws ContractException {
        int labelCount = meaning == Meaning.FAULTS ? size : 0;
        boolean distinct = new HashSet<String>(labels).size() == labels.size();
        Contract.require(distinct && labels.size() == labelCount, "the labels of an output do not fit its values");
        Contract.require(meaning != Meaning.PHOTO || size == 1, "the output 'photo' is not one value");
    }
}
