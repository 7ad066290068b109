package ai.mobileiqa.demo;

import android.app.Activity;
import android.content.Context;
import android.graphics.Rect;
import android.os.Build;
import android.view.WindowInsets;
import android.view.WindowManager;
import java.lang.reflect.InvocationTargetException;

/**
 * What Android has learnt after API 23, by reflection: the build links against that version's android.jar, the
 * last one in Debian. All of it is public API; where the device is older, there is an answer all the same.
 */
final class Platform {
    private static final int BARS = 1 | 1 << 1 | 1 << 2; // WindowInsets.Type: status, navigation, caption
    private static final int KEYBOARD = 1 << 3;
    private static final int CUTOUT = 1 << 7;

    @SuppressWarnings("deprecation")
    private static final int OVER_LOCK = WindowManager.LayoutParams.FLAG_SHOW_WHEN_LOCKED
            | WindowManager.LayoutParams.FLAG_TURN_SCREEN_ON;

    private Platform() {}

    /** Pixels at each edge that the system's bars, the camera's hole or the keyboard cover. */
    @SuppressWarnings("deprecation")
    static Rect covered(WindowInsets insets) {
        if (Build.VERSION.SDK_INT >= 30) {
            try {
                Object sides = insets.getClass().getMethod("getInsets", int.class)
                        .invoke(insets, BARS | KEYBOARD | CUTOUT);
                Class<?> type = sides.getClass();
                return new Rect(
                        type.getField("left").getInt(sides),
                        type.getField("top").getInt(sides),
                        type.getField("right").getInt(sides),
                        type.getField("bottom").getInt(sides));
            } catch (ReflectiveOperationException gone) {
                return systemWindow(insets);
            }
        }
        return systemWindow(insets);
    }

    @SuppressWarnings("deprecation")
    private static Rect systemWindow(WindowInsets insets) {
        return new Rect(
                insets.getSystemWindowInsetLeft(),
                insets.getSystemWindowInsetTop(),
                insets.getSystemWindowInsetRight(),
                insets.getSystemWindowInsetBottom());
    }

    /**
     * Shows an activity on a locked phone, screen on, as long as it is there: for a measurement that a computer asks
     * for. It is not in the manifest, where it would also apply when the screen is opened by hand.
     */
    @SuppressWarnings("deprecation")
    static void showOverLock(Activity activity) {
        if (Build.VERSION.SDK_INT >= 27) {
            try {
                activity.getClass().getMethod("setShowWhenLocked", boolean.class).invoke(activity, true);
                activity.getClass().getMethod("setTurnScreenOn", boolean.class).invoke(activity, true);
                return;
            } catch (ReflectiveOperationException gone) {
                activity.getWindow().addFlags(OVER_LOCK);
                return;
            }
        }
        activity.getWindow().addFlags(OVER_LOCK);
    }

    /** PowerManager.getCurrentThermalStatus: 0 none to 6 shutdown; null below API 29. */
    static Integer thermalStatus(Context context) {
        if (Build.VERSION.SDK_INT < 29) {
            return null;
        }
        Object power = context.getSystemService(Context.POWER_SERVICE);
        try {
            return (Integer) power.getClass().getMethod("getCurrentThermalStatus").invoke(power);
        } catch (InvocationTargetException | IllegalAccessException | NoSuchMethodException gone) {
            return null;
        }
    }

    /** Build.SOC_MODEL from API 31 on; null where there is none. */
    static String socModel() {
        return Build.VERSION.SDK_INT < 31 ? null : named(Build.class, "SOC_MODEL");
    }

    /** Returns a static text of a class; null if there is none or it is unknown. */
    static String named(Class<?> type, String field) {
        try {
            String text = (String) type.getField(field).get(null);
            return Build.UNKNOWN.equals(text) ? null : text;
        } catch (ReflectiveOperationException gone) {
            return null;
        }
    }
}
