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

/** What to measure; by intent the extras of docs/android-benchmark.md. */
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

    /** Null for the bundled model. */
    final File model;

    /** Null for the golden image of the model. */
    final File photo;

    /** Null if its name was refused. */
    final File output;

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

    /** Why it cannot be measured, one English sentence; null if it can. */
    final String refusal;

    BenchmarkRequest(File model, File photo, File output, int threads, int warmup, int runs, String refusal) {
        this.model = model;
        this.photo = photo;
        this.output = output;
        this.threads = threads;
        this.warmup = warmup;
        this.runs = runs;
        this.refusal = refusal;
    }

    /** From the fields of the screen; numbers out of range become the nearest in range. */
    static BenchmarkRequest byHand(Context context, File model, int threads, int warmup, int runs) {
        return new BenchmarkRequest(
                model,
                null,
                new File(folder(context), OUTPUT),
                clamp(threads, 1, MOST_THREADS),
                clamp(warmup, 0, MOST_WARMUP),
                clamp(runs, 1, MOST_RUNS),
                null);
    }

    /** Changes what was asked for by hand to what a valid result takes, and returns it. */
    BenchmarkRequest official() {
        seconds = Verdict.FEWEST_SECONDS;
        coolDown = Verdict.LEAST_COOL_DOWN;
        accuracy = true;
        return this;
    }

    /** From an intent; null where it does not ask for a measurement, or asked before and comes from Recents. */
    static BenchmarkRequest from(Context context, Intent intent) {
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
        File folder = folder(context);
        String refusal = output == null ? "output must be a string" : refusal(folder, "output", output, false);
        boolean outputFine = refusal == null;
        refusal = first(refusal, extras.containsKey("model") ? refusal(folder, "model", model, true) : null);
        refusal = first(refusal, extras.containsKey("photo") ? refusal(folder, "photo", photo, true) : null);
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
        BenchmarkRequest request = new BenchmarkRequest(
                PlainName.is(model) ? new File(folder, model) : null,
                PlainName.is(photo) ? new File(folder, photo) : null,
                outputFine ? new File(folder, output) : null,
                threads,
                warmup,
                runs,
                refusal);
        request.seconds = seconds;
        request.coolDown = coolDown;
        request.sustained = sustained;
        request.accuracy = extras.getBoolean("accuracy", false);
        request.accelerator = accelerator == null ? Accelerator.CPU : accelerator;
        return request;
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

    private static String refusal(File folder, String extra, String name, boolean mustExist) {
        if (!PlainName.is(name)) {
            return extra + " must be a plain file name in files/benchmark, without / or ..";
        }
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
