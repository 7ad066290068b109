package android.widget;

import android.content.Context;
import android.view.LayoutInflater;
import android.view.View;
import android.view.ViewGroup;
import java.util.List;

public class ArrayAdapter<T> extends BaseAdapter {
    private final Context context;
    private final int layout;
    private final List<T> items;

    public ArrayAdapter(Context context, int layout, List<T> items) {
        this.context = context;
        this.layout = layout;
        this.items = items;
    }

    @Override
    public int getCount() {
        return items.size();
    }

    @Override
    public Object getItem(int position) {
        return items.get(position);
    }

    @Override
    public long getItemId(int position) {
        return position;
    }

    @Override
    public View getView(int position, View old, ViewGroup list) {
        TextView view = (TextView) LayoutInflater.from(context).inflate(layout, list, false);
        view.setText(items.get(position).toString());
        return view;
    }
}
