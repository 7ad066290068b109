package android.graphics;

public final class Insets {
    public final int left = 1;
    public final int top = 2;
    public final int right = 3;
    public final int bottom = 4;
}
