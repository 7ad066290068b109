package android.system;

public final class OsConstants {
    public static boolean S_ISREG(int mode) {
        return mode == 0x8000;
    }
}
