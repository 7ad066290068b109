package android.system;

public final class StructStat {
    public final int st_mode;

    StructStat(int mode) {
        st_mode = mode;
    }
}
