package android.system;

public final class ErrnoException extends Exception {
    private static final long serialVersionUID = 1;

    public ErrnoException(String function, int errno) {
        super(function + " " + errno);
    }
}
