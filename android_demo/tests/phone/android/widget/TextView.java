package android.widget;

import android.content.Context;
import android.view.View;

public class TextView extends View {
    protected CharSequence text = "";

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
}
