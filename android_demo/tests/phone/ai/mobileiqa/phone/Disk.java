package ai.mobileiqa.phone;

import java.io.FileNotFoundException;
import java.security.Permission;
import java.util.ArrayList;
import java.util.List;

/**
 * Java's gate to files. It takes note of what the app does there on the UI thread, as Android's StrictMode does, and
 * refuses what a test says that Linux refuses.
 */
public final class Disk extends SecurityManager {
    /** A file that the system does not let the app open; null for none. */
    public static volatile String refused;

    private static final String APP = "ai.mobileiqa.";
    private static final String[] TESTS = {
        "ai.mobileiqa.phone.", "ai.mobileiqa.demo.AppTest", "ai.mobileiqa.demo.AppResources", "ai.mobileiqa.demo.Framework"
    };
    private static final List<String> ON_UI_THREAD = new ArrayList<>();

    private static volatile Thread ui;

    private Disk() {}

    /** Puts the gate up, for the rest of the process; the caller's thread is the UI thread. */
    public static void boot() {
        ui = Thread.currentThread();
        System.setSecurityManager(new Disk());
    }

    /** As if nothing had happened, and nothing were refused. */
    public static void forget() {
        refused = null;
        synchronized (ON_UI_THREAD) {
            ON_UI_THREAD.clear();
        }
    }

    /** What the app has done on the UI thread that may wait for a disk or for another app, with the place in its code. */
    public static List<String> onUiThread() {
        synchronized (ON_UI_THREAD) {
            return new ArrayList<>(ON_UI_THREAD);
        }
    }

    /** Somebody asks for what may take as long as a disk does. */
    public static void touched(String what) {
        String place = Thread.currentThread() == ui ? place() : null;
        if (place != null) {
            note(place + ": " + what);
        }
    }

    private static void note(String what) {
        synchronized (ON_UI_THREAD) {
            ON_UI_THREAD.add(what);
        }
    }

    /** Returns where in the app's code this thread is; null if it is not there, or because a test has called it. */
    private static String place() {
        StackTraceElement[] frames = new Throwable().getStackTrace();
        String place = null;
        int outermost = -1;
        for (int i = 0; i < frames.length; i++) {
            if (isApp(frames[i])) {
                place = place == null ? frames[i].toString() : place;
                outermost = i;
            }
        }
        boolean isCalledByTest = outermost >= 0 && outermost + 1 < frames.length && isTest(frames[outermost + 1]);
        return isCalledByTest ? null : place;
    }

    private static boolean isApp(StackTraceElement frame) {
        return frame.getClassName().startsWith(APP) && !isTest(frame);
    }

    private static boolean isTest(StackTraceElement frame) {
        for (String test : TESTS) {
            if (frame.getClassName().startsWith(test)) {
                return true;
            }
        }
        return false;
    }

    /** The app's data and assets, and Linux's files; classes and resources are the framework's matter. */
    private static void opened(String path) {
        for (String folder : new String[] {System.getProperty("phone"), System.getProperty("assets"), "/proc/", "/sys/"}) {
            if (path.startsWith(folder)) {
                touched(path);
                return;
            }
        }
    }

    @Override
    public void checkPermission(Permission asked) {}

    @Override
    public void checkPermission(Permission asked, Object context) {}

    @Override
    public void checkRead(String path) {
        opened(path);
    }

    @Override
    public void checkDelete(String path) {
        opened(path);
    }

    @Override
    public void checkWrite(String path) {
        opened(path);
        boolean isSettings = path.startsWith(System.getProperty("phone")) && path.endsWith(".xml");
        if (isSettings && !Thread.currentThread().getName().startsWith("mobileiqa-")) {
            note(path + ": left to Android, which writes it on the UI thread when a screen is left");
        }
        if (path.equals(refused)) {
            Disk.<RuntimeException>raise(new FileNotFoundException(path + " (Permission denied)"));
        }
    }

    /** Whoever opens a file expects this exception, but this method may not declare it. */
    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void raise(Throwable what) throws E {
        throw (E) what;
    }
}
