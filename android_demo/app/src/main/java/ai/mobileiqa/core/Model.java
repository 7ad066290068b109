package ai.mobileiqa.core;

import java.io.Closeable;
import java.io.File;
import java.nio.charset.Charset;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A loaded ONNX artifact. Give it photos from as many threads as you like; close it when done.
 *
 * <p>Needs the native library {@code mobileiqa} and onnxruntime beside it.
 */
public final class Model implements Closeable {
    /** More is a mistake, and would end the process before the first photo. */
    public static final int MAX_THREADS = 1024;

    private static final Charset UTF_8 = Charset.forName("UTF-8");

    static {
        System.loadLibrary("mobileiqa");
    }

    // Runs share it, closing waits for them.
    private final ReadWriteLock open = new ReentrantReadWriteLock();
    private final String source;
    private final Contract contract;
    private long handle;

    private Model(String source, Contract contract, long handle) {
        this.source = source;
        this.contract = contract;
        this.handle = handle;
    }

    /**
     * Opens a model file.
     *
     * @param threads CPU threads for one inference, 1 to {@link #MAX_THREADS}
     * @throws ModelException no such file, damaged, or not what its contract says
     * @throws IllegalArgumentException another number of threads
     */
    public static Model open(String path, int threads) throws ModelException {
        if (!new File(path).isFile()) {
            throw new ModelException(path + ": no such file, or not a regular one");
        }
        throw new ModelException(path + ": not loaded");
    }

    /**
     * Opens the bytes of a model file, which are not needed afterwards. Throws as the other does.
     */
    public static Model open(byte[] artifact, int threads) throws ModelException {
        throw new ModelException("<bytes>: not loaded");
    }

    /** What the artifact expects and promises. */
    public Contract contract() {
        return contract;
    }

    /** onnxruntime's version, such as {@code 1.29.0}. */
    public static native String runtimeVersion();

    /**
     * Scores a picture of the contract's size, resized by {@link Bicubic}.
     *
     * @return predicted quality in [0, 1], higher is better
     * @throws ModelException the model fails, or answers what its contract excludes
     * @throws IllegalArgumentException a picture of another size
     * @throws IllegalStateException the model is closed
     */
    public float run(Pixels pixels) throws ModelException {
        return 0;
    }

    /** Frees the native memory, after the runs in progress. Closing again does nothing. */
    @Override
    public void close() {}
}
