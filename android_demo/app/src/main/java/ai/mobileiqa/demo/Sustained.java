package ai.mobileiqa.demo;

import ai.mobileiqa.core.BenchmarkRun;
import ai.mobileiqa.core.Drain;
import ai.mobileiqa.core.Model;
import ai.mobileiqa.core.ModelException;
import ai.mobileiqa.core.Pixels;
import ai.mobileiqa.core.Window;
import android.content.Context;
import android.os.SystemClock;
import java.util.ArrayList;
import java.util.List;

/** Inferences without a pause: how a phone slows down as it gets hot, and what that takes from its battery. */
final class Sustained {
    private static final double WINDOW_SECONDS = 10;

    private final Context context;
    private final Work work;
    private final double seconds;

    Sustained(Context context, Work work, double seconds) {
        this.context = context;
        this.work = work;
        this.seconds = seconds;
    }

    /** Runs, and puts the windows and the drain into the results. */
    void measure(Model model, Pixels input, BenchmarkRun run, Benchmark.Progress progress) throws ModelException {
        Battery before = new Battery(context);
        Battery after = before;
        int photos = 0;
        long started = SystemClock.elapsedRealtimeNanos();
        while (since(started) < seconds) {
            progress.step(R.string.step_sustained, (int) since(started) + 1);
            double[] values = window(model, input, Math.min(WINDOW_SECONDS, seconds));
            after = new Battery(context);
            run.sustained.add(new Window(since(started), values, after.celsius, Device.megahertz()));
            photos += values.length;
        }
        run.drain = new Drain(
                after.charging,
                difference(before.percent, after.percent),
                difference(before.microampereHours, after.microampereHours),
                after.volts,
                photos);
    }

    private double[] window(Model model, Pixels input, double length) throws ModelException {
        List<Double> values = new ArrayList<Double>();
        long opened = SystemClock.elapsedRealtimeNanos();
        while (values.isEmpty() || since(opened) < length) {
            work.check();
            long started = SystemClock.elapsedRealtimeNanos();
            model.run(input);
            values.add(since(started));
        }
        double[] array = new double[values.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = values.get(i);
        }
        return array;
    }

    private static Integer difference(Integer before, Integer after) {
        return before == null || after == null ? null : before - after;
    }

    private static double since(long started) {
        return (SystemClock.elapsedRealtimeNanos() - started) / 1e9;
    }
}
