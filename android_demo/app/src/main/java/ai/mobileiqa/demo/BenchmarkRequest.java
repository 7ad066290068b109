package ai.mobileiqa.demo;

import ai.mobileiqa.ScorerOptions;
import ai.mobileiqa.core.Accelerator;
import ai.mobileiqa.core.PlainName;
import ai.mobileiqa.core.Verdict;
import android.content.Context;
import android.content.Intent;
import android.os.Bundle;
import android.system.ErrnoException;
import android.system.Os;
import android.system.OsConstants;
import java.io.File;

/**
 * What to measure; by intent the extras of docs/android-benchmark.md. It is read on the UI thread; its files are looked
 * for by {@link #find}, off it.
 */
final class BenchmarkRequest {
    static final String ACTION = "ai.mobileiqa.demo.BENCHMARK";
    static final String OUTPUT = "benchmark.json";
    static final int WARMUP = 3;
    static final int RUNS = 20;
    static final int MOST_THREADS = 64;
    static final int MOST_WARMUP = 1000;
    static final int MOST_RUNS = 100000;
    static final int MOST_PAUSE = 3600;
    static final int MOST_SUSTAINED = 86400;

    /** Null for the bundled model, and before {@link #find}. */
    File model;

    /** Null for the golden image of the model, and before {@link #find}. */
    File photo;

    /** Null if it was refused, and before {@link #find}. */
    File output;

    final int threads;
    final int warmup;
    final int runs;

    /** Seconds of timed inferences that are enough, however few they are; 0 for {@link #runs} in any case. */
    int seconds;

    /** Seconds without work before the model is opened. */
    int coolDown;

    /** Seconds of inferences without a pause, after the timed ones. */
    int sustained;

    /** Whether the set of pictures is scored. */
    boolean accuracy;

    Accelerator accelerator = Accelerator.CPU;

    /** Why it cannot be measured, one English sentence; null if it can, as far as is known. */
    String refusal;

    /** Of the output; null if it was refused. */
    final String outputName;

    private String modelName;
    private String photoName;
    private boolean isOfImported;

    private BenchmarkRequest(String outputName, int threads, int warmup, int runs) {
        this.outputName = outputName;
        this.threads = threads;
        this.warmup = warmup;
        this.runs = runs;
    }

    /** From the fields of the screen; numbers out of range become the nearest in range. */
    static BenchmarkRequest byHand(boolean isOfImported, int threads, int warmup, int runs) {
        BenchmarkRequest request = new BenchmarkRequest(
                OUTPUT, clamp(threads, 1, MOST_THREADS), clamp(warmup, 0, MOST_WARMUP), clamp(runs, 1, MOST_RUNS));
        request.isOfImported = isOfImported;
        return request;
    }

    /** Changes what was asked for by hand to what a valid result takes, and returns it. */
    BenchmarkRequest official() {
        seconds = Verdict.FEWEST_SECONDS;
        coolDown = Verdict.LEAST_COOL_DOWN;
        accuracy = true;
        return this;
    }

    /** From an intent; null where it does not ask for a measurement, or asked before and comes from Recents. */
    static BenchmarkRequest from(Intent intent) {
        boolean old = (intent.getFlags() & Intent.FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY) != 0;
        if (old || !ACTION.equals(intent.getAction())) {
            return null;
        }
        Bundle extras = intent.getExtras() == null ? new Bundle() : intent.getExtras();
        String output = extras.containsKey("output") ? extras.getString("output") : OUTPUT;
        String model = extras.getString("model");
        String photo = extras.getString("photo");
        int threads = extras.getInt("threads", ScorerOptions.defaultThreads());
        int warmup = extras.getInt("warmup", WARMUP);
        int runs = extras.getInt("runs", RUNS);
        String refusal = output == null ? "output must be a string" : plain("output", output);
        boolean outputFine = refusal == null;
        refusal = first(refusal, extras.containsKey("model") ? plain("model", model) : null);
        refusal = first(refusal, extras.containsKey("photo") ? plain("photo", photo) : null);
        refusal = first(refusal, range("threads", threads, 1, MOST_THREADS));
        refusal = first(refusal, range("warmup", warmup, 0, MOST_WARMUP));
        refusal = first(refusal, range("runs", runs, 1, MOST_RUNS));
        int seconds = extras.getInt("seconds", 0);
        int coolDown = extras.getInt("cool_down", 0);
        int sustained = extras.getInt("sustained", 0);
        refusal = first(refusal, range("seconds", seconds, 0, MOST_PAUSE));
        refusal = first(refusal, range("cool_down", coolDown, 0, MOST_PAUSE));
        refusal = first(refusal, range("sustained", sustained, 0, MOST_SUSTAINED));
        Accelerator accelerator = accelerator(extras);
        refusal = first(refusal, accelerator == null ? "accelerator must be cpu, xnnpack or nnapi" : null);
        BenchmarkRequest request = new BenchmarkRequest(outputFine ? output : null, threads, warmup, runs);
        request.modelName = PlainName.is(model) ? model : null;
        request.photoName = PlainName.is(photo) ? photo : null;
        request.refusal = refusal;
        request.seconds = seconds;
        request.coolDown = coolDown;
        request.sustained = sustained;
        request.accuracy = extras.getBoolean("accuracy", false);
        request.accelerator = accelerator == null ? Accelerator.CPU : accelerator;
        return request;
    }

    /** Looks for the files; off the UI thread. What is not there, or is no file, becomes the refusal. */
    void find(Context context) {
        File folder = folder(context);
        String unfit = refusal(folder, "output", outputName, false);
        output = unfit == null ? new File(folder, outputName) : null;
        refusal = first(unfit, refusal);
        if (isOfImported) {
            model = Models.importedFile(context);
        } else if (modelName != null) {
            model = new File(folder, modelName);
            refusal = first(refusal, refusal(folder, "model", modelName, true));
        }
        if (photoName != null) {
            photo = new File(folder, photoName);
            refusal = first(refusal, refusal(folder, "photo", photoName, true));
        }
    }

    /** Null if there is none of this name. */
    private static Accelerator accelerator(Bundle extras) {
        if (!extras.containsKey("accelerator")) {
            return Accelerator.CPU;
        }
        for (Accelerator accelerator : Accelerator.values()) {
            if (accelerator.unit().equals(extras.getString("accelerator"))) {
                return accelerator;
            }
        }
        return null;
    }

    /** Where files come in and go out. */
    static File folder(Context context) {
        return new File(context.getFilesDir(), "benchmark");
    }

    private static String plain(String extra, String name) {
        return PlainName.is(name) ? null : extra + " must be a plain file name in files/benchmark, without / or ..";
    }

    private static String refusal(File folder, String extra, String name, boolean mustExist) {
        try {
            int mode = Os.lstat(new File(folder, name).getPath()).st_mode;
            return OsConstants.S_ISREG(mode) ? null : extra + " " + name + " is a link or a folder; copy the file itself";
        } catch (ErrnoException absent) {
            return mustExist ? extra + " " + name + " is not in files/benchmark; copy it there with run-as" : null;
        }
    }

    private static String range(String extra, int value, int least, int most) {
        return value >= least && value <= most ? null : extra + " must be " + least + " to " + most + ", not " + value;
    }

    private static String first(String one, String other) {
        return one != null ? one : other;
    }

    private static int clamp(int value, int least, int most) {
        return Math.max(least, Math.min(most, value));
    }
}
