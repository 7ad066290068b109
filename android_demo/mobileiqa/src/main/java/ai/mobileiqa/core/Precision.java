package ai.mobileiqa.core;

/** What is computed. */
public final class Precision {
    /** The type that most weights are stored in. */
    public enum Weights {
        /** 32-bit floating point. */
        FP32,

        /** 16-bit floating point. */
        FP16,

        /** 8-bit integers. */
        INT8,

        /** 4-bit integers, by blocks. */
        INT4
    }

    /** The type that products are computed in. */
    public enum Activations {
        /** Floating point. */
        FLOAT,

        /** Integers, with ranges found at run time. */
        DYNAMIC_INT8,

        /** Integers, with calibrated ranges. */
        STATIC_INT8
    }

    /** The type that most weights are stored in. */
    public final Weights weights;

    /** The type that products are computed in. */
    public final Activations activations;

    /** In words; nothing depends on it. */
    public final String note;

    Precision(ContractReader in) throws ContractException {
        weights = in.rule("weights", Weights.values());
        activations = in.rule("activations", Activations.values());
        note = in.text("note");
        in.end();
    }

    /**
     * Returns whether weights are rearranged while a file is loaded; see {@code mobileiqa_sdk/runtimes/onnx.py}.
     * Integer products would do it again for every photo; float weights gain nothing, and would be kept twice.
     */
    public boolean prepacks() {
        return weights == Weights.INT4 || activations != Activations.FLOAT;
    }
}
