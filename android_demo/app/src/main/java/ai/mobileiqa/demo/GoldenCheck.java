package ai.mobileiqa.demo;

import ai.mobileiqa.core.ModelException;
import ai.mobileiqa.core.Replay;
import android.content.Context;
import android.content.SharedPreferences;
import android.content.pm.PackageManager;
import android.os.Build;

/**
 * Whether the bundled model scores its own test image as the contract says. Done when the app is first started,
 * and again after an update of the app or of Android; the outcome is kept in between.
 */
final class GoldenCheck {
    private static final String OF = "golden_of";
    private static final String OK = "golden_ok";
    private static final String EXACT = "golden_input_matches";
    private static final String EXPECTED = "golden_expected";
    private static final String FOUND = "golden_found";
    private static final String TOLERANCE = "golden_tolerance";

    final boolean ok;

    /** Whether at least the resizing gave the right bytes. */
    final boolean inputMatches;
    final double expected;
    final double found;
    final double tolerance;

    private GoldenCheck(SharedPreferences kept) {
        ok = kept.getBoolean(OK, false);
        inputMatches = kept.getBoolean(EXACT, false);
        expected = kept.getFloat(EXPECTED, 0);
        found = kept.getFloat(FOUND, 0);
        tolerance = kept.getFloat(TOLERANCE, 0);
    }

    /** What was found before, null where it has to be done (again). */
    static GoldenCheck kept(Context context) {
        SharedPreferences kept = Settings.of(context);
        return state(context).equals(kept.getString(OF, null)) ? new GoldenCheck(kept) : null;
    }

    /** Replays the test image, on the worker thread, and keeps what was found. */
    static GoldenCheck replay(Context context) throws ModelException {
        Replay replay = Models.bundled(context).replayGolden();
        SharedPreferences kept = Settings.of(context);
        kept.edit()
                .putString(OF, state(context))
                .putBoolean(OK, replay.ok())
                .putBoolean(EXACT, replay.inputMatches)
                .putFloat(EXPECTED, (float) replay.expected)
                .putFloat(FOUND, (float) replay.measured)
                .putFloat(TOLERANCE, (float) replay.tolerance)
                .commit(); // apply would have it written on the UI thread, when a screen is left
        return new GoldenCheck(kept);
    }

    /** Returns the sentence to show. */
    String say(Context context) {
        if (!inputMatches) {
            return context.getString(R.string.golden_input_off);
        }
        return context.getString(ok ? R.string.golden_ok : R.string.golden_off, found, expected, tolerance);
    }

    private static String state(Context context) {
        try {
            long installed = context.getPackageManager()
                    .getPackageInfo(context.getPackageName(), 0).lastUpdateTime;
            return installed + " " + Build.FINGERPRINT;
        } catch (PackageManager.NameNotFoundException impossible) { // it is this very app
            return Build.FINGERPRINT;
        }
    }
}
