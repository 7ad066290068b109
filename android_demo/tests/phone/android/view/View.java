package android.view;

import android.content.Context;
import android.content.res.Resources;
import android.graphics.Canvas;
import android.util.AttributeSet;

public class View {
    public static final int VISIBLE = 0;
    public static final int GONE = 8;
    public static final int IMPORTANT_FOR_ACCESSIBILITY_NO = 2;

    public interface OnClickListener {
        void onClick(View view);
    }

    public interface OnApplyWindowInsetsListener {
        WindowInsets onApplyWindowInsets(View view, WindowInsets insets);
    }

    public int id;
    public int[] padding;
    private final Context context;
    private int visibility;
    private boolean selected;
    private CharSequence description;
    private OnClickListener onClick;
    private OnApplyWindowInsetsListener onInsets;

    public View(Context context) {
        this.context = context;
    }

    public View(Context context, AttributeSet attributes) {
        this.context = context;
    }

    public final Context getContext() {
        return context;
    }

    public Resources getResources() {
        return context.getResources();
    }

    public final View findViewById(int wanted) {
        return find(wanted);
    }

    View find(int wanted) {
        return id == wanted ? this : null;
    }

    public void setVisibility(int to) {
        visibility = to;
    }

    public int getVisibility() {
        return visibility;
    }

    public int getLayoutDirection() {
        return 0;
    }

    public void setSelected(boolean to) {
        selected = to;
    }

    public boolean isSelected() {
        return selected;
    }

    public void setContentDescription(CharSequence to) {
        description = to;
    }

    public CharSequence getContentDescription() {
        return description;
    }

    public void setOnClickListener(OnClickListener listener) {
        onClick = listener;
    }

    public boolean performClick() {
        if (visibility != VISIBLE || onClick == null) {
            throw new AssertionError("nobody can press this");
        }
        onClick.onClick(this);
        return true;
    }

    public void setOnApplyWindowInsetsListener(OnApplyWindowInsetsListener listener) {
        onInsets = listener;
    }

    public WindowInsets dispatchApplyWindowInsets(WindowInsets insets) {
        return onInsets.onApplyWindowInsets(this, insets);
    }

    public void setPadding(int left, int top, int right, int bottom) {
        padding = new int[] {left, top, right, bottom};
    }

    public void setImportantForAccessibility(int mode) {}

    public final int getWidth() {
        return 100;
    }

    public final int getHeight() {
        return 20;
    }

    public void invalidate() {}

    protected void onDraw(Canvas canvas) {}
}
