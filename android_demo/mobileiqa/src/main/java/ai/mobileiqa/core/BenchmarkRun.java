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

    /** Seconds to open the model. */
    public Double loadSeconds;

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
