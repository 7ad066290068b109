package android.os;

public class Process {
    public static final boolean is64Bit() {
        return true;
    }
}
