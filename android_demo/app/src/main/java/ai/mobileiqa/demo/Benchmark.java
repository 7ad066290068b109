package ai.mobileiqa.demo;

import ai.mobileiqa.Photo;
import ai.mobileiqa.PhotoException;
import ai.mobileiqa.Prepared;
import ai.mobileiqa.QualityScorer;
import ai.mobileiqa.core.AcceleratedModel;
import ai.mobileiqa.core.Accelerator;
import ai.mobileiqa.core.BenchmarkReport;
import ai.mobileiqa.core.BenchmarkRun;
import ai.mobileiqa.core.Contract;
import ai.mobileiqa.core.Golden;
import ai.mobileiqa.core.JsonException;
import ai.mobileiqa.core.Model;
import ai.mobileiqa.core.ModelException;
import ai.mobileiqa.core.Pictures;
import ai.mobileiqa.core.Pixels;
import android.content.Context;
import android.content.res.Configuration;
import android.os.Debug;
import android.os.SystemClock;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** One measurement, as docs/android-benchmark.md specifies it; used on the worker thread. */
final class Benchmark {
    /** How often decode and resize are measured. */
    private static final int REPEATS = 5;

    /** How often the model is opened again, once everything else is measured. */
    private static final int RELOADS = 5;
    private static final long MEMORY_EVERY_NANOSECONDS = 1000000000L;
    private static final long PROGRESS_EVERY_NANOSECONDS = 1000000000L;

    /** Time for the screen to draw the progress before the next inference is timed. */
    private static final long DRAWING_MILLISECONDS = 100;
    private static final long MILLISECONDS = 1000;
    private static final String RUNTIME = "onnx";

    /** Receives what is done, a string resource, and how far it is, on the worker thread. */
    interface Progress {
        void step(int step, int number);
    }

    final BenchmarkRun run = new BenchmarkRun();

    private final Context context;
    private final BenchmarkRequest request;
    private final Work work;
    private final Map<String, Object> environment;
    private long memorySampled;

    /** What was opened last, and how long that took. */
    private Accelerator loaded;
    private double loadedSeconds;

    /** What an error is about. */
    private String subject;

    Benchmark(Context context, BenchmarkRequest request, Work work) {
        this.context = context;
        this.request = request;
        this.work = work;
        environment = Device.describe(context);
        run.label = request.model == null ? "bundled" : request.model.getName();
        run.artifact = run.label;
        subject = run.artifact;
        run.runtime = RUNTIME;
        run.threads = request.threads;
        run.unitDeclared = request.accelerator.unit();
        run.error = request.refusal;
    }

    /** Measures. Whatever goes wrong becomes the run's error, except a cancellation. */
    void measure(Progress progress) {
        Models.forget(); // their memory would be counted
        coolDown(progress);
        boolean reset = Device.resetPeakMemory();
        flag(!reset, "memory: peak_rss_bytes counts what the app did before the measurement");
        try {
            measureModel(progress);
            reload();
        } catch (Exception | OutOfMemoryError | LinkageError problem) {
            work.check(); // a cancellation is not an error
            run.error = subject + ": " + PhotoProblem.say(english(context), problem);
        }
    }

    private void coolDown(Progress progress) {
        run.coolDownSeconds = request.coolDown;
        for (int second = 1; second <= request.coolDown; second++) {
            work.check();
            progress.step(R.string.step_cool, second);
            SystemClock.sleep(MILLISECONDS);
        }
    }

    private void measureModel(Progress progress) throws Exception {
        try (Model model = open()) {
            run.contract = model.contract();
            run.rssAfterLoadBytes = Device.status("VmRSS");
            replay(model);
            Pixels input = Golden.input(model.contract());
            if (request.photo != null) {
                subject = request.photo.getName();
                input = photo(model.contract());
                subject = run.artifact;
            }
            run.score = model.run(input);
            time(model, input, progress);
            if (request.sustained > 0) {
                new Sustained(context, work, request.sustained).measure(model, input, run, progress);
            }
            if (request.accuracy) {
                progress.step(R.string.step_pictures, 0);
                run.accuracyScores = Pictures.scores(model);
            }
        }
    }

