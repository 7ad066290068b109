package ai.mobileiqa.demo;

import ai.mobileiqa.core.BenchmarkRun;
import ai.mobileiqa.core.JsonException;
import android.content.Context;
import android.util.Log;
import java.io.IOException;

/** One measurement at a time, and the result of the last one. */
final class BenchmarkSession extends Session {
    /** How far the step of the measurement is: run 3 of 20, second 5 of 30. */
    int run;
    int of;

    /** Null until something was measured. */
    BenchmarkRun result;
    String json;

    private final Context context;
    private volatile boolean leftForeground;

    BenchmarkSession(Context context) {
        this.context = context.getApplicationContext();
        new Recall().startBeside();
    }

    /** Writes the report of the last measurement, to be shared. */
    void share() {
        writeOutgoing(context, BenchmarkRequest.OUTPUT, json);
    }

    /** The app is no longer visible, so Android gives it slow cores. */
    void left() {
        leftForeground = true;
    }

    void measure(BenchmarkRequest request) {
        if (request.outputName == null) {
            fail(new IllegalArgumentException(request.refusal));
            return;
        }
        if (busy()) {
            refuse(request);
            return;
        }
        leftForeground = false;
        result = null;
        json = null;
        run = 0;
        of = request.runs;
        start(new Measure(request), R.string.step_prepare);
    }

    /** The measurement that goes on keeps the worker thread busy: this one is answered beside it. */
    private void refuse(final BenchmarkRequest request) {
        new Thread("mobileiqa-refusal") {
            @Override
            public void run() {
                answer(request, "another measurement is going on; wait for its output, or stop the app first");
            }
        }.start();
    }

    /** Writes an output without figures. */
    private void answer(BenchmarkRequest request, String error) {
        try {
            request.find(context);
            Benchmark benchmark = new Benchmark(context, request, null);
            benchmark.run.error = error;
            if (request.output != null) {
                Benchmark.write(request.output, benchmark.json(false));
            }
        } catch (IOException | JsonException unheard) {
            Log.w("mobileiqa", error, unheard);
        }
    }

    /** Learns whether there is an imported model. */
    private final class Recall extends Work {
        @Override
        protected void run() {
            Models.recall(context);
        }

        @Override
        protected void done() {
            changed();
        }

        @Override
        protected void failed(Throwable unread) {
            fail(unread);
        }
    }

    private final class Measure extends Work implements Benchmark.Progress {
        private final BenchmarkRequest request;
        private Benchmark benchmark;
        private String report;

        Measure(BenchmarkRequest request) {
            this.request = request;
        }

        @Override
        protected void run() throws Exception {
            request.find(context);
            if (request.output == null) {
                throw new IllegalArgumentException(request.refusal);
            }
            if (request.output.exists() && !request.output.delete()) {
                throw new IOException(request.output.getPath());
            }
            benchmark = new Benchmark(context, request, this);
            if (request.refusal == null) {
                benchmark.measure(this);
            }
            report = benchmark.json(leftForeground);
            Benchmark.write(request.output, report);
        }

        @Override
        public void step(final int step, final int number) {
            post(new Runnable() {
                @Override
                public void run() {
                    run = number;
                    of = total(step);
                    BenchmarkSession.this.step(step);
                }
            });
        }

        private int total(int step) {
            if (step == R.string.step_cool) {
                return request.coolDown;
            }
            return step == R.string.step_sustained ? request.sustained : request.runs;
        }

        @Override
        protected void done() {
            result = benchmark.run;
            json = report;
            ended(null);
        }

        @Override
        protected void cancelled() {
            answer(request, "the measurement was cancelled on the device");
        }

        @Override
        protected void failed(Throwable problem) {
            ended(problem);
        }
    }
}
