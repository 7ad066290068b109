package ai.mobileiqa;

import ai.mobileiqa.core.AcceleratedModel;
import ai.mobileiqa.core.Accelerator;
import ai.mobileiqa.core.Answers;
import ai.mobileiqa.core.Bicubic;
import ai.mobileiqa.core.Contract;
import ai.mobileiqa.core.DecodePlan;
import ai.mobileiqa.core.Golden;
import ai.mobileiqa.core.Model;
import ai.mobileiqa.core.ModelException;
import ai.mobileiqa.core.Pixels;
import ai.mobileiqa.core.Replay;
import ai.mobileiqa.core.Setting;
import ai.mobileiqa.core.Size;
import android.content.Context;
import android.graphics.Bitmap;
import android.net.Uri;
import android.os.CancellationSignal;
import android.os.SystemClock;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import org.jetbrains.annotations.NotNull;
import org.jetbrains.annotations.Nullable;

/**
 * Scores photos by their technical quality, without a reference, as {@code mobileiqa score} does.
 *
 * <pre>{@code
 * try (QualityScorer scorer = QualityScorer.open(context)) {
 *     double score = scorer.score(bitmap); // in [0, 1], higher is better
 * }
 * }</pre>
 *
 * <p>A scorer holds a loaded model, 40 to 100 MB: open one and keep it. All methods may be called from several threads
 * at once, but not from the main thread, which they would hold up. {@link #close} waits for the calls in progress;
 * later calls throw IllegalStateException.
 */
public final class QualityScorer implements Closeable {
    /** The asset that {@link #open(Context)} loads. */
    public static final String BUNDLED_MODEL = "mobileiqa-small/model.onnx";

    private final Context context;
    private final AcceleratedModel opened;
    private final Setting setting;

    private QualityScorer(Context context, AcceleratedModel opened, Setting setting) {
        this.context = context.getApplicationContext();
        this.opened = opened;
        this.setting = setting;
    }

    /**
     * Opens the bundled model with {@link ScorerOptions#DEFAULT}.
     *
     * @throws ModelException the asset is missing or damaged
     * @throws LinkageError no native library for this processor
     */
    @NotNull
    public static QualityScorer open(@NotNull Context context) throws ModelException {
        return open(context, ScorerOptions.DEFAULT);
    }

    /**
     * Opens the bundled model.
     *
     * @throws ModelException the asset is missing or damaged
     * @throws IllegalArgumentException the model has no such resolution
     * @throws LinkageError no native library for this processor
     */
    @NotNull
    public static QualityScorer open(@NotNull final Context context, @NotNull final ScorerOptions options)
            throws ModelException {
        return open(context, options, new AcceleratedModel.Opener() {
            @Override
            public Model open(Accelerator accelerator) throws ModelException {
                try (InputStream artifact = context.getAssets().open(BUNDLED_MODEL)) {
                    return Model.open(artifact, options.threads, accelerator);
                } catch (IOException missing) {
                    throw Model.unreadable(BUNDLED_MODEL, missing);
                }
            }
        });
    }

    /**
     * Opens a model file that {@code mobileiqa export} made for ONNX. Open only files that you trust: native code reads
     * them, and nothing limits the memory that they ask for.
     *
     * @throws ai.mobileiqa.core.UnsupportedContractException made by a newer version
     * @throws ai.mobileiqa.core.ContractException not made by MobileIQA
     * @throws ModelException no such file, damaged, or not what its contract promises
     * @throws IllegalArgumentException the model has no such resolution
     * @throws LinkageError no native library for this processor
     */
    @NotNull
    public static QualityScorer open(
            @NotNull Context context, @NotNull final File model, @NotNull final ScorerOptions options)
            throws ModelException {
        return open(context, options, new AcceleratedModel.Opener() {
            @Override
            public Model open(Accelerator accelerator) throws ModelException {
                return Model.open(model.getPath(), options.threads, accelerator);
            }
        });
    }

    private static QualityScorer open(Context context, ScorerOptions options, AcceleratedModel.Opener opener)
            throws ModelException {
        AcceleratedModel opened = AcceleratedModel.open(opener, options.accelerator);
        QualityScorer scorer = null;
        try {
            Setting setting = opened.model.contract().input.setting(options.resolution);
            scorer = new QualityScorer(context, opened, setting);
            return scorer;
        } finally {
            if (scorer == null) {
                opened.model.close();
            }
        }
    }

