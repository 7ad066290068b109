package android.view;

import android.graphics.Insets;

public final class WindowInsets {
    /** What getInsets was asked for. */
    public int types;

    public int getSystemWindowInsetLeft() {
        return 5;
    }

    public int getSystemWindowInsetTop() {
        return 6;
    }

    public int getSystemWindowInsetRight() {
        return 7;
    }

    public int getSystemWindowInsetBottom() {
        return 8;
    }

    public Insets getInsets(int wanted) {
        types = wanted;
        return new Insets();
    }

    public WindowInsets consumeSystemWindowInsets() {
        return this;
    }
}
