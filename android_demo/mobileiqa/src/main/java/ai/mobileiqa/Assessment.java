package ai.mobileiqa;

import ai.mobileiqa.core.Advice;
import ai.mobileiqa.core.Answers;
import ai.mobileiqa.core.Band;
import ai.mobileiqa.core.Contract;
import ai.mobileiqa.core.Explanation;
import ai.mobileiqa.core.OutputSpec;
import ai.mobileiqa.core.Statistics;
import ai.mobileiqa.core.Verification;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jetbrains.annotations.NotNull;
import org.jetbrains.annotations.Nullable;

/** What a model says about a photo, and how long it took. Immutable. */
public final class Assessment {
    /** Name and version of the model. */
    @NotNull
    public final String model;

    /** Predicted quality in [0, 1], higher is better. */
    public final double score;

    /** Standard deviation of the opinions of the model's views; null if it has one view only. */
    @Nullable
    public final Double spread;

    /** The word for the score. */
    @NotNull
    public final Band band;

    /** Severity in [0, 1] of each fault that the model knows, the worst first; empty if it knows none. */
    @NotNull
    public final Map<String, Float> faults;

    /** How much the picture is a photograph at all, in [0, 1]; null if the model does not say. */
    @Nullable
    public final Float photo;

    /** Labels of the faults that explain the score, the worst first: at most two, and none if it is not a photo. */
    @NotNull
    public final List<String> namedFaults;

    /** The named faults in English, such as {@code too dark and noisy}; null without any. */
    @Nullable
    public final String reason;

    /** What helps against the worst named fault; null if that is not known. */
    @Nullable
    public final Advice advice;

    /** Whether this is a photograph, not a screenshot or a drawing; null if the model does not say. */
    @Nullable
    public final Boolean isPhotograph;

    /** Whether the model passed verification when it was exported. */
    @NotNull
    public final Verification verification;

    /** Columns of the upright photo, before any reduction. */
    public final int width;

    /** Rows of the upright photo, before any reduction. */
    public final int height;

    /** N of 1/N, the scale on both sides at which the photo was decoded. */
    public final int sampleSize;

    /** Whether this is the scale that the model's contract asks for; if not, the score may differ from Python's. */
    public final boolean exact;

    /** Seconds to fetch, copy and check the photo's file; 0 for a bitmap. */
    public final double readSeconds;

    /** Seconds to decode; 0 for a bitmap. */
    public final double decodeSeconds;

    /** Seconds to turn the pixels upright and to resize them. */
    public final double resizeSeconds;

    /** Seconds that the model took. */
    public final double inferenceSeconds;

    Assessment(
            Contract contract,
            int width,
            int height,
            double readSeconds,
            Prepared prepared,
            Answers answers,
            double inferenceSeconds) {
        this.model = contract.model.toString();
        this.score = answers.score();
        this.spread = answers.opinions.length > 1 ? Statistics.deviation(answers.opinions) : null;
        this.band = Band.of(score);
        this.photo = answers.photo;
        Explanation explanation = new Explanation(severities(contract, answers), score, photo);
        this.faults = explanation.faults;
        this.namedFaults = explanation.namedFaults;
        this.reason = explanation.reason;
        this.advice = explanation.advice;
        this.isPhotograph = explanation.isPhotograph;
        this.verification = contract.verification;
        this.width = width;
        this.height = height;
        this.sampleSize = prepared.plan.sampleSize;
        this.exact = prepared.plan.exact;
        this.readSeconds = readSeconds;
        this.decodeSeconds = prepared.decodeSeconds;
        this.resizeSeconds = prepared.resizeSeconds;
        this.inferenceSeconds = inferenceSeconds;
    }

    private static Map<String, Float> severities(Contract contract, Answers answers) {
        Map<String, Float> severities = new LinkedHashMap<String, Float>();
        OutputSpec output = contract.output(OutputSpec.Meaning.FAULTS);
        for (int i = 0; i < answers.faults.length; i++) {
            severities.put(output.labels.get(i), answers.faults[i]);
        }
        return severities;
    }
}
