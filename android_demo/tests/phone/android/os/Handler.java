package android.os;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What is posted waits until the test, which is the UI thread, runs it. */
public class Handler {
    private static final BlockingQueue<Runnable> POSTED = new LinkedBlockingQueue<>();

    public Handler(Looper looper) {}

    public final boolean post(Runnable work) {
        return POSTED.add(work);
    }

    /** Runs the next piece that is posted within the time; false where there was none. */
    public static boolean runNext(long milliseconds) {
        try {
            Runnable next = POSTED.poll(milliseconds, TimeUnit.MILLISECONDS);
            if (next != null) {
                next.run();
            }
            return next != null;
        } catch (InterruptedException end) {
            throw new IllegalStateException(end);
        }
    }
}
