package android.view;

import android.content.Context;
import java.util.ArrayList;
import java.util.List;

public class ViewGroup extends View {
    public final List<View> children = new ArrayList<>();

    public ViewGroup(Context context) {
        super(context);
    }

    @Override
    View find(int wanted) {
        View found = super.find(wanted);
        for (int i = 0; found == null && i < children.size(); i++) {
            found = children.get(i).find(wanted);
        }
        return found;
    }
}
