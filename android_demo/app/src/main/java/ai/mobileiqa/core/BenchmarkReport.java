package ai.mobileiqa.core;

import java.util.List;
import java.util.Map;

/** Benchmark JSON, schema 1 of {@code docs/benchmark.md}, with one result. */
public final class BenchmarkReport {
    private BenchmarkReport() {}

    /**
     * @param environment machine, OS, governor, thermal status and whatever else may matter, as JSON values
     * @param settings such as {@code threads}, {@code runs} and {@code warmup}, as JSON values
     * @param run what was measured
     * @param flags what makes the whole report doubtful
     * @throws JsonException a value in environment or settings that JSON has no form for
     */
    public static String json(
            Map<String, ?> environment, Map<String, ?> settings, BenchmarkRun run, List<String> flags)
            throws JsonException {
        return Json.write(null);
    }
}
