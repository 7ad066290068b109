package ai.mobileiqa.demo;

import android.content.Context;
import android.net.Uri;
import java.io.IOException;

/**
 * What one screen shows and what works for it. It is handed from an activity to the one that replaces it when the
 * phone is turned, and is touched on the UI thread only.
 */
abstract class Session {
    /** Draws a session's state. */
    interface Screen {
        void render();
    }

    /** What happens now, as a string resource; 0 if nothing does. */
    int step;

    /** The message to show; null if there is none. */
    Throwable problem;

    /** A file that was written to be shared; its screen shares it once. Null if there is none. */
    Uri outgoing;

    private Screen screen;
    private Work work;

    /** Draws now and at every change, until detached. */
    final void attach(Screen to) {
        screen = to;
        to.render();
    }

    final void detach() {
        screen = null;
    }

    final boolean busy() {
        return work != null;
    }

    /** Starts work in place of what goes on. */
    protected final void start(Work next, int firstStep) {
        if (work != null) {
            work.cancel();
        }
        work = next;
        step = firstStep;
        problem = null;
        next.start();
        changed();
    }

    /** Ends the work, with or without a problem. */
    protected final void ended(Throwable with) {
        work = null;
        step = 0;
        problem = with;
        changed();
    }

    /** Says that something else went wrong; the work goes on. */
    final void fail(Throwable what) {
        problem = what;
        changed();
    }

    /** Writes a file to share, beside the work that goes on. */
    protected final void writeOutgoing(final Context context, final String name, final String text) {
        new Work() {
            private Uri written;

            @Override
            protected void run() throws IOException {
                written = Outbox.write(context, name, text);
            }

            @Override
            protected void done() {
                outgoing = written;
                changed();
            }

            @Override
            protected void failed(Throwable problem) {
                fail(problem);
            }
        }.startBeside();
    }

    /** Stops the work; what was found so far stays. */
    void cancel() {
        if (work != null) {
            work.cancel();
            ended(null);
        }
    }

    protected final void step(int now) {
        step = now;
        changed();
    }

    protected final void changed() {
        if (screen != null) {
            screen.render();
        }
    }
}
