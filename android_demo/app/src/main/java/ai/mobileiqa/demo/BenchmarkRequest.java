package ai.mobileiqa.demo;

import ai.mobileiqa.ScorerOptions;
import ai.mobileiqa.core.PlainName;
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

    /** Null for the bundled model. */
    final File model;

    /** Null for the golden image of the model. */
    final File photo;

    /** Null if its name was refused. */
    final File output;

    final int threads;
    final int warmup;
    final int runs;

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
        return new BenchmarkRequest(
                PlainName.is(model) ? new File(folder, model) : null,
                PlainName.is(photo) ? new File(folder, photo) : null,
                outputFine ? new File(folder, output) : null,
                threads,
                warmup,
                runs,
                refusal);
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
