package android.app;

import android.content.Intent;
import android.os.Bundle;
import android.os.Handler;
import android.view.View;
import android.widget.CheckBox;
import android.widget.EditText;
import android.widget.TextView;

/** What the system and its owner do to an activity; the calling thread is the UI thread. */
public final class Phone {
    private static final long PATIENCE_MILLISECONDS = 180000;

    public interface Condition {
        boolean holds();
    }

    private Phone() {}

    public static <A extends Activity> A start(Class<A> type, Intent intent) {
        return start(type, intent, null, null);
    }

    private static <A extends Activity> A start(Class<A> type, Intent intent, Bundle state, Object retained) {
        try {
            A activity = type.getConstructor().newInstance();
            activity.intent = intent;
            activity.retained = retained;
            activity.onCreate(state);
            activity.onStart();
            return activity;
        } catch (ReflectiveOperationException wrong) {
            throw new AssertionError(wrong);
        }
    }

    /** The phone is turned, or its language or theme changes. */
    @SuppressWarnings("unchecked")
    public static <A extends Activity> A turn(A activity) {
        activity.changing = true;
        activity.onStop();
        Bundle state = new Bundle();
        activity.onSaveInstanceState(state);
        Object retained = activity.onRetainNonConfigurationInstance();
        activity.onDestroy();
        return (A) start(activity.getClass(), activity.intent, state, retained);
    }

    /** The process is killed in the background, and comes back. */
    @SuppressWarnings("unchecked")
    public static <A extends Activity> A killAndReturn(A activity) {
        activity.onStop();
        Bundle state = new Bundle();
        activity.onSaveInstanceState(state);
        activity.onDestroy();
        return (A) start(activity.getClass(), activity.intent, state, null);
    }

    public static void leave(Activity activity) {
        activity.onStop();
    }

    public static void finish(Activity activity) {
        activity.onStop();
        activity.onDestroy();
    }

    public static void intent(Activity activity, Intent intent) {
        activity.onNewIntent(intent);
    }

    public static void answer(Activity activity, int outcome, Intent answer) {
        activity.onActivityResult(activity.askedRequest, outcome, answer);
    }

    public static void press(Activity activity, int id) {
        activity.findViewById(id).performClick();
    }

    public static String text(Activity activity, int id) {
        return ((TextView) activity.findViewById(id)).getText().toString();
    }

    public static void type(Activity activity, int id, String text) {
        ((EditText) activity.findViewById(id)).setText(text);
    }

    public static void check(Activity activity, int id) {
        ((CheckBox) activity.findViewById(id)).setChecked(true);
    }

    public static boolean shown(Activity activity, int id) {
        return activity.findViewById(id).getVisibility() == View.VISIBLE;
    }

    /** Runs what is posted to the UI thread until something holds. */
    public static void until(Condition condition) {
        long end = System.currentTimeMillis() + PATIENCE_MILLISECONDS;
        while (!condition.holds()) {
            if (System.currentTimeMillis() > end) {
                throw new AssertionError("it did not come to that");
            }
            Handler.runNext(100);
        }
    }

    /** Runs what is posted until nothing comes for a while. */
    public static void settle() {
        while (Handler.runNext(300)) {
            continue;
        }
    }
}
