package android.app;

public class ActivityManager {
    /** Set by a test. */
    public static long available = 2L << 30;

    public static class MemoryInfo {
        public long totalMem;
        public long availMem;
        public long threshold;
    }

    public void getMemoryInfo(MemoryInfo memory) {
        memory.totalMem = 4L << 30;
        memory.availMem = available;
        memory.threshold = 1L << 20;
    }
}