    /** After measure: flags, memory, and the whole as benchmark JSON. */
    String json(boolean leftForeground) throws JsonException {
        flag(run.golden != null && !run.golden.ok(), "golden: the score is wrong on this device");
        flag(leftForeground, "background: the app was not in the foreground all the time");
        flag(isHot(run.thermalBefore) || isHot(run.thermalAfter), "hot: the thermal status was above 0");
        flag(Device.powerSave(context), "battery-saver: it was on");
        boolean verified = run.contract == null || run.contract.verification.passed;
        flag(!verified, "verification: failed when the model was exported");
        Map<String, Object> settings = new LinkedHashMap<String, Object>();
        settings.put("threads", Collections.singletonList(request.threads));
        settings.put("warmup", request.warmup);
        settings.put("runs", request.runs);
        settings.put("seconds", request.seconds);
        settings.put("cool_down", request.coolDown);
        settings.put("minutes", request.sustained / 60.0);
        settings.put("official", request.accuracy);
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
        try (InputStream artifact = artifact()) {
            run.sizeBytes = (long) artifact.available(); // assets and files know their length
        }
        AcceleratedModel opened = AcceleratedModel.open(new AcceleratedModel.Opener() {
            @Override
            public Model open(Accelerator accelerator) throws ModelException {
                return timedOpen(accelerator);
            }
        }, request.accelerator);
        run.unitUsed = opened.used.unit();
        run.unitReason = opened.refusal;
        return opened.model;
    }

    private Model timedOpen(Accelerator accelerator) throws ModelException {
        long started = SystemClock.elapsedRealtimeNanos();
        Model model;
        if (request.model != null) {
            model = Model.open(request.model.getPath(), request.threads, accelerator);
        } else {
            try (InputStream artifact = artifact()) {
                model = Model.open(artifact, request.threads, accelerator);
            } catch (IOException error) {
                throw Model.unreadable(run.artifact, error);
            }
        }
        loaded = accelerator;
        loadedSeconds = seconds(started);
        run.loadSeconds = run.loadSeconds == null ? loadedSeconds : run.loadSeconds;
        return model;
    }

    /** After all else, so that two of them are never in memory; the digest last, for it brings the file into memory. */
    private void reload() throws IOException, ModelException {
        double[] values = new double[RELOADS];
        for (int i = 0; i < RELOADS; i++) {
            work.check();
            timedOpen(loaded).close();
            values[i] = loadedSeconds;
        }
        run.reloadSeconds = values;
        try (InputStream artifact = artifact()) {
            run.sha256 = Golden.sha256(artifact);
        }
    }

    private InputStream artifact() throws IOException {
        return request.model == null
                ? context.getAssets().open(QualityScorer.BUNDLED_MODEL)
                : new FileInputStream(request.model);
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
        run.thermalBefore = Platform.thermalStatus(context);
        run.celsiusBefore = new Battery(context).celsius;
        double[] values = new double[request.runs];
        double sum = 0;
        int count = 0;
        long shown = SystemClock.elapsedRealtimeNanos() - PROGRESS_EVERY_NANOSECONDS;
        while (count < request.runs && (request.seconds == 0 || sum < request.seconds)) {
            work.check();
            if (SystemClock.elapsedRealtimeNanos() - shown >= PROGRESS_EVERY_NANOSECONDS) {
                progress.step(R.string.step_run, count + 1);
                SystemClock.sleep(DRAWING_MILLISECONDS);
                shown = SystemClock.elapsedRealtimeNanos();
            }
            long started = SystemClock.elapsedRealtimeNanos();
            model.run(input);
            values[count] = seconds(started);
            sum += values[count++];
            sampleMemory();
        }
        run.inferenceSeconds = Arrays.copyOf(values, count);
        run.thermalAfter = Platform.thermalStatus(context);
        run.celsiusAfter = new Battery(context).celsius;
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

    private static boolean isHot(Integer status) {
        return status != null && status > 0;
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
