package android.os;

import com.android.tools.layoutlib.annotations.LayoutlibDelegate;

/** In place of Linux's books about the process. */
public final class Debug_Delegate {
    private static final int KILOBYTES = 1000;

    @LayoutlibDelegate
    static void getMemoryInfo(Debug.MemoryInfo memory) {
        memory.dalvikPss = 3 * KILOBYTES;
        memory.dalvikPrivateClean = KILOBYTES;
        memory.dalvikPrivateDirty = KILOBYTES / 2;
    }
}
