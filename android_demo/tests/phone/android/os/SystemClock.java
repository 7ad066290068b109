package android.os;

public final class SystemClock {
    public static void sleep(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    public static long elapsedRealtimeNanos() {
        return System.nanoTime();
    }
}
