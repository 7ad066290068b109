package ai.mobileiqa.demo;

import ai.mobileiqa.core.Model;
import ai.mobileiqa.core.ModelException;
import ai.mobileiqa.core.Replay;
import android.content.Context;
import android.graphics.Bitmap;
import android.net.Uri;

/** One photo and what the models think of it. */
final class ScoreSession extends Session {
    /** Pixels of the longer side on the screen, at least. */
    private static final int PREVIEW = 1024;

    Uri photo;
    Bitmap preview;
    Assessment first;

    /** Of the imported model; null where there is none. */
    Assessment second;
    Throwable secondProblem;

    /** Null until it is known. */
    GoldenCheck golden;
    Throwable goldenProblem;
    boolean checking;

    /** The test image by a model just imported; null at other times. */
    Replay importReplay;

    private final Context context;

    ScoreSession(Context context) {
        this.context = context.getApplicationContext();
        golden = GoldenCheck.kept(this.context);
        if (golden == null) {
            checking = true;
            new Check().start();
        }
    }

    /** Scores a photo in place of the one before. */
    void score(Uri uri) {
        photo = uri;
        preview = null;
        first = null;
        importReplay = null;
        forgetSecond();
        start(new Score(uri), R.string.step_decode);
    }

    void importModel(Uri uri) {
        forgetSecond();
        importReplay = null;
        start(new Import(uri), R.string.step_import);
    }

    void removeModel() {
        forgetSecond();
        importReplay = null;
        start(new Remove(), R.string.step_import);
    }

    /** The model has changed: the photo on the screen is worth another look. */
    private void again() {
        if (photo != null) {
            start(new Score(photo), R.string.step_decode);
        } else {
            ended(null);
        }
    }

    private void forgetSecond() {
        second = null;
        secondProblem = null;
    }

    private final class Score extends Work {
        private final Uri uri;

        Score(Uri uri) {
            this.uri = uri;
        }

        @Override
        protected void run() throws Exception {
            final Photo photo = new Photo(context, uri);
            final Bitmap shown = photo.preview(PREVIEW);
            post(new Runnable() {
                @Override
                public void run() {
                    preview = shown;
                    step(R.string.step_score);
                }
            });
            final Assessment found = Assessment.of(photo, Models.bundled(context), this);
            post(new Runnable() {
                @Override
                public void run() {
                    first = found;
                    step(R.string.step_second);
                }
            });
            check();
            secondOpinion(photo);
        }

        /** A second opinion that fails does not take away the first. */
        private void secondOpinion(Photo photo) {
            Assessment found = null;
            Throwable problem = null;
            try {
                Model imported = Models.imported(context);
                found = imported == null ? null : Assessment.of(photo, imported, this);
            } catch (PhotoProblem | ModelException | OutOfMemoryError error) {
                problem = error;
            }
            final Assessment assessment = found;
            final Throwable reason = problem;
            post(new Runnable() {
                @Override
                public void run() {
                    second = assessment;
                    secondProblem = reason;
                }
            });
        }

        @Override
        protected void done() {
            ended(null);
        }

        @Override
        protected void failed(Throwable problem) {
            ended(problem);
        }
    }

    private final class Import extends Work {
        private final Uri uri;
        private Replay replay;

        Import(Uri uri) {
            this.uri = uri;
        }

        @Override
        protected void run() throws Exception {
            replay = Models.importFrom(context, uri, this);
        }

        @Override
        protected void done() {
            importReplay = replay;
            again();
        }

        @Override
        protected void failed(Throwable problem) {
            ended(problem);
        }
    }

    private final class Remove extends Work {
        @Override
        protected void run() throws Exception {
            Models.removeImported(context);
        }

        @Override
        protected void done() {
            ended(null);
        }

        @Override
        protected void failed(Throwable problem) {
            ended(problem);
        }
    }

    /** The self-test of a first start; it is short, and nothing cancels it. */
    private final class Check extends Work {
        private GoldenCheck found;

        @Override
        protected void run() throws Exception {
            found = GoldenCheck.kept(context);
            if (found == null) {
                found = GoldenCheck.replay(context);
            }
        }

        @Override
        protected void done() {
            golden = found;
            checking = false;
            changed();
        }

        @Override
        protected void failed(Throwable problem) {
            goldenProblem = problem;
            checking = false;
            changed();
        }
    }
}
