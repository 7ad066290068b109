package ai.mobileiqa.demo;

import ai.mobileiqa.Photo;
import ai.mobileiqa.PhotoException;
import ai.mobileiqa.Prepared;
import ai.mobileiqa.QualityScorer;
import ai.mobileiqa.core.Accelerator;
import ai.mobileiqa.core.BenchmarkReport;
import ai.mobileiqa.core.BenchmarkRun;
import ai.mobileiqa.core.Contract;
import ai.mobileiqa.core.Golden;
import ai.mobileiqa.core.JsonException;
import ai.mobileiqa.core.Model;
import ai.mobileiqa.core.ModelException;
import ai.mobileiqa.core.Pixels;
import android.content.Context;
import android.content.res.Configuration;
import android.os.Debug;
import android.os.SystemClock;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** One measurement, as docs/android-benchmark.md specifies it; used on the worker thread. */
final class Benchmark {
    /** How often decode and resize are measured. */
    private static final int REPEATS = 5;
    private static final long MEMORY_EVERY_NANOSECONDS = 1000000000L;
    private static final long PROGRESS_EVERY_NANOSECONDS = 1000000000L;

    /** Time for the screen to draw the progress before the next inference is timed. */
    private static final long DRAWING_MILLISECONDS = 100;
    private static final String RUNTIME = "onnx";

    /** Receives the number of the next run, on the worker thread. */
    interface Progress {
        void run(int number);
    }

    final BenchmarkRun run = new BenchmarkRun();

    private final Context context;
    private final BenchmarkRequest request;
    private final Work work;
    private final Map<String, Object> environment;
    private final Map<String, Object> thermal = new LinkedHashMap<String, Object>();
    private long memorySampled;

    Benchmark(Context context, BenchmarkRequest request, Work work) {
        this.context = context;
        this.request = request;
        this.work = work;
        environment = Device.describe(context);
        thermal.put("before", Platform.thermalStatus(context));
        run.label = request.model == null ? "bundled" : request.model.getName();
        run.artifact = run.label;
        run.runtime = RUNTIME;
        run.threads = request.threads;
        run.error = request.refusal;
    }

    /** Measures. Whatever goes wrong becomes the run's error, except a cancellation. */
    void measure(Progress progress) {
        Models.forget(); // their memory would be counted
        boolean reset = Device.resetPeakMemory();
        flag(!reset, "peak_rss_bytes counts what the app did before the measurement");
        String file = run.artifact;
        try (Model model = open()) {
            run.contract = model.contract();
            run.rssAfterLoadBytes = Device.status("VmRSS");
            replay(model);
            file = request.photo == null ? file : request.photo.getName();
            Pixels input = request.photo == null ? Golden.input(model.contract()) : photo(model.contract());
            file = run.artifact;
            run.score = model.run(input);
            time(model, input, progress);
        } catch (Exception | OutOfMemoryError | LinkageError problem) {
            work.check(); // a cancellation is not an error
            run.error = file + ": " + PhotoProblem.say(english(context), problem);
        }
    }

    /** After measure: flags, memory, and the whole as benchmark JSON. */
    String json(boolean leftForeground) throws JsonException {
        thermal.put("after", Platform.thermalStatus(context));
        environment.put("thermal_status", thermal);
        flag(run.golden != null && !run.golden.ok(), "the golden score is wrong on this device");
        flag(leftForeground, "the app was not in the foreground all the time");
        flag(hot(thermal.get("before")) || hot(thermal.get("after")), "the device was hot: thermal status above 0");
        flag(Device.powerSave(context), "the battery saver was on");
        boolean verified = run.contract == null || run.contract.verification.passed;
        flag(!verified, "the model failed verification when it was exported");
        Map<String, Object> settings = new LinkedHashMap<String, Object>();
        settings.put("threads", Collections.singletonList(request.threads));
        settings.put("warmup", request.warmup);
        settings.put("runs", request.runs);
        settings.put("photo", request.photo == null ? null : request.photo.getName());
        return BenchmarkReport.json(environment, settings, run, Collections.<String>emptyList());
    }

