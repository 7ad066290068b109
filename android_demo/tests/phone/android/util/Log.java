package android.util;

public final class Log {
    public static int w(String tag, String message, Throwable error) {
        throw new AssertionError(tag + ": " + message, error);
    }
}
