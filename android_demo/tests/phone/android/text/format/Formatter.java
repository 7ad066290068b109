package android.text.format;

import android.content.Context;

public final class Formatter {
    public static String formatShortFileSize(Context context, long bytes) {
        return bytes / 1000000 + " MB";
    }
}
