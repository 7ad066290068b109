package android.widget;

import android.content.Context;

public class CheckBox extends Button {
    private boolean checked;

    public CheckBox(Context context) {
        super(context);
    }

    public boolean isChecked() {
        return checked;
    }

    public void setChecked(boolean to) {
        checked = to;
    }
}
