package ai.mobileiqa.demo;

import android.os.CancellationSignal;
import android.os.Handler;
import android.os.Looper;
import android.os.OperationCanceledException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;

/**
 * One piece of work off the UI thread. All pieces of the app run one after another on one thread: they would
 * compete for memory, and a measurement must have the processor to itself.
 *
 * <p>It holds no activity; what it reports goes to a {@link Session}, which outlives rotation.
 */
abstract class Work {
    private static final Handler UI = new Handler(Looper.getMainLooper());
    private static final ExecutorService QUEUE = Executors.newSingleThreadExecutor(new ThreadFactory() {
        @Override
        public Thread newThread(Runnable runnable) {
            return new Thread(runnable, "mobileiqa-work");
        }
    });

    /** Cancelled with the work. */
    final CancellationSignal signal = new CancellationSignal();

    /** The work itself, on the worker thread. */
    protected abstract void run() throws Exception;

    /** On the UI thread, after run; not when cancelled. */
    protected abstract void done();

    /** On the UI thread, instead of done: an exception, or an OutOfMemoryError. */
    protected abstract void failed(Throwable problem);

    /** On the worker thread, instead of the two: whoever waits elsewhere can be told. */
    protected void cancelled() {}

    /** Puts it into the queue. */
    final void start() {
        QUEUE.execute(new Runnable() {
            @Override
            public void run() {
                perform();
            }
        });
    }

    /** Runs it on a thread of its own: for what takes milliseconds and must not wait for a measurement. */
    final void startBeside() {
        new Thread("mobileiqa-beside") {
            @Override
            public void run() {
                perform();
            }
        }.start();
    }

    /** From any thread: it ends at its next check and reports nothing any more. */
    final void cancel() {
        signal.cancel();
    }

    /** On the worker thread, between two steps. */
    protected final void check() {
        signal.throwIfCanceled();
    }

    /** Runs something on the UI thread, in order, unless cancelled by then. */
    protected final void post(final Runnable news) {
        UI.post(new Runnable() {
            @Override
            public void run() {
                if (!signal.isCanceled()) {
                    news.run();
                }
            }
        });
    }

    private void perform() {
        Throwable problem = null;
        try {
            check();
            run();
        } catch (OperationCanceledException quiet) {
            cancelled();
            return;
        } catch (Exception | OutOfMemoryError | LinkageError error) { // linkage: no native library for this CPU
            problem = error;
        }
        final Throwable outcome = problem;
        post(new Runnable() {
            @Override
            public void run() {
                if (outcome == null) {
                    done();
                } else {
                    failed(outcome);
                }
            }
        });
    }
}
