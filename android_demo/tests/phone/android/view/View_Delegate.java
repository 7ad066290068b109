package android.view;

import android.os.IBinder;
import com.android.tools.layoutlib.annotations.LayoutlibDelegate;

/** A view of a phone, where layoutlib's lies in an editor; no window manager has taken its window yet. */
public final class View_Delegate {
    @LayoutlibDelegate
    static boolean isInEditMode(View view) {
        return false;
    }

    @LayoutlibDelegate
    static IBinder getWindowToken(View view) {
        return null;
    }
}
