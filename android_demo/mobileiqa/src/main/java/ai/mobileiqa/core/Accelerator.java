package ai.mobileiqa.core;

import java.util.Locale;

/** What computes a model, as far as the onnxruntime beside it was built with it. */
public enum Accelerator {
    /** The processor, by onnxruntime's own code: what all promises about scores are about. */
    CPU("CPUExecutionProvider"),

    /** The processor, by Google's library XNNPACK. It speeds up floating-point models. */
    XNNPACK("XnnpackExecutionProvider"),

    /** Android's neural networks API: a phone's GPU, DSP or NPU, by its maker's driver. Deprecated in Android 15. */
    NNAPI("NnapiExecutionProvider");

    /** What onnxruntime calls it. */
    public final String provider;

    Accelerator(String provider) {
        this.provider = provider;
    }

    /** Returns its name in benchmarks, such as {@code nnapi}. */
    public String unit() {
        return name().toLowerCase(Locale.ROOT);
    }
}
