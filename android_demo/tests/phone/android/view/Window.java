package android.view;

public class Window {
    public int flags;

    public void addFlags(int more) {
        flags |= more;
    }

    public void clearFlags(int less) {
        flags &= ~less;
    }
}
