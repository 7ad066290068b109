package ai.mobileiqa.core;

import java.io.Closeable;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
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

    private static final long CLOSED = 0;
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
        if (path.indexOf('\0') >= 0 || !new File(path).isFile()) {
            throw new ModelException(path.replace('\0', '?') + ": no such file, or not a regular one");
        }
        return load(path, utf8(path), true, threads);
    }

    /**
     * Opens the bytes of a model file, which are not needed afterwards. Throws as the other does.
     */
    public static Model open(byte[] artifact, int threads) throws ModelException {
        return load("<bytes>", artifact, false, threads);
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
     * @return predicted quality in [0, 1], higher is better: the mean of the opinions, summed as doubles
     * @throws ModelException the model fails, or answers what its contract excludes
     * @throws IllegalArgumentException a picture of another size
     * @throws IllegalStateException the model is closed
     */
    public float run(Pixels pixels) throws ModelException {
        double sum = 0;
        for (float opinion : opinions(pixels)) {
            sum += opinion;
        }
        return (float) (sum / contract.opinions);
    }

    /**
     * What the model's views say of a picture of the contract's size: one opinion each.
     *
     * @return predicted qualities in [0, 1], as many as the contract promises; one for a model without views
     * @throws ModelException the model fails, or answers what its contract excludes
     * @throws IllegalArgumentException a picture of another size
     * @throws IllegalStateException the model is closed
     */
    public float[] opinions(Pixels pixels) throws ModelException {
        if (pixels.width != contract.width || pixels.height != contract.height) {
            throw new IllegalArgumentException("the model takes " + contract.width + "x" + contract.height
                    + " pixels, not " + pixels.width + "x" + pixels.height + "; resize first");
        }
        float[] opinions = new float[contract.opinions];
        open.readLock().lock();
        try {
            if (handle == CLOSED) {
                throw new IllegalStateException(source + ": the model is closed");
            }
            nativeRun(handle, pixels.rgb, opinions);
        } catch (ModelException error) {
            throw new ModelException(source + ": " + error.getMessage(), error);
        } finally {
            open.readLock().unlock();
        }
        for (float opinion : opinions) {
            if (!(opinion >= 0 && opinion <= 1)) {
                throw new ModelException(
                        source + ": the model answered " + opinion + ", its contract promises 0 to 1");
            }
        }
        return opinions;
    }

    /** Frees the native memory, after the runs in progress. Closing again does nothing. */
    @Override
    public void close() {
        open.writeLock().lock();
        try {
            if (handle != CLOSED) {
                nativeClose(handle);
                handle = CLOSED;
            }
        } finally {
            open.writeLock().unlock();
        }
    }

    private static Model load(String source, byte[] artifact, boolean isPath, int threads)
            throws ModelException {
        if (threads < 1 || threads > MAX_THREADS) {
            throw new IllegalArgumentException("threads must be 1 to " + MAX_THREADS + ", not " + threads);
        }
        long handle = CLOSED;
        boolean whole = false;
        try {
            handle = nativeOpen(artifact, isPath, threads, false);
            Contract contract = contractOf(handle);
            if (prepacks(contract)) {
                nativeClose(handle);
                handle = CLOSED;
                handle = nativeOpen(artifact, isPath, threads, true);
            }
            nativeCheck(handle, contract.height, contract.width, contract.opinions);
            whole = true;
            return new Model(source, contract, handle);
        } catch (ContractException error) {
            throw new ContractException(source + ": " + error.getMessage(), error);
        } catch (ModelException error) {
            throw new ModelException(source + ": " + error.getMessage(), error);
        } finally {
            if (!whole && handle != CLOSED) {
                nativeClose(handle);
            }
        }
    }

    private static Contract contractOf(long handle) throws ModelException {
        byte[] text = nativeMetadata(handle, utf8(Contract.METADATA_KEY));
        if (text == null) {
            throw new ContractException(
                    "an ONNX model, but without a MobileIQA contract; make it with `mobileiqa export`");
        }
        try {
            return Contract.parse(UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString());
        } catch (CharacterCodingException error) {
            throw new ContractException("the contract is not UTF-8", error);
        }
    }

    /** As C takes it: UTF-8 with a NUL behind it, which JNI's own strings are not. */
    private static byte[] utf8(String text) {
        return (text + '\0').getBytes(UTF_8);
    }

    /** Whether weights are laid out anew when a file is loaded; see {@code mobileiqa_sdk/runtimes/onnx.py}. */
    private static boolean prepacks(Contract contract) {
        return contract.weights.equals("int4") || contract.compute.startsWith("int8");
    }

    private static native long nativeOpen(byte[] source, boolean isPath, int threads, boolean prepacking)
            throws ModelException;

    private static native byte[] nativeMetadata(long handle, byte[] key) throws ModelException;

    private static native void nativeCheck(long handle, int height, int width, int opinions)
            throws ModelException;

    private static native void nativeRun(long handle, byte[] rgb, float[] opinions) throws ModelException;

    private static native void nativeClose(long handle);
}
