package android.app;

import ai.mobileiqa.demo.R;
import ai.mobileiqa.phone.Disk;
import ai.mobileiqa.phone.Linux;
import android.content.ActivityNotFoundException;
import android.content.ComponentName;
import android.content.Context;
import android.content.ContextWrapper;
import android.content.Intent;
import android.content.pm.ActivityInfo;
import android.os.Bundle;
import android.os.Handler_Delegate;
import android.os.IBinder;
import android.os.Looper;
import android.util.Singleton;
import android.view.View;
import android.widget.CheckBox;
import android.widget.EditText;
import android.widget.TextView;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What the system and its owner do to an app, in the order of ActivityThread; the thread that tests run on is the UI
 * thread. No other process is there: see {@link PhoneContext}.
 */
public final class Phone {
    private static final long PATIENCE_MILLISECONDS = 180000;

    /** Activities that were started, last one last, without those that are asked for an answer. */
    public static final List<Intent> STARTED = new ArrayList<>();

    /** The last activity that was asked for an answer; null if there is none. */
    public static Intent asked;

    /** An action that no app on this phone answers. */
    public static String unanswered;

    /** Whether it lies on its side. */
    public static boolean land;

    public static Locale locale;

    private static int askedRequest;
    private static Contexts contexts;
    private static ActivityThread thread;

    public interface Condition {
        boolean holds();
    }

    private Phone() {}

    /** Once in a process. */
    public static void boot() {
        Map<String, String> properties = new HashMap<>();
        properties.put("ro.product.manufacturer", "Acme");
        properties.put("ro.product.model", "One");
        properties.put("ro.hardware", "board");
        properties.put("ro.build.fingerprint", "acme/one:1");
        properties.put("ro.build.version.release", "7");
        properties.put("ro.build.version.security_patch", "2026-11-01");
        properties.put("ro.product.cpu.abilist32", "armeabi-v7a");
        properties.put("ro.product.cpu.abilist64", "arm64-v8a");
        contexts = new Contexts(properties);
        Linux.boot();
        Disk.boot();
        connect();
        Looper.prepareMainLooper();
        thread = new ActivityThread();
    }

    /** The activity manager is another process; what an app reports to it is of no interest here. */
    private static void connect() {
        Object manager = Proxy.newProxyInstance(
                Phone.class.getClassLoader(), new Class<?>[] {IActivityManager.class}, (proxy, method, values) -> null);
        try {
            Field global = ActivityManagerNative.class.getDeclaredField("gDefault");
            Field instance = Singleton.class.getDeclaredField("mInstance");
            global.setAccessible(true);
            instance.setAccessible(true);
            instance.set(global.get(null), manager);
        } catch (ReflectiveOperationException changed) {
            throw new AssertionError(changed);
        }
    }

    /** As if the app were installed anew, on a phone that stands upright and speaks English. */
    public static void forget() {
        PhoneContext.forget();
        Disk.forget();
        STARTED.clear();
        asked = null;
        unanswered = null;
        land = false;
        locale = Locale.ENGLISH;
    }

    /** The app itself, as it is set now. */
    public static Context context() {
        return contexts.of(land, locale);
    }

    /** An application whose process has just started. */
    public static <A extends Application> A started(A application) {
        try {
            Method attach = ContextWrapper.class.getDeclaredMethod("attachBaseContext", Context.class);
            attach.setAccessible(true);
            attach.invoke(application, context());
        } catch (ReflectiveOperationException wrong) {
            throw new AssertionError(wrong);
        }
        application.onCreate();
        return application;
    }

    public static <A extends Activity> A start(Class<A> type, Intent intent) {
        return start(type, intent, null, null);
    }

    private static <A extends Activity> A start(
            Class<A> type, Intent intent, Bundle state, Activity.NonConfigurationInstances retained) {
        try {
            A activity = type.getConstructor().newInstance();
            Context context = context();
            intent.setComponent(new ComponentName(context, type));
            contexts.show(context);
            activity.attach(context, thread, new Launcher(), null, 0, new Application(), intent, new ActivityInfo(),
                    "title", null, null, retained, context.getResources().getConfiguration(), null, null);
            activity.setTheme(R.style.App);
            activity.performCreate(state);
            activity.performStart();
            if (state != null) {
                activity.performRestoreInstanceState(state);
            }
            activity.onPostCreate(state);
            activity.performResume();
            return activity;
        } catch (ReflectiveOperationException wrong) {
            throw new AssertionError(wrong);
        }
    }

    /** The phone is turned, or its language or theme changes. */
    @SuppressWarnings("unchecked")
    public static <A extends Activity> A turn(A activity) {
        activity.mChangingConfigurations = true;
        Bundle state = stop(activity);
        Activity.NonConfigurationInstances retained = activity.retainNonConfigurationInstances();
        activity.performDestroy();
        return (A) start(activity.getClass(), activity.getIntent(), state, retained);
    }

    /** The process is killed in the background, and comes back. */
    @SuppressWarnings("unchecked")
    public static <A extends Activity> A killAndReturn(A activity) {
        Bundle state = stop(activity);
        activity.performDestroy();
        return (A) start(activity.getClass(), activity.getIntent(), state, null);
    }

    private static Bundle stop(Activity activity) {
        activity.performPause();
        Bundle state = new Bundle();
        activity.performSaveInstanceState(state);
        activity.performStop();
        QueuedWork.waitToFinish();
        return state;
    }

    public static void leave(Activity activity) {
        stop(activity);
    }

    public static void finish(Activity activity) {
        stop(activity);
        activity.performDestroy();
    }

    public static void intent(Activity activity, Intent intent) {
        activity.onNewIntent(intent);
    }

    /** The activity that was asked last answers. */
    public static void answer(Activity activity, int outcome, Intent answer) {
        activity.dispatchActivityResult(null, askedRequest, outcome, answer);
    }

    public static void press(Activity activity, int id) {
        View view = activity.findViewById(id);
        for (Object part = view; part instanceof View; part = ((View) part).getParent()) {
            if (((View) part).getVisibility() != View.VISIBLE) {
                throw new AssertionError("nobody can see " + view);
            }
        }
        if (!view.isEnabled() || !view.performClick()) {
            throw new AssertionError("nobody can press " + view);
        }
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

    /** Whether an activity's window has a flag of WindowManager.LayoutParams. */
    public static boolean hasFlag(Activity activity, int flag) {
        return (activity.getWindow().getAttributes().flags & flag) != 0;
    }

    /** Runs what is posted to the UI thread until something holds. */
    public static void until(Condition condition) {
        long end = System.currentTimeMillis() + PATIENCE_MILLISECONDS;
        while (!condition.holds()) {
            if (System.currentTimeMillis() > end) {
                throw new AssertionError("it did not come to that");
            }
            Handler_Delegate.runNext(100);
        }
    }

    /** Runs what is posted until nothing comes for a while. */
    public static void settle() {
        while (Handler_Delegate.runNext(300)) {
            continue;
        }
        QueuedWork.waitToFinish();
    }

    /** Starts other activities, of this app and of others: here it only takes note. */
    private static final class Launcher extends Instrumentation {
        @Override
        public ActivityResult execStartActivity(Context from, IBinder thread, IBinder token, Activity source,
                Intent intent, int request, Bundle options) {
            if (intent.getAction() != null && intent.getAction().equals(unanswered)) {
                throw new ActivityNotFoundException();
            }
            if (request < 0) {
                STARTED.add(intent);
            } else {
                asked = intent;
                askedRequest = request;
            }
            return null;
        }
    }
}
