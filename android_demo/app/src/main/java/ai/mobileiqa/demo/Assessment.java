package ai.mobileiqa.demo;

import ai.mobileiqa.core.Band;
import ai.mobileiqa.core.Contract;
import ai.mobileiqa.core.DecodePlan;
import ai.mobileiqa.core.Model;
import ai.mobileiqa.core.ModelException;
import ai.mobileiqa.core.Pixels;
import ai.mobileiqa.core.Statistics;
import ai.mobileiqa.core.Verification;
import android.os.SystemClock;

/** A model's score of a photo, and how long it took. */
final class Assessment {
    /** Name and version of the model. */
    final String model;

    /** In [0, 1], higher is better. */
    final double score;

    /** Standard deviation of the opinions of the model's views; null where it has one view only. */
    final Double spread;
    final Band band;

    /** Columns and rows of the upright photo. */
    final int width;
    final int height;

    final DecodePlan plan;

    /** Of the model, when it was exported. */
    final Verification verification;

    /** Seconds to fetch, copy and check the photo's file. */
    final double readSeconds;
    final double decodeSeconds;
    final double resizeSeconds;
    final double inferenceSeconds;

    private Assessment(Photo photo, Contract contract, DecodePlan plan, float[] opinions, long[] nanoseconds) {
        this.model = contract.model.toString();
        this.score = Statistics.mean(opinions);
        this.spread = opinions.length > 1 ? Statistics.deviation(opinions) : null;
        this.band = Band.of(score);
        this.width = photo.width;
        this.height = photo.height;
        this.plan = plan;
        this.verification = contract.verification;
        this.readSeconds = photo.readSeconds;
        this.decodeSeconds = (nanoseconds[1] - nanoseconds[0]) / 1e9;
        this.resizeSeconds = (nanoseconds[2] - nanoseconds[1]) / 1e9;
        this.inferenceSeconds = (nanoseconds[3] - nanoseconds[2]) / 1e9;
    }

    /**
     * Decodes, resizes and scores a photo, on the worker thread.
     *
     * @param work asked between two steps whether it was cancelled
     */
    static Assessment of(Photo photo, Model model, Work work) throws PhotoProblem, ModelException {
        Contract contract = model.contract();
        DecodePlan plan = photo.plan(contract);
        long started = SystemClock.elapsedRealtimeNanos();
        long read;
        Pixels input;
        try (BitmapRows decoded = photo.rows(plan)) {
            read = SystemClock.elapsedRealtimeNanos();
            work.check();
            input = photo.resized(decoded, contract);
        }
        long resized = SystemClock.elapsedRealtimeNanos();
        work.check();
        float[] opinions = model.answers(input).opinions;
        long inferred = SystemClock.elapsedRealtimeNanos();
        return new Assessment(photo, contract, plan, opinions, new long[] {started, read, resized, inferred});
    }
}
