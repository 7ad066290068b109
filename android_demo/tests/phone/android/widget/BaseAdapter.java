package android.widget;

public abstract class BaseAdapter implements ListAdapter {
    public void notifyDataSetChanged() {}

    public boolean isEnabled(int position) {
        return true;
    }

    public abstract Object getItem(int position);

    public abstract long getItemId(int position);
}
