package android.os;

public class Build {
    public static final String UNKNOWN = "unknown";
    public static final String MANUFACTURER = "Acme";
    public static final String MODEL = "One";
    public static final String HARDWARE = "board";
    public static final String SOC_MODEL = "chip";
    public static String FINGERPRINT = "acme/one:1";
    public static final String[] SUPPORTED_64_BIT_ABIS = {"arm64-v8a"};
    public static final String[] SUPPORTED_32_BIT_ABIS = {};

    public static class VERSION {
        public static int SDK_INT = 24;
        public static final String RELEASE = "7";
        public static final String SECURITY_PATCH = "2026-11-01";
    }
}
