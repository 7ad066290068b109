package android.os;

public final class Debug {
    public static class MemoryInfo {
        public int getTotalPss() {
            return 3000;
        }

        public int getTotalPrivateClean() {
            return 1000;
        }

        public int getTotalPrivateDirty() {
            return 500;
        }
    }

    public static void getMemoryInfo(MemoryInfo memory) {}
}
