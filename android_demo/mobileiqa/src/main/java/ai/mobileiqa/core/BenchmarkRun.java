package ai.mobileiqa.core;

import java.util.ArrayList;
import java.util.List;

/** What one model did on this device: fill in what was measured, leave null what the system does not say. */
public final class BenchmarkRun {
    /** A short name for tables, such as the device and the model. */
    public String label;

    /** File name of the model. */
    public String artifact;

    /** Names the model, its version and precision; null if it could not be opened. */
    public Contract contract;

    /** As the SDK names its runtimes: {@code onnx}. */
    public String runtime;

    /** CPU threads of one inference. */
    public int threads;

    /** Why there are no figures; null if all went well. */
    public String error;

    /** What makes the figures doubtful, such as thermal throttling. */
    public final List<String> flags = new ArrayList<String>();

    /** Bytes of the model file; null if it is missing. */
    public Long sizeBytes;

    /** Null if it was not replayed. */
    public Replay golden;

    /** Score of the photo, in [0, 1]. */
    public Double score;

    /** Lower-case hex digest of the model file; null if it is missing. */
    public String sha256;

    /** What should compute: {@code cpu}, {@code xnnpack} or {@code nnapi}. */
    public String unitDeclared;

    /** What computed; null if nothing did. */
    public String unitUsed;

    /** Why they differ; null if they do not. */
    public String unitReason;

    /** Seconds without work before the model was opened. */
    public double coolDownSeconds;

    /** Android's thermal status before the first timed inference, 0 to 6, or null. */
    public Integer thermalBefore;

    /** Android's thermal status after the last timed inference, 0 to 6, or null. */
    public Integer thermalAfter;

    /** Degrees Celsius before the first timed inference, or null. */
    public Double celsiusBefore;

    /** Degrees Celsius after the last timed inference, or null. */
    public Double celsiusAfter;

    /** Scores of the {@link Pictures}; null if they were not asked for. */
    public double[] accuracyScores;

    /** Python's scores of the {@link Pictures}; null on a phone, which does not have them. */
    public double[] accuracyReference;

    /** Windows of the sustained run; empty if there was none. */
    public final List<Window> sustained = new ArrayList<Window>();

    /** What the sustained run took from the battery; null if there was none. */
    public Drain drain;

    /** Seconds to open the model for the first time. */
    public Double loadSeconds;

    /** Seconds of each further opening, or null. */
    public double[] reloadSeconds;

    /** Seconds of the first inference. */
    public Double firstSeconds;

    /** Seconds of each timed inference, after the warm-up; null where there was none. */
    public double[] inferenceSeconds;

    /** Seconds of each timed decoding, or null. */
    public double[] decodeSeconds;

    /** Seconds of each timed resizing, or null. */
    public double[] resizeSeconds;

    /** Most resident memory of the process so far (VmHWM). */
    public Long peakRssBytes;

    /** Resident memory once the model was open. */
    public Long rssAfterLoadBytes;

    /** Memory that no other process shares. */
    public Long privateBytes;

    /** Most proportional memory: what is shared is counted in part. */
    public Long peakPssBytes;
}
