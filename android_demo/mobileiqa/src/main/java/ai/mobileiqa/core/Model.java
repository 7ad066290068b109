package ai.mobileiqa.core;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A loaded ONNX artifact. May be used from several threads at once; close it when done.
 *
 * <p>Needs the native library {@code mobileiqa} and onnxruntime beside it.
 */
public final class Model implements Closeable {
    /** More would end the process before the first photo. */
    public static final int MAX_THREADS = 1024;

    private static final int CHUNK = 1 << 16;
    private static final long CLOSED = 0;
    private static final Charset UTF_8 = Charset.forName("UTF-8");

    static {
        System.loadLibrary("mobileiqa");
        nativeSetExceptionType(ModelException.class);
    }

    // Held for reading by every run, for writing by close, which therefore waits for the runs.
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
     * Opens a model file. Messages of exceptions name the file without its folder.
     *
     * @param threads CPU threads for one inference, 1 to {@link #MAX_THREADS}
     * @param accelerator what computes what it can; the CPU does the rest
     * @throws UnsupportedContractException the contract is of another version
     * @throws ContractException there is no contract, or it is damaged
     * @throws ModelException no such file, damaged, not what its contract promises, or onnxruntime was built without
     *     the accelerator
     * @throws IllegalArgumentException another number of threads
     */
    public static Model open(String path, int threads, Accelerator accelerator) throws ModelException {
        if (path.indexOf('\0') >= 0 || !new File(path).isFile()) {
            throw new ModelException(new File(path.replace('\0', '?')).getName() + ": no such file, or not a regular one");
        }
        return load(new File(path), utf8(path), threads, accelerator);
    }

    /** Opens a model file on the CPU; throws what the other method does. */
    public static Model open(String path, int threads) throws ModelException {
        return open(path, threads, Accelerator.CPU);
    }

    /** Opens the bytes of a model file, which are not needed afterwards; throws what the other methods do. */
    public static Model open(byte[] artifact, int threads, Accelerator accelerator) throws ModelException {
        return load(null, artifact, threads, accelerator);
    }

    /**
     * Opens the bytes of a model file.
     *
     * @param artifact read to its end, not closed
     * @throws IOException the stream cannot be read
     */
    public static Model open(InputStream artifact, int threads, Accelerator accelerator)
            throws IOException, ModelException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(Math.max(artifact.available(), CHUNK));
        byte[] chunk = new byte[CHUNK];
        for (int count = artifact.read(chunk); count >= 0; count = artifact.read(chunk)) {
            bytes.write(chunk, 0, count);
        }
        return open(bytes.toByteArray(), threads, accelerator);
    }

    /** Returns the exception for a model that cannot be read. */
    public static ModelException unreadable(String source, IOException cause) {
        return new ModelException(source + ": cannot be read: " + cause.getMessage(), cause);
    }

    /** Returns what the artifact expects and promises. */
    public Contract contract() {
        return contract;
    }

    /**
     * Returns how many operators of the model an accelerator computes; 0 if onnxruntime, before 1.24, does not say.
     * The CPU's are counted only where the model was opened on another accelerator.
     */
    public int nodes(Accelerator accelerator) {
        open.readLock().lock();
        try {
            return handle == CLOSED ? 0 : nativeNodes(handle, utf8(accelerator.provider));
        } finally {
            open.readLock().unlock();
        }
    }

    /** Returns onnxruntime's version, such as {@code 1.29.0}. */
    public static native String runtimeVersion();

    /**
     * Scores a picture of a size that the contract takes, resized by {@link Bicubic}.
     *
     * @return predicted quality in [0, 1], higher is better: the mean of the opinions
     * @throws OpinionsInvalidException the model answers NaN, infinity or a value out of range
     * @throws ModelException the model fails, or answers in another shape than its contract promises
     * @throws IllegalArgumentException a picture of another size
     * @throws IllegalStateException the model is closed
     */
    public double run(Pixels pixels) throws ModelException {
        return answers(pixels).score();
    }

