package ai.mobileiqa.core;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Whether a measurement may be quoted: the rules of "A valid result" in {@code docs/benchmark.md}. */
public final class Verdict {
    /** Runs that are enough. */
    public static final int FEWEST_RUNS = 1024;

    /** Seconds of runs that are enough, however few they are. */
    public static final int FEWEST_SECONDS = 60;

    /** Seconds without work before the runs. */
    public static final int LEAST_COOL_DOWN = 30;

    private static final double WIDEST_SPREAD = 0.1;
    private static final double MOST_SLOWDOWN = 0.1;
    private static final List<String> FLAGS = Arrays.asList(
            "verification", "throttled", "other-load", "steal", "run-queue", "capped", "background", "battery-saver",
            "emulated");

    private final Map<String, String> reasons = new LinkedHashMap<String, String>();

    private Verdict() {}

    /** Returns why a measurement is not valid: a sentence by kind of reason; empty if it is valid. */
    public static Map<String, String> reasons(BenchmarkRun run) {
        Verdict verdict = new Verdict();
        if (run.error != null) {
            verdict.reasons.put("error", run.error);
        } else {
            verdict.judgeTimes(run.inferenceSeconds);
            if (run.golden != null) {
                verdict.judgeScores(run);
            }
            verdict.judgePhone(run);
        }
        for (String flag : run.flags) {
            String[] parts = flag.split(":", 2);
            if (FLAGS.contains(parts[0])) {
                verdict.raise(true, parts[0], parts.length == 1 ? "" : parts[1].trim());
            }
        }
        return verdict.reasons;
    }

    private void judgeTimes(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        raise(
                values.length < FEWEST_RUNS && sum < FEWEST_SECONDS,
                "runs",
                "%d runs in %.1f s; %d runs or %d s are required",
                values.length, sum, FEWEST_RUNS, FEWEST_SECONDS);
        double spread = Statistics.mad(values) / Statistics.median(values);
        raise(spread > WIDEST_SPREAD, "spread", "MAD is %.0f%% of the median", 100 * spread);
        int quarter = values.length / 4;
        if (quarter > 0) {
            double first = Statistics.median(Arrays.copyOf(values, quarter));
            double last = Statistics.median(Arrays.copyOfRange(values, values.length - quarter, values.length));
            double slower = last / first - 1;
            raise(slower > MOST_SLOWDOWN, "slowdown", "the last quarter of the runs was %.0f%% slower", 100 * slower);
        }
    }

    private void judgeScores(BenchmarkRun run) {
        raise(!run.golden.ok(), "golden", "the golden score is wrong");
        double[] reference = run.accuracyReference;
        if (run.accuracyScores == null) {
            raise(true, "accuracy", "the set of pictures was not scored");
        } else if (reference == null || reference.length != run.accuracyScores.length) {
            raise(true, "accuracy", "the scores of the pictures were not compared with Python's");
        } else {
            double largest = 0;
            for (int i = 0; i < reference.length; i++) {
                largest = Math.max(largest, Math.abs(run.accuracyScores[i] - reference[i]));
            }
            double allowed = run.golden.tolerance;
            raise(largest > allowed, "accuracy", "a score differs from Python's by %.2g; %.2g is allowed", largest, allowed);
        }
    }

    private void judgePhone(BenchmarkRun run) {
        int highest = Math.max(orZero(run.thermalBefore), orZero(run.thermalAfter));
        raise(highest > 0, "hot", "the thermal status reached %d", highest);
        raise(
                run.coolDownSeconds < LEAST_COOL_DOWN,
                "cool-down",
                "%.0f s without work before a run; %d s are required",
                run.coolDownSeconds, LEAST_COOL_DOWN);
        boolean isOther = run.unitUsed != null && !run.unitUsed.equals(run.unitDeclared);
        raise(isOther, "unit", "%s ran in place of %s", run.unitUsed, run.unitDeclared);
    }

    private void raise(boolean raised, String kind, String text, Object... values) {
        if (raised && !reasons.containsKey(kind)) {
            reasons.put(kind, values.length == 0 ? text : String.format(Locale.ROOT, text, values));
        }
    }

    private static int orZero(Integer status) {
        return status == null ? 0 : status;
    }
}
