package ai.mobileiqa.demo;

import android.app.Activity;
import android.content.ActivityNotFoundException;
import android.content.Intent;
import android.graphics.Rect;
import android.net.Uri;
import android.os.Bundle;
import android.view.View;
import android.view.ViewGroup;
import android.view.WindowInsets;
import android.widget.TextView;

/** A screen: title, content, the way to the other screens; its session is kept while the phone is turned. */
abstract class ScreenActivity<S extends Session> extends Activity implements Session.Screen {
    /** Valid from onCreate on. */
    protected S session;

    protected abstract S newSession();

    /** Layout of what lies between title and navigation. */
    protected abstract int layout();

    /** Sets listeners, after session and views are there. */
    protected abstract void onScreen(Bundle state);

    @Override
    @SuppressWarnings("unchecked") // only onRetainNonConfigurationInstance below hands one over
    protected final void onCreate(Bundle state) {
        super.onCreate(state);
        S kept = (S) getLastNonConfigurationInstance();
        session = kept != null ? kept : newSession();
        setContentView(R.layout.frame);
        getLayoutInflater().inflate(layout(), (ViewGroup) findViewById(R.id.content), true);
        ((TextView) findViewById(R.id.title)).setText(getTitle());
        keepOffTheBars(findViewById(R.id.root), findViewById(R.id.navigation));
        leadTo(R.id.go_score, ScoreActivity.class);
        leadTo(R.id.go_compare, CompareActivity.class);
        leadTo(R.id.go_benchmark, BenchmarkActivity.class);
        leadTo(R.id.go_about, AboutActivity.class);
        onClick(R.id.cancel, new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                session.cancel();
            }
        });
        onScreen(state);
    }

    @Override
    protected void onStart() {
        super.onStart();
        session.attach(this);
    }

    @Override
    protected void onStop() {
        session.detach();
        super.onStop();
    }

    @Override
    public final Object onRetainNonConfigurationInstance() {
        return session;
    }

    @Override
    protected void onDestroy() {
        if (!isChangingConfigurations()) {
            session.cancel();
        }
        super.onDestroy();
    }

    /** Shows what goes on, with a button to cancel it, and what there is to say; each may be null. */
    protected final void renderStatus(CharSequence step, CharSequence notice) {
        show(R.id.busy, step != null);
        show(R.id.cancel, session.busy());
        say(R.id.step, step);
        show(R.id.notice, notice != null);
        say(R.id.notice, notice);
    }

    /** Shares the file that the session has written for it, if there is one. */
    protected final void shareOutgoing(String mime) {
        Uri outgoing = session.outgoing;
        session.outgoing = null;
        try {
            if (outgoing != null) {
                Outbox.share(this, outgoing, mime);
            }
        } catch (ActivityNotFoundException without) {
            session.fail(without);
        }
    }

    protected final void show(int id, boolean visible) {
        findViewById(id).setVisibility(visible ? View.VISIBLE : View.GONE);
    }

    protected final void onClick(int id, View.OnClickListener listener) {
        findViewById(id).setOnClickListener(listener);
    }

    /** Sets a text only where it changes, so that TalkBack does not read it again. */
    protected final void say(int id, CharSequence text) {
        TextView view = (TextView) findViewById(id);
        String now = text == null ? "" : text.toString();
        if (!now.equals(view.getText().toString())) {
            view.setText(now);
        }
    }

    private void leadTo(int button, final Class<? extends Activity> target) {
        View view = findViewById(button);
        if (target == getClass()) {
            view.setSelected(true);
            return;
        }
        view.setOnClickListener(new View.OnClickListener() {
            @Override
            public void onClick(View clicked) {
                Intent intent = new Intent(ScreenActivity.this, target);
                intent.addFlags(Intent.FLAG_ACTIVITY_REORDER_TO_FRONT | Intent.FLAG_ACTIVITY_NO_ANIMATION);
                startActivity(intent);
            }
        });
    }

    /**
     * Keeps views off the system's bars, the camera's hole and the keyboard, under which windows reach from Android 15
     * on.
     *
     * @param navigation at an edge of the root: its colour reaches under the bar that covers this edge; null for none
     */
    static void keepOffTheBars(final View root, final View navigation) {
        root.setOnApplyWindowInsetsListener(new View.OnApplyWindowInsetsListener() {
            @Override
            public WindowInsets onApplyWindowInsets(View view, WindowInsets insets) {
                Rect covered = Platform.covered(insets);
                Rect beside = navigation == null ? new Rect() : beside(view, covered);
                view.setPadding(
                        covered.left - beside.left,
                        covered.top - beside.top,
                        covered.right - beside.right,
                        covered.bottom - beside.bottom);
                if (navigation != null) {
                    navigation.setPadding(beside.left, beside.top, beside.right, beside.bottom);
                }
                return insets.consumeSystemWindowInsets();
            }
        });
    }

    /** Returns the part of what is covered that is left to the navigation: below it, or beside it on a turned phone. */
    private static Rect beside(View root, Rect covered) {
        if (!root.getResources().getBoolean(R.bool.navigation_beside)) {
            return new Rect(0, 0, 0, covered.bottom);
        }
        return root.getLayoutDirection() == View.LAYOUT_DIRECTION_RTL
                ? new Rect(0, 0, covered.right, 0)
                : new Rect(covered.left, 0, 0, 0);
    }
}