    /** Returns all that the model says about a picture; takes and throws what {@link #run} does. */
    public Answers answers(Pixels pixels) throws ModelException {
        if (!contract.input.takes(new Size(pixels.height, pixels.width))) {
            throw new IllegalArgumentException("the model does not take " + pixels.width + "x" + pixels.height
                    + " pixels; resize to InputSpec.sizeFor first");
        }
        float[] values = new float[valueCount(contract)];
        open.readLock().lock();
        try {
            if (handle == CLOSED) {
                throw new IllegalStateException(source + ": the model is closed");
            }
            nativeRun(handle, pixels.rgb, pixels.height, pixels.width, values);
        } catch (ModelException error) {
            throw new ModelException(source + ": " + error.getMessage(), error);
        } finally {
            open.readLock().unlock();
        }
        try {
            return Answers.of(contract, values);
        } catch (OpinionsInvalidException error) {
            throw new OpinionsInvalidException(source + ": " + error.getMessage());
        }
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

    /** Opens a file, whose path is then the {@code artifact} as C takes it; with null, the artifact's bytes. */
    private static Model load(File file, byte[] artifact, int threads, Accelerator accelerator)
            throws ModelException {
        boolean isPath = file != null;
        String source = isPath ? file.getName() : "<bytes>";
        if (threads < 1 || threads > MAX_THREADS) {
            throw new IllegalArgumentException("threads must be 1 to " + MAX_THREADS + ", not " + threads);
        }
        long handle = CLOSED;
        boolean complete = false;
        try {
            handle = nativeOpen(artifact, isPath, threads, false, accelerator.ordinal());
            Contract contract = contractOf(handle);
            if (contract.precision.prepacks()) {
                nativeClose(handle);
                handle = CLOSED;
                handle = nativeOpen(artifact, isPath, threads, true, accelerator.ordinal());
            }
            nativeCheck(handle, contract.input.height, contract.input.width, names(contract), sizes(contract));
            complete = true;
            return new Model(source, contract, handle);
        } catch (UnsupportedContractException error) {
            throw new UnsupportedContractException(source + ": " + error.getMessage(), error);
        } catch (ContractException error) {
            throw new ContractException(source + ": " + error.getMessage(), error);
        } catch (ModelException error) {
            throw new ModelException(source + ": " + withoutFolder(error.getMessage(), file), error);
        } finally {
            if (!complete && handle != CLOSED) {
                nativeClose(handle);
            }
        }
    }

    /** onnxruntime names files with their folders, which belong neither on a screen nor in a report. */
    private static String withoutFolder(String message, File file) {
        boolean isNamed = file != null && file.getParent() != null;
        return isNamed ? message.replace(file.getParent() + File.separator, "") : message;
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

    /** Returns UTF-8 followed by NUL, as C takes it; JNI's own strings are of another encoding. */
    private static byte[] utf8(String text) {
        return (text + '\0').getBytes(UTF_8);
    }

    /** Returns the outputs' names in UTF-8, each followed by NUL. */
    private static byte[] names(Contract contract) {
        StringBuilder names = new StringBuilder();
        for (OutputSpec output : contract.outputs) {
            names.append(output.name).append('\0');
        }
        return names.toString().getBytes(UTF_8);
    }

    private static int[] sizes(Contract contract) {
        int[] sizes = new int[contract.outputs.size()];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = contract.outputs.get(i).size;
        }
        return sizes;
    }

    private static int valueCount(Contract contract) {
        int count = 0;
        for (int size : sizes(contract)) {
            count += size;
        }
        return count;
    }

    private static native void nativeSetExceptionType(Class<ModelException> type);

    private static native long nativeOpen(
            byte[] source, boolean isPath, int threads, boolean prepacking, int accelerator)
            throws ModelException;

    private static native byte[] nativeMetadata(long handle, byte[] key) throws ModelException;

    private static native void nativeCheck(long handle, int height, int width, byte[] names, int[] sizes)
            throws ModelException;

    private static native void nativeRun(long handle, byte[] rgb, int height, int width, float[] values)
            throws ModelException;

    private static native int nativeNodes(long handle, byte[] provider);

    private static native void nativeClose(long handle);
}
