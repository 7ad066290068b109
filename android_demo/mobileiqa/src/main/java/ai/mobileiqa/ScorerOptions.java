package ai.mobileiqa;

import ai.mobileiqa.core.Accelerator;
import ai.mobileiqa.core.Model;
import org.jetbrains.annotations.NotNull;
import org.jetbrains.annotations.Nullable;

/** How a {@link QualityScorer} works. Immutable: each method returns changed options. */
public final class ScorerOptions {
    /** Half of the processors, 4 threads at most, the model's default resolution, on the CPU. */
    public static final ScorerOptions DEFAULT = new ScorerOptions(defaultThreads(), null, Accelerator.CPU);

    final int threads;
    final String resolution;
    final Accelerator accelerator;

    private ScorerOptions(int threads, String resolution, Accelerator accelerator) {
        this.threads = threads;
        this.resolution = resolution;
        this.accelerator = accelerator;
    }

    /** Returns as many threads as a phone has fast cores, by rule of thumb. */
    public static int defaultThreads() {
        return Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors() / 2));
    }

    /**
     * Sets the CPU threads of one inference.
     *
     * @throws IllegalArgumentException below 1 or above {@link Model#MAX_THREADS}
     */
    @NotNull
    public ScorerOptions threads(int count) {
        if (count < 1 || count > Model.MAX_THREADS) {
            throw new IllegalArgumentException("threads must be 1 to " + Model.MAX_THREADS + ", not " + count);
        }
        return new ScorerOptions(count, resolution, accelerator);
    }

    /**
     * Sets the pixel budget of a model that takes photos of any size.
     *
     * @param name of one of {@code contract().input.settings}, such as {@code fast} or {@code high}; null for the
     *     model's default
     */
    @NotNull
    public ScorerOptions resolution(@Nullable String name) {
        return new ScorerOptions(threads, name, accelerator);
    }

    /** Sets what should compute; see {@link QualityScorer#accelerator} for what does. */
    @NotNull
    public ScorerOptions accelerator(@NotNull Accelerator wish) {
        return new ScorerOptions(threads, resolution, wish);
    }
}
