package android.app;

import android.content.ActivityNotFoundException;
import android.content.Context;
import android.content.Intent;
import android.os.Bundle;
import android.view.LayoutInflater;
import android.view.View;
import android.view.ViewGroup;
import android.view.Window;

public class Activity extends Context {
    public static final int RESULT_OK = -1;
    public static final int RESULT_CANCELED = 0;

    /** Set by a test: actions that no app on this phone answers. */
    public static String unanswered;

    public final Window window = new Window();
    public Intent asked;
    public int askedRequest;
    public boolean overLock;
    boolean changing;
    Object retained;
    Intent intent;
    private final ViewGroup decor = new ViewGroup(this);
    private CharSequence title = "title";

    protected void onCreate(Bundle state) {}

    protected void onStart() {}

    protected void onStop() {}

    protected void onDestroy() {}

    protected void onNewIntent(Intent intent) {}

    protected void onSaveInstanceState(Bundle state) {}

    protected void onActivityResult(int request, int outcome, Intent answer) {}

    public Object onRetainNonConfigurationInstance() {
        return null;
    }

    public final Object getLastNonConfigurationInstance() {
        return retained;
    }

    public boolean isChangingConfigurations() {
        return changing;
    }

    public void setShowWhenLocked(boolean on) {
        overLock = on;
    }

    public void setTurnScreenOn(boolean on) {}

    public final Intent getIntent() {
        return intent;
    }

    public final CharSequence getTitle() {
        return title;
    }

    public void setTitle(int to) {
        title = getString(to);
    }

    public void setContentView(int layout) {
        decor.children.clear();
        getLayoutInflater().inflate(layout, decor, true);
    }

    public final View findViewById(int id) {
        return decor.findViewById(id);
    }

    public LayoutInflater getLayoutInflater() {
        return new LayoutInflater(this);
    }

    public Window getWindow() {
        return window;
    }

    public void startActivityForResult(Intent intent, int request) {
        if (intent.getAction().equals(unanswered)) {
            throw new ActivityNotFoundException();
        }
        asked = intent;
        askedRequest = request;
    }
}
