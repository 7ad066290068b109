package android.os;

import com.android.tools.layoutlib.annotations.LayoutlibDelegate;
import java.util.concurrent.DelayQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.TimeUnit;

/** What is posted waits until the test, which is the UI thread, runs it: Android's own queue waits in native code. */
public final class Handler_Delegate {
    private static final DelayQueue<Posted> POSTED = new DelayQueue<>();

    @LayoutlibDelegate
    static boolean sendMessageAtTime(Handler handler, Message message, long uptimeMilliseconds) {
        return POSTED.add(new Posted(handler, message, uptimeMilliseconds));
    }

    /** Runs the next piece that is due within the time; false where there was none. */
    public static boolean runNext(long milliseconds) {
        try {
            Posted next = POSTED.poll(milliseconds, TimeUnit.MILLISECONDS);
            if (next != null) {
                next.handler.dispatchMessage(next.message);
            }
            return next != null;
        } catch (InterruptedException end) {
            throw new IllegalStateException(end);
        }
    }

    private static final class Posted implements Delayed {
        private static long count;

        private final Handler handler;
        private final Message message;
        private final long uptimeMilliseconds;
        private final long number;

        Posted(Handler handler, Message message, long uptimeMilliseconds) {
            this.handler = handler;
            this.message = message;
            this.uptimeMilliseconds = uptimeMilliseconds;
            synchronized (Posted.class) {
                number = count++;
            }
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(uptimeMilliseconds - SystemClock.uptimeMillis(), TimeUnit.MILLISECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            Posted posted = (Posted) other;
            int earlier = Long.compare(uptimeMilliseconds, posted.uptimeMilliseconds);
            return earlier != 0 ? earlier : Long.compare(number, posted.number);
        }
    }
}
