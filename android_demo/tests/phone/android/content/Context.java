package android.content;

import android.app.ActivityManager;
import android.content.pm.PackageManager;
import android.content.res.AssetManager;
import android.content.res.Configuration;
import android.content.res.Resources;
import android.os.BatteryManager;
import android.os.PowerManager;
import java.io.File;
import java.util.ArrayList;
import java.util.List;

/** One app on one phone: its folders lie under the system property {@code phone}. */
public class Context {
    public static final String POWER_SERVICE = "power";
    public static final String ACTIVITY_SERVICE = "activity";
    public static final String BATTERY_SERVICE = "batterymanager";
    public static final int MODE_PRIVATE = 0;

    /** What the phone is set to; a test may change it before it starts or turns an activity. */
    public static Configuration phone = new Configuration();

    /** Every activity that was started, last one last. */
    public static final List<Intent> STARTED = new ArrayList<>();

    private static Preferences preferences = new Preferences();
    private final Resources resources;

    public Context() {
        this(new Configuration(phone));
    }

    private Context(Configuration configuration) {
        resources = new Resources(configuration);
    }

    /** As if the app were installed anew. */
    public static void forget() {
        preferences = new Preferences();
        phone = new Configuration();
        STARTED.clear();
    }

    public Context getApplicationContext() {
        return new Context();
    }

    public Context createConfigurationContext(Configuration configuration) {
        return new Context(configuration);
    }

    public Resources getResources() {
        return resources;
    }

    public final String getString(int id) {
        return resources.text(id);
    }

    public final String getString(int id, Object... values) {
        return String.format(resources.getConfiguration().locale, resources.text(id), values);
    }

    public final int getColor(int id) {
        return id;
    }

    public AssetManager getAssets() {
        return new AssetManager();
    }

    public ContentResolver getContentResolver() {
        return new ContentResolver(this);
    }

    public SharedPreferences getSharedPreferences(String name, int mode) {
        return preferences;
    }

    public File getFilesDir() {
        return folder("files");
    }

    public File getCacheDir() {
        return folder("cache");
    }

    private static File folder(String name) {
        File folder = new File(System.getProperty("phone"), name);
        folder.mkdirs();
        return folder;
    }

    public PackageManager getPackageManager() {
        return new PackageManager();
    }

    public String getPackageName() {
        return "ai.mobileiqa.demo";
    }

    public Object getSystemService(String name) {
        if (name.equals(BATTERY_SERVICE)) {
            return new BatteryManager();
        }
        return name.equals(POWER_SERVICE) ? new PowerManager() : new ActivityManager();
    }

    public Intent registerReceiver(BroadcastReceiver receiver, IntentFilter filter) {
        return new Intent().putExtra("level", 40).putExtra("scale", 50).putExtra("plugged", 0)
                .putExtra("voltage", 4000).putExtra("temperature", 305);
    }

    public void startActivity(Intent intent) {
        STARTED.add(intent);
    }
}
