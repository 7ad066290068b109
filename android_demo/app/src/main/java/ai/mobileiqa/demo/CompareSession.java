package ai.mobileiqa.demo;

import ai.mobileiqa.Assessment;
import ai.mobileiqa.Photo;
import ai.mobileiqa.PhotoException;
import ai.mobileiqa.Provided;
import ai.mobileiqa.core.Ranking;
import android.content.Context;
import android.graphics.Bitmap;
import android.net.Uri;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/**
 * Several photos, best first. Each is a piece of work of its own, so that requests of other screens need not wait
 * for all of them.
 */
final class CompareSession extends Session {
    private static final int THUMBNAIL = 144;

    /** A photo with its score, or with the reason why there is none. */
    static final class Entry {
        final String name;
        Bitmap thumbnail;
        Assessment assessment;
        Throwable problem;

        Entry(String name) {
            this.name = name;
        }
    }

    /** Photos asked for, whether they are done or not. */
    final List<Uri> photos = new ArrayList<Uri>();

    /** More were asked for than are taken. */
    boolean tooMany;

    private final List<Entry> entries = new ArrayList<Entry>();
    private final Deque<Uri> waiting = new ArrayDeque<Uri>();
    private final Context context;

    CompareSession(Context context) {
        this.context = context.getApplicationContext();
    }

    /** Compares these photos in place of those before. */
    void compare(List<Uri> uris) {
        cancel();
        tooMany = uris.size() > Incoming.MOST_PHOTOS;
        photos.clear();
        photos.addAll(tooMany ? uris.subList(0, Incoming.MOST_PHOTOS) : uris);
        entries.clear();
        waiting.addAll(photos);
        next();
    }

    /** Best first; photos without a score at the end, in the order they came. */
    List<Entry> ranked() {
        List<Entry> ranked = new ArrayList<Entry>(entries);
        Collections.sort(ranked, new Comparator<Entry>() {
            @Override
            public int compare(Entry one, Entry other) {
                return Double.compare(score(other), score(one));
            }
        });
        return ranked;
    }

    /** Writes the photos with a score as a CSV table, to be shared. */
    void share() {
        String csv = csv();
        if (csv == null) {
            fail(new PhotoProblem(R.string.problem_nothing_to_share));
        } else {
            writeOutgoing(context, "mobileiqa-ranking.csv", csv);
        }
    }

    /** Photos with a score, as a CSV table; null where there are none. */
    String csv() {
        Ranking ranking = new Ranking();
        for (Entry entry : entries) {
            if (entry.assessment != null) {
                ranking.add(entry.name, entry.assessment.score, Reasons.english(entry.assessment));
            }
        }
        return ranking.rows().isEmpty() ? null : ranking.csv();
    }

    /** Of {@link #photos}. */
    int done() {
        return entries.size();
    }

    @Override
    void cancel() {
        waiting.clear();
        super.cancel();
    }

    private static double score(Entry entry) {
        return entry.assessment == null ? -1 : entry.assessment.score;
    }

    private void next() {
        if (waiting.isEmpty()) {
            ended(null);
        } else {
            start(new Score(waiting.remove()), R.string.step_compare);
        }
    }

    private final class Score extends Work {
        private final Uri uri;
        private Entry entry;

        Score(Uri uri) {
            this.uri = uri;
        }

        @Override
        protected void run() throws Exception {
            entry = new Entry(Provided.name(context, uri, signal));
            try (Photo photo = Photo.open(context, uri, signal)) {
                entry.thumbnail = photo.preview(THUMBNAIL);
                entry.assessment = Models.bundled(context).assess(photo, signal);
            } catch (PhotoException | OutOfMemoryError | RuntimeException one) { // it never ends the batch
                check();
                entry.problem = one;
            }
        }

        @Override
        protected void done() {
            entries.add(entry);
            next();
        }

        @Override
        protected void failed(Throwable problem) {
            waiting.clear();
            ended(problem);
        }
    }
}
