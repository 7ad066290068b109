package android.app;

import ai.mobileiqa.phone.Disk;
import ai.mobileiqa.phone.Providers;
import android.content.BroadcastReceiver;
import android.content.Context;
import android.content.ContextWrapper;
import android.content.Intent;
import android.content.IntentFilter;
import android.content.SharedPreferences;
import android.content.pm.PackageInfo;
import android.content.pm.PackageManager;
import android.content.res.AssetManager;
import android.os.BatteryManager;
import android.os.PowerManager;
import com.android.layoutlib.bridge.android.BridgePackageManager;
import com.android.layoutlib.bridge.android.BridgePowerManager;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;

/**
 * An app on a phone: its folders lie under the system property {@code phone}, its assets under {@code assets}, and what
 * other processes say is what a test has set here. Resources and views are those of the wrapped context.
 */
public class PhoneContext extends ContextWrapper {
    private static final Map<String, SharedPreferences> PREFERENCES = new HashMap<>();

    /** Bytes of memory that are free. */
    public static volatile long availableMemory;

    /** PowerManager's, from Android 10 on. */
    public static volatile int thermalStatus;

    public static volatile boolean isPowerSaveMode;

    /** When the app was installed or updated. */
    public static volatile long updated;

    private static volatile int charge;

    static {
        forget();
    }

    private final Providers providers;

    /** Wraps Android's resources; null for an app that has none. */
    public PhoneContext(Context resources) {
        super(resources);
        providers = new Providers(this);
    }

    /** As if the app were installed anew, on a phone in good order. */
    public static void forget() {
        synchronized (PREFERENCES) {
            PREFERENCES.clear();
        }
        availableMemory = 2L << 30;
        thermalStatus = 0;
        isPowerSaveMode = false;
        updated = 1;
        charge = 3_000_000;
    }

    @Override
    public Context getApplicationContext() {
        return this;
    }

    @Override
    public Providers getContentResolver() {
        return providers;
    }

    @Override
    public String getPackageName() {
        return "ai.mobileiqa.demo";
    }

    @Override
    public String getOpPackageName() {
        return getPackageName();
    }

    @Override
    public File getFilesDir() {
        return folder("files");
    }

    @Override
    public File getCacheDir() {
        return folder("cache");
    }

    private static File folder(String name) {
        File folder = new File(System.getProperty("phone"), name);
        folder.mkdirs();
        return folder;
    }

    @Override
    public SharedPreferences getSharedPreferences(String name, int mode) {
        Disk.touched("settings " + name);
        synchronized (PREFERENCES) {
            return PREFERENCES.computeIfAbsent(
                    name, any -> new SharedPreferencesImpl(new File(folder("shared_prefs"), any + ".xml"), mode));
        }
    }

    @Override
    public AssetManager getAssets() {
        return new Assets();
    }

    @Override
    public PackageManager getPackageManager() {
        return new Packages();
    }

    @Override
    public Object getSystemService(String name) {
        switch (name) {
            case ACTIVITY_SERVICE:
                return new Memory(this);
            case BATTERY_SERVICE:
                return new Battery();
            case POWER_SERVICE:
                return new Power(this);
            case APP_OPS_SERVICE:
                return null; // no operation of the providers here is one that it decides on
            default:
                return super.getSystemService(name);
        }
    }

    @Override
    public Intent registerReceiver(BroadcastReceiver receiver, IntentFilter filter) {
        return new Intent(filter.getAction(0))
                .putExtra(BatteryManager.EXTRA_LEVEL, 40)
                .putExtra(BatteryManager.EXTRA_SCALE, 50)
                .putExtra(BatteryManager.EXTRA_PLUGGED, 0)
                .putExtra(BatteryManager.EXTRA_VOLTAGE, 4000)
                .putExtra(BatteryManager.EXTRA_TEMPERATURE, 305);
    }

    /** The APK's files. */
    private static final class Assets extends AssetManager {
        @Override
        public InputStream open(String name) throws IOException {
            return new FileInputStream(new File(System.getProperty("assets"), name));
        }
    }

    private static final class Packages extends BridgePackageManager {
        @Override
        public boolean hasSystemFeature(String name) {
            return true;
        }

        @Override
        public PackageInfo getPackageInfo(String name, int flags) throws NameNotFoundException {
            if (!name.equals("ai.mobileiqa.demo")) {
                throw new NameNotFoundException(name);
            }
            PackageInfo info = new PackageInfo();
            info.lastUpdateTime = updated;
            info.versionName = "0.1.0";
            return info;
        }
    }

    private static final class Memory extends ActivityManager {
        Memory(Context context) {
            super(context, null);
        }

        @Override
        public void getMemoryInfo(MemoryInfo memory) {
            memory.totalMem = 4L << 30;
            memory.availMem = availableMemory;
            memory.threshold = 1L << 20;
        }
    }

    /** Its charge falls by a milliampere-hour at every look. */
    private static final class Battery extends BatteryManager {
        @Override
        public int getIntProperty(int id) {
            charge -= 1000;
            return charge;
        }
    }

    /** Android 10's. */
    public static final class Power extends PowerManager {
        Power(Context context) {
            super(context, new BridgePowerManager(), null);
        }

        @Override
        public boolean isPowerSaveMode() {
            return isPowerSaveMode;
        }

        public int getCurrentThermalStatus() {
            return thermalStatus;
        }
    }
}
