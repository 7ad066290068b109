package ai.mobileiqa.demo;

import android.content.Context;
import android.content.Intent;
import android.content.IntentFilter;
import android.os.BatteryManager;

/** The battery at one moment; null where the phone does not say. */
final class Battery {
    private static final int UNKNOWN = Integer.MIN_VALUE;

    final Integer percent;
    final Boolean charging;
    final Integer microampereHours;
    final Double volts;
    final Double celsius;

    Battery(Context context) {
        Intent state = context.registerReceiver(null, new IntentFilter(Intent.ACTION_BATTERY_CHANGED));
        Integer level = number(state, BatteryManager.EXTRA_LEVEL);
        Integer scale = number(state, BatteryManager.EXTRA_SCALE);
        Integer plugged = number(state, BatteryManager.EXTRA_PLUGGED);
        Integer millivolts = number(state, BatteryManager.EXTRA_VOLTAGE);
        Integer tenths = number(state, BatteryManager.EXTRA_TEMPERATURE);
        percent = level == null || scale == null || scale <= 0 ? null : 100 * level / scale;
        charging = plugged == null ? null : plugged != 0;
        volts = millivolts == null ? null : millivolts / 1000.0;
        celsius = tenths == null ? null : tenths / 10.0;
        microampereHours = counter(context);
    }

    private static Integer number(Intent state, String key) {
        int value = state == null ? UNKNOWN : state.getIntExtra(key, UNKNOWN);
        return value == UNKNOWN ? null : value;
    }

    private static Integer counter(Context context) {
        BatteryManager manager = (BatteryManager) context.getSystemService(Context.BATTERY_SERVICE);
        int value = manager == null ? 0 : manager.getIntProperty(BatteryManager.BATTERY_PROPERTY_CHARGE_COUNTER);
        return value <= 0 ? null : value; // phones without a counter answer 0, or the smallest number there is
    }
}
