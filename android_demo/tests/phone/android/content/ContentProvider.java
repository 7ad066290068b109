package android.content;

public abstract class ContentProvider {
    private final Context context = new Context();

    public final Context getContext() {
        return context;
    }
}
