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
        result.put("throughput", null); // not measured by the app
        result.put("sustained", run.sustained.isEmpty() ? null : windows(run.sustained));
        result.put("energy_joules_per_photo", run.drain == null ? null : run.drain.joulesPerPhoto());
        result.put("sha256", run.sha256);
        result.put("unit", unit(run));
        result.put("cool_down_seconds", run.coolDownSeconds);
        result.put("thermal", thermal(run));
        result.put("accuracy", accuracy(run));
        result.put("battery", battery(run.drain));
        result.put("verdict", verdict(run));
        return result;
    }

    private static Map<String, Object> unit(BenchmarkRun run) {
        if (run.unitUsed == null) {
            return null;
        }
        Map<String, Object> unit = new LinkedHashMap<String, Object>();
        unit.put("declared", run.unitDeclared);
        unit.put("used", run.unitUsed);
        unit.put("reason", run.unitReason);
        return unit;
    }

    private static Map<String, Object> thermal(BenchmarkRun run) {
        Map<String, Object> thermal = new LinkedHashMap<String, Object>();
        thermal.put("status_before", run.thermalBefore);
        thermal.put("status_after", run.thermalAfter);
        thermal.put("celsius_before", run.celsiusBefore);
        thermal.put("celsius_after", run.celsiusAfter);
        return thermal;
    }

    private static Map<String, Object> accuracy(BenchmarkRun run) {
        if (run.accuracyScores == null || run.golden == null) {
            return null;
        }
        Map<String, Object> accuracy = new LinkedHashMap<String, Object>();
        accuracy.put("pictures", Pictures.FORMULA);
        accuracy.put("scores", list(run.accuracyScores));
        accuracy.put("reference", run.accuracyReference == null ? null : list(run.accuracyReference));
        accuracy.put("tolerance", run.golden.tolerance);
        return accuracy;
    }

    private static Map<String, Object> battery(Drain drain) {
        if (drain == null) {
            return null;
        }
        Map<String, Object> battery = new LinkedHashMap<String, Object>();
        battery.put("charging", drain.charging);
        battery.put("percent", drain.percent);
        battery.put("microampere_hours", drain.microampereHours);
        battery.put("volts", drain.volts);
        battery.put("photos", drain.photos);
        return battery;
    }

    private static List<Object> windows(List<Window> windows) {
        List<Object> list = new ArrayList<Object>();
        for (Window window : windows) {
            Map<String, Object> values = new LinkedHashMap<String, Object>();
            values.put("second", window.second);
            values.put("median", window.median);
            values.put("p90", window.p90);
            values.put("temperature_c", window.celsius);
            values.put("mhz", window.megahertz);
            list.add(values);
        }
        return list;
    }

    private static Map<String, Object> verdict(BenchmarkRun run) {
        List<Object> reasons = new ArrayList<Object>();
        for (Map.Entry<String, String> reason : Verdict.reasons(run).entrySet()) {
            Map<String, Object> values = new LinkedHashMap<String, Object>();
            values.put("kind", reason.getKey());
            values.put("text", reason.getValue());
            reasons.add(values);
        }
        Map<String, Object> verdict = new LinkedHashMap<String, Object>();
        verdict.put("valid", reasons.isEmpty());
        verdict.put("reasons", reasons);
        return verdict;
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
        seconds.put("reload", distribution(run.reloadSeconds));
        return seconds;
    }

    private static Map<String, Object> distribution(double[] values) {
        if (values == null) {
            return null;
        }
        Map<String, Object> distribution = new LinkedHashMap<String, Object>();
        distribution.put("median", Statistics.median(values));
        distribution.put("p90", Statistics.p90(values));
        distribution.put("p99", Statistics.p99(values));
        distribution.put("min", Statistics.min(values));
        distribution.put("mad", Statistics.mad(values));
        distribution.put("values", list(values));
        return distribution;
    }

    private static List<Double> list(double[] values) {
        List<Double> list = new ArrayList<Double>();
        for (double value : values) {
            list.add(value);
        }
        return list;
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
