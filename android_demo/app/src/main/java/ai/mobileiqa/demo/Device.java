package ai.mobileiqa.demo;

import ai.mobileiqa.core.Model;
import android.app.ActivityManager;
import android.content.Context;
import android.content.pm.PackageManager;
import android.os.Build;
import android.os.PowerManager;
import android.os.Process;
import java.io.BufferedReader;
import java.io.FileOutputStream;
import java.io.FileReader;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a measurement depends on: the phone, its system and the state it is in. Null if the system does not say. */
final class Device {
    private Device() {}

    /** The key {@code environment} of docs/android-benchmark.md. */
    static Map<String, Object> describe(Context context) {
        Map<String, Object> found = new LinkedHashMap<String, Object>();
        String soc = Platform.socModel();
        found.put("machine", Build.MANUFACTURER + " " + Build.MODEL);
        found.put("cpu", soc == null ? Build.HARDWARE : soc);
        found.put("cpus", Runtime.getRuntime().availableProcessors());
        found.put("memory_bytes", memoryBytes(context));
        found.put("abi", abi());
        found.put("os", "Android " + Build.VERSION.RELEASE + ", API " + Build.VERSION.SDK_INT);
        found.put("security_patch", Build.VERSION.SECURITY_PATCH);
        found.put("app", version(context));
        found.put("packages", Collections.singletonMap("onnxruntime", onnxruntime()));
        Battery battery = new Battery(context);
        found.put("battery_percent", battery.percent);
        found.put("charging", battery.charging);
        found.put("power_save", powerSave(context));
        return found;
    }

    static boolean powerSave(Context context) {
        return ((PowerManager) context.getSystemService(Context.POWER_SERVICE)).isPowerSaveMode();
    }

    static String version(Context context) {
        try {
            return context.getPackageManager().getPackageInfo(context.getPackageName(), 0).versionName;
        } catch (PackageManager.NameNotFoundException impossible) { // it is this very app
            return null;
        }
    }

    /** Starts VmHWM, the peak of resident memory, anew (proc(5), clear_refs); returns false if Linux refuses. */
    static boolean resetPeakMemory() {
        try (FileOutputStream refs = new FileOutputStream("/proc/self/clear_refs")) {
            refs.write('5');
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    /** Returns a line of {@code /proc/self/status} in bytes, such as VmHWM; null if it cannot be read. */
    static Long status(String key) {
        try (BufferedReader status = new BufferedReader(new FileReader("/proc/self/status"))) {
            for (String line = status.readLine(); line != null; line = status.readLine()) {
                if (line.startsWith(key + ":")) {
                    return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
                }
            }
        } catch (IOException | NumberFormatException closed) {
            return null;
        }
        return null;
    }

    /** Returns the highest clock frequency of a processor now, in MHz; null if it may not be read. */
    static Double megahertz() {
        Double highest = null;
        for (int cpu = 0; cpu < Runtime.getRuntime().availableProcessors(); cpu++) {
            String path = "/sys/devices/system/cpu/cpu" + cpu + "/cpufreq/scaling_cur_freq";
            try (BufferedReader file = new BufferedReader(new FileReader(path))) {
                double megahertz = Long.parseLong(file.readLine().trim()) / 1000.0;
                highest = highest == null ? megahertz : Math.max(highest, megahertz);
            } catch (IOException | RuntimeException hidden) { // empty and other texts too
                return highest;
            }
        }
        return highest;
    }

    private static String onnxruntime() {
        try {
            return Model.runtimeVersion();
        } catch (LinkageError missing) { // no native library for this CPU; the measurement will say so
            return null;
        }
    }

    private static String abi() {
        String[] abis = Process.is64Bit() ? Build.SUPPORTED_64_BIT_ABIS : Build.SUPPORTED_32_BIT_ABIS;
        return abis.length == 0 ? null : abis[0];
    }

    private static long memoryBytes(Context context) {
        ActivityManager.MemoryInfo memory = new ActivityManager.MemoryInfo();
        ((ActivityManager) context.getSystemService(Context.ACTIVITY_SERVICE)).getMemoryInfo(memory);
        return memory.totalMem;
    }
}
