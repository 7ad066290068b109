package ai.mobileiqa.demo;

import android.content.ActivityNotFoundException;
import android.content.Intent;
import android.net.Uri;
import android.os.Bundle;
import android.view.View;
import android.widget.ListView;
import java.util.ArrayList;
import java.util.List;

/** Compare: several photos, ranked, best first. */
public final class CompareActivity extends ScreenActivity<CompareSession> {
    private static final int PICK = 1;
    private static final String PHOTOS = "photos";

    private RankingAdapter adapter;

    @Override
    protected CompareSession newSession() {
        return new CompareSession(this);
    }

    @Override
    protected int layout() {
        return R.layout.compare;
    }

    @Override
    protected void onScreen(Bundle state) {
        adapter = new RankingAdapter(this);
        ((ListView) findViewById(R.id.list)).setAdapter(adapter);
        onClick(R.id.pick, new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                pick();
            }
        });
        onClick(R.id.share, new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                session.share();
            }
        });
        resume(state);
    }

    /** As on the screen Score. */
    private void resume(Bundle state) {
        List<Uri> photos = new ArrayList<Uri>();
        if (state == null) {
            photos = Incoming.shared(getIntent());
        } else if (state.getStringArrayList(PHOTOS) != null) {
            for (String uri : state.getStringArrayList(PHOTOS)) {
                photos.add(Uri.parse(uri));
            }
        }
        if (!photos.isEmpty() && session.photos.isEmpty()) {
            session.compare(photos);
        }
    }

    @Override
    protected void onSaveInstanceState(Bundle state) {
        super.onSaveInstanceState(state);
        ArrayList<String> uris = new ArrayList<String>();
        for (Uri photo : session.photos) {
            uris.add(photo.toString());
        }
        state.putStringArrayList(PHOTOS, uris);
    }

    @Override
    protected void onActivityResult(int request, int outcome, Intent answer) {
        List<Uri> picked = Incoming.picked(answer);
        if (request == PICK && outcome == RESULT_OK && !picked.isEmpty()) {
            session.compare(picked);
        }
    }

    @Override
    public void render() {
        int all = session.photos.size();
        String step = session.step == 0 ? null : getString(session.step, session.done() + 1, all);
        renderStatus(step, notice());
        adapter.show(session.ranked());
        show(R.id.hint, all == 0);
        show(R.id.share, session.done() > 0);
        shareOutgoing("text/csv");
    }

    private String notice() {
        if (session.problem != null) {
            return PhotoProblem.say(this, session.problem);
        }
        return session.tooMany ? getString(R.string.too_many, Incoming.MOST_PHOTOS) : null;
    }

    private void pick() {
        try {
            Incoming.pickPhotos(this, PICK, true);
        } catch (ActivityNotFoundException without) {
            session.fail(new PhotoProblem(R.string.problem_no_picker));
        }
    }
}