    /** Writes NAME.part first, so that a file called NAME is always complete. */
    static void write(File output, String json) throws IOException {
        File folder = output.getParentFile();
        if (!folder.isDirectory() && !folder.mkdirs() && !folder.isDirectory()) {
            throw new IOException(folder.getPath());
        }
        File part = new File(output.getPath() + ".part");
        try (OutputStream out = new FileOutputStream(part)) {
            out.write(json.getBytes(Charset.forName("UTF-8")));
        }
        if (!part.renameTo(output)) {
            throw new IOException(output.getPath());
        }
    }

    private Model open() throws IOException, ModelException {
        long started = SystemClock.elapsedRealtimeNanos();
        Model model;
        if (request.model == null) {
            try (InputStream artifact = context.getAssets().open(QualityScorer.BUNDLED_MODEL)) {
                run.sizeBytes = (long) artifact.available(); // an asset knows its length
                model = Model.open(artifact, request.threads, Accelerator.CPU);
            }
        } else {
            run.sizeBytes = request.model.length();
            model = Model.open(request.model.getPath(), request.threads);
        }
        run.loadSeconds = seconds(started);
        return model;
    }

    private void replay(Model model) throws ModelException {
        work.check();
        Pixels input = Golden.input(model.contract());
        long started = SystemClock.elapsedRealtimeNanos();
        model.run(input);
        run.firstSeconds = seconds(started);
        run.golden = Golden.replay(model);
    }

    private Pixels photo(Contract contract) throws PhotoException {
        double[] decode = new double[REPEATS];
        double[] resize = new double[REPEATS];
        Pixels input = null;
        try (Photo photo = Photo.open(context, request.photo)) {
            for (int i = 0; i < REPEATS; i++) {
                work.check();
                Prepared prepared = photo.prepare(contract.input, contract.input.setting(null), work.signal);
                decode[i] = prepared.decodeSeconds;
                resize[i] = prepared.resizeSeconds;
                input = prepared.pixels;
            }
        }
        run.decodeSeconds = decode;
        run.resizeSeconds = resize;
        return input;
    }

    private void time(Model model, Pixels input, Progress progress) throws ModelException {
        for (int i = 0; i < request.warmup; i++) {
            work.check();
            model.run(input);
        }
        double[] values = new double[request.runs];
        long shown = SystemClock.elapsedRealtimeNanos() - PROGRESS_EVERY_NANOSECONDS;
        for (int i = 0; i < request.runs; i++) {
            work.check();
            if (SystemClock.elapsedRealtimeNanos() - shown >= PROGRESS_EVERY_NANOSECONDS) {
                progress.run(i + 1);
                SystemClock.sleep(DRAWING_MILLISECONDS);
                shown = SystemClock.elapsedRealtimeNanos();
            }
            long started = SystemClock.elapsedRealtimeNanos();
            model.run(input);
            values[i] = seconds(started);
            sampleMemory();
        }
        run.inferenceSeconds = values;
        run.peakRssBytes = Device.status("VmHWM");
    }

    /** Between two inferences, at most once a second: walking through the pages takes time. */
    private void sampleMemory() {
        long now = SystemClock.elapsedRealtimeNanos();
        if (run.peakPssBytes != null && now - memorySampled < MEMORY_EVERY_NANOSECONDS) {
            return;
        }
        memorySampled = now;
        Debug.MemoryInfo memory = new Debug.MemoryInfo();
        Debug.getMemoryInfo(memory);
        long pss = 1024L * memory.getTotalPss();
        run.peakPssBytes = run.peakPssBytes == null ? pss : Math.max(run.peakPssBytes, pss);
        run.privateBytes = 1024L * (memory.getTotalPrivateClean() + memory.getTotalPrivateDirty());
    }

    private void flag(boolean raised, String sentence) {
        if (raised) {
            run.flags.add(sentence);
        }
    }

    private static boolean hot(Object status) {
        return status != null && !status.equals(0);
    }

    private static double seconds(long started) {
        return (SystemClock.elapsedRealtimeNanos() - started) / 1e9;
    }

    /** A report is read by programs and by people elsewhere. */
    private static Context english(Context context) {
        Configuration configuration = new Configuration(context.getResources().getConfiguration());
        configuration.setLocale(Locale.ENGLISH);
        return context.createConfigurationContext(configuration);
    }
}
