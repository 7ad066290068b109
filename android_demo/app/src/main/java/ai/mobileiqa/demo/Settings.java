package ai.mobileiqa.demo;

import android.content.Context;
import android.content.SharedPreferences;

/** Where the app remembers things between starts. */
final class Settings {
    private Settings() {}

    static SharedPreferences of(Context context) {
        return context.getSharedPreferences("settings", Context.MODE_PRIVATE);
    }
}
