package android.app;

public class ActivityManager {
    public static class MemoryInfo {
        public long totalMem;
    }

    public void getMemoryInfo(MemoryInfo memory) {
        memory.totalMem = 4L << 30;
    }
}
