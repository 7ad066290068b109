package android.widget;

import android.content.Context;
import android.view.View;

public class TextView extends View {
    protected CharSequence text = "";

    /** The resource of the picture above the text; 0 without one. */
    public int above;

    public TextView(Context context) {
        super(context);
    }

    public final void setText(CharSequence to) {
        text = to;
    }

    public final void setText(int to) {
        text = getContext().getString(to);
    }

    public CharSequence getText() {
        return text;
    }

    public void setTextColor(int to) {}

    public void setCompoundDrawablesWithIntrinsicBounds(int left, int top, int right, int bottom) {
        above = top;
    }
}
