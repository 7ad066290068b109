package android.os;

public final class PowerManager {
    public static int thermalStatus;
    public static boolean saving;

    public boolean isPowerSaveMode() {
        return saving;
    }

    public int getCurrentThermalStatus() {
        return thermalStatus;
    }
}
