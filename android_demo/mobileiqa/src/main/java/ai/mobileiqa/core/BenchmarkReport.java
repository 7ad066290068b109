package ai.mobileiqa.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Benchmark JSON, schema 1 of {@code docs/benchmark.md}, with one result. */
public final class BenchmarkReport {
    private static final String UNKNOWN = "";

    private BenchmarkReport() {}

    /**
     * The report as JSON text.
     *
     * @param environment machine, OS, governor, thermal status and whatever else may matter, as JSON values
     * @param settings such as {@code threads}, {@code runs} and {@code warmup}, as JSON values
     * @param run what was measured, or why nothing was
     * @param flags what makes the whole report doubtful
     * @throws JsonException a value in environment or settings that JSON has no form for
     * @throws IllegalArgumentException a run without an error that lacks load, first or inference
     */
    public static String json(
            Map<String, ?> environment, Map<String, ?> settings, BenchmarkRun run, List<String> flags)
            throws JsonException {
        Map<String, Object> report = new LinkedHashMap<String, Object>();
        report.put("schema", 1);
        report.put("kind", "mobileiqa-benchmark");
        report.put("environment", environment);
        report.put("settings", settings);
        report.put("results", Collections.singletonList(result(run)));
        report.put("flags", flags);
        return Json.write(report);
    }

    private static Map<String, Object> result(BenchmarkRun run) {
        Contract contract = run.contract;
        Map<String, Object> result = new LinkedHashMap<String, Object>();
        result.put("label", orUnknown(run.label));
        result.put("artifact", orUnknown(run.artifact));
        result.put("model", contract == null ? UNKNOWN : contract.model.name);
        result.put("version", contract == null ? UNKNOWN : contract.model.version);
        result.put("runtime", orUnknown(run.runtime));
        result.put("precision", contract == null ? UNKNOWN : ContractReader.nameOf(contract.precision.weights));
        result.put("threads", run.threads);
        result.put("error", run.error);
        result.put("flags", run.flags);
        result.put("size_bytes", run.sizeBytes);
        result.put("golden", golden(run.golden));
        result.put("score", run.score);
        result.put("seconds", run.error == null ? seconds(run) : null);
        result.put("memory", run.error == null ? memory(run) : null);
        // Not measured by the app.
        result.put("throughput", null);
        result.put("sustained", null);
        result.put("energy_joules_per_photo", null);
        return result;
    }

    private static String orUnknown(String text) {
        return text == null ? UNKNOWN : text;
    }

    private static Map<String, Object> golden(Replay replay) {
        if (replay == null) {
            return null;
        }
        Map<String, Object> golden = new LinkedHashMap<String, Object>();
        golden.put("expected", replay.expected);
        golden.put("found", replay.measured);
        golden.put("tolerance", replay.tolerance);
        golden.put("ok", replay.ok());
        golden.put("input_matches", replay.inputMatches);
        return golden;
    }

    private static Map<String, Object> seconds(BenchmarkRun run) {
        if (run.loadSeconds == null || run.firstSeconds == null || run.inferenceSeconds == null) {
            throw new IllegalArgumentException("a run without an error needs load, first and inference");
        }
        Map<String, Object> seconds = new LinkedHashMap<String, Object>();
        seconds.put("load", run.loadSeconds);
        seconds.put("first", run.firstSeconds);
        seconds.put("inference", distribution(run.inferenceSeconds));
        seconds.put("decode", distribution(run.decodeSeconds));
        seconds.put("resize", distribution(run.resizeSeconds));
        return seconds;
    }

    private static Map<String, Object> distribution(double[] values) {
        if (values == null) {
            return null;
        }
        List<Double> list = new ArrayList<Double>();
        for (double value : values) {
            list.add(value);
        }
        Map<String, Object> distribution = new LinkedHashMap<String, Object>();
        distribution.put("median", Statistics.median(values));
        distribution.put("p90", Statistics.p90(values));
        distribution.put("min", Statistics.min(values));
        distribution.put("mad", Statistics.mad(values));
        distribution.put("values", list);
        return distribution;
    }

    private static Map<String, Object> memory(BenchmarkRun run) {
        Map<String, Object> memory = new LinkedHashMap<String, Object>();
        memory.put("peak_rss_bytes", run.peakRssBytes);
        memory.put("rss_after_load_bytes", run.rssAfterLoadBytes);
        memory.put("private_bytes", run.privateBytes);
        memory.put("peak_pss_bytes", run.peakPssBytes);
        return memory;
    }
}