    /** Returns what the model expects and promises. */
    @NotNull
    public Contract contract() {
        return opened.model.contract();
    }

    /** Returns the opened model, for those who have a picture of the right size already. */
    @NotNull
    public Model model() {
        return opened.model;
    }

    /** Returns the resolution in use, one of the contract's settings; null for a model of one size. */
    @Nullable
    public Setting resolution() {
        return setting;
    }

    /** Returns what computes the model. */
    @NotNull
    public Accelerator accelerator() {
        return opened.used;
    }

    /** Returns why the accelerator that was asked for is not used, an English sentence; null if it is. */
    @Nullable
    public String acceleratorRefusal() {
        return opened.refusal;
    }

    /**
     * Scores the golden image, which every model carries, and compares with the score that its contract promises.
     *
     * @throws ModelException the model fails
     */
    @NotNull
    public Replay replayGolden() throws ModelException {
        return Golden.replay(opened.model);
    }

    /**
     * Returns the score of a bitmap: {@link #assess(Bitmap)} without the rest.
     *
     * @return predicted quality in [0, 1], higher is better
     */
    public double score(@NotNull Bitmap photo) throws PhotoException, ModelException {
        return assess(photo).score;
    }

    /**
     * Returns the score of a photo: {@link #assess(Uri, CancellationSignal)} without the rest.
     *
     * @return predicted quality in [0, 1], higher is better
     */
    public double score(@NotNull Uri photo, @Nullable CancellationSignal signal)
            throws PhotoException, ModelException {
        return assess(photo, signal).score;
    }

    /**
     * Assesses a decoded photo of any size: a camera's frame, an image loader's bitmap, a screenshot. Its pixels must be
     * upright; transparent ones show white. A photo in a file is better assessed from there: a bitmap that was shrunk or
     * edited gets the score of what it shows now.
     *
     * @param photo not recycled; it is neither changed nor kept
     * @throws PhotoException too small
     * @throws ModelException the model fails
     */
    @NotNull
    public Assessment assess(@NotNull Bitmap photo) throws PhotoException, ModelException {
        Photo.checkSize(photo.getWidth(), photo.getHeight());
        Size size = contract().input.sizeFor(photo.getHeight(), photo.getWidth(), setting);
        long started = SystemClock.elapsedRealtimeNanos();
        Pixels pixels = Bicubic.resize(BitmapRows.of(photo), size.width, size.height);
        double seconds = (SystemClock.elapsedRealtimeNanos() - started) / 1e9;
        Prepared prepared = new Prepared(pixels, DecodePlan.WHOLE, 0, seconds);
        return assess(photo.getWidth(), photo.getHeight(), 0, prepared);
    }

    /**
     * Fetches, decodes and assesses a photo of another app, or of this one.
     *
     * @param photo a content URI, such as a photo picker's
     * @param signal cancels fetching and decoding; null if nothing does
     * @throws PhotoException it cannot be scored; its reason says why
     * @throws ModelException the model fails
     * @throws android.os.OperationCanceledException the signal was cancelled
     */
    @NotNull
    public Assessment assess(@NotNull Uri photo, @Nullable CancellationSignal signal)
            throws PhotoException, ModelException {
        try (Photo opened = Photo.open(context, photo, signal)) {
            return assess(opened, signal);
        }
    }

    /**
     * Assesses a photo that was opened before.
     *
     * @param signal asked between two steps whether it was cancelled; null if nothing does
     * @throws PhotoException damaged, or what fits into memory is smaller than what the model looks at
     * @throws ModelException the model fails
     * @throws android.os.OperationCanceledException the signal was cancelled
     */
    @NotNull
    public Assessment assess(@NotNull Photo photo, @Nullable CancellationSignal signal)
            throws PhotoException, ModelException {
        Prepared prepared = photo.prepare(contract().input, setting, signal);
        if (signal != null) {
            signal.throwIfCanceled();
        }
        return assess(photo.width, photo.height, photo.readSeconds, prepared);
    }

    private Assessment assess(int width, int height, double readSeconds, Prepared prepared) throws ModelException {
        long started = SystemClock.elapsedRealtimeNanos();
        Answers answers = opened.model.answers(prepared.pixels);
        double seconds = (SystemClock.elapsedRealtimeNanos() - started) / 1e9;
        return new Assessment(contract(), width, height, readSeconds, prepared, answers, seconds);
    }

    /** Frees the model's memory, after the calls in progress. Closing again does nothing. */
    @Override
    public void close() {
        opened.model.close();
    }
}
