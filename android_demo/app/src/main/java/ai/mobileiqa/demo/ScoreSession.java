package ai.mobileiqa.demo;

import ai.mobileiqa.Assessment;
import ai.mobileiqa.Photo;
import ai.mobileiqa.PhotoException;
import ai.mobileiqa.QualityScorer;
import ai.mobileiqa.core.ModelException;
import android.content.Context;
import android.graphics.Bitmap;
import android.net.Uri;
import java.io.IOException;

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

    /** An empty file for the camera's photo, which its screen passes on once; null if there is none. */
    Uri camera;

    /** The model that was just imported; null at other times. */
    Models.Imported imported;

    /** Why the last import or removal failed; null if it did not. */
    Throwable modelProblem;

    private final Context context;

    ScoreSession(Context context) {
        this.context = context.getApplicationContext();
        new Recall().startBeside();
    }

    /** Scores a photo in place of the one before. */
    void score(Uri uri) {
        photo = uri;
        preview = null;
        first = null;
        forgetSecond();
        start(new Score(uri), R.string.step_decode);
    }

    /** Makes an empty file for the camera's photo. */
    void prepareCamera() {
        new Work() {
            private Uri prepared;

            @Override
            protected void run() throws IOException {
                prepared = Outbox.forCamera(context);
            }

            @Override
            protected void done() {
                camera = prepared;
                changed();
            }

            @Override
            protected void failed(Throwable full) {
                fail(full);
            }
        }.startBeside();
    }

    /** Keeps one photo of the camera, and scores it if it is new; else the one before stays. */
    void taken(final Uri file, final boolean isThere) {
        new Work() {
            @Override
            protected void run() {
                if (isThere) {
                    Outbox.deletePhotosExcept(context, file);
                } else {
                    Outbox.delete(context, file);
                }
            }

            @Override
            protected void done() {}

            @Override
            protected void failed(Throwable kept) {}
        }.startBeside();
        if (isThere) {
            score(file);
        }
    }

    void importModel(Uri uri) {
        forgetSecond();
        start(new Import(uri), R.string.step_import);
    }

    void removeModel() {
        forgetSecond();
        start(new Remove(), R.string.step_import);
    }

    /** Scores the photo on the screen, if there is one that {@code isDue}; else ends the work. */
    private void scoreAgain(boolean isDue) {
        if (photo != null && isDue) {
            start(new Score(photo), R.string.step_decode);
        } else {
            ended(null);
        }
    }

    private void forgetSecond() {
        second = null;
        secondProblem = null;
        imported = null;
        modelProblem = null;
    }

    private final class Score extends Work {
        private final Uri uri;

        Score(Uri uri) {
            this.uri = uri;
        }

        @Override
        protected void run() throws Exception {
            try (Photo photo = Photo.open(context, uri, signal)) {
                score(photo);
            }
        }

        private void score(Photo photo) throws Exception {
            final Bitmap shown = photo.preview(PREVIEW);
            post(new Runnable() {
                @Override
                public void run() {
                    preview = shown;
                    step(R.string.step_score);
                }
            });
            final Assessment assessment = Models.bundled(context).assess(photo, signal);
            post(new Runnable() {
                @Override
                public void run() {
                    first = assessment;
                    step(R.string.step_second);
                }
            });
            check();
            secondOpinion(photo);
        }

        /** A second opinion that fails does not take away the first. */
        private void secondOpinion(Photo photo) {
            Assessment opinion = null;
            Throwable problem = null;
            try {
                QualityScorer model = Models.imported(context);
                opinion = model == null ? null : model.assess(photo, signal);
            } catch (PhotoException | ModelException | OutOfMemoryError error) {
                problem = error;
            }
            final Assessment assessment = opinion;
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
        private Models.Imported model;

        Import(Uri uri) {
            this.uri = uri;
        }

        @Override
        protected void run() throws Exception {
            model = Models.importFrom(context, uri, this);
        }

        @Override
        protected void done() {
            imported = model;
            scoreAgain(true);
        }

        @Override
        protected void failed(Throwable problem) {
            modelProblem = problem;
            scoreAgain(first == null); // it was interrupted
        }
    }

    private final class Remove extends Work {
        @Override
        protected void run() throws Exception {
            Models.removeImported(context);
        }

        @Override
        protected void done() {
            scoreAgain(first == null); // it was interrupted
        }

        @Override
        protected void failed(Throwable problem) {
            modelProblem = problem;
            scoreAgain(first == null);
        }
    }

    /** What is known from earlier starts. */
    private final class Recall extends Work {
        private GoldenCheck check;

        @Override
        protected void run() {
            Models.recall(context);
            check = GoldenCheck.kept(context);
        }

        @Override
        protected void done() {
            golden = check;
            if (golden == null) {
                checking = true;
                new Check().start();
            }
            changed();
        }

        @Override
        protected void failed(Throwable unread) {
            goldenProblem = unread;
            changed();
        }
    }

    /** The self-test of a first start; it is short, and nothing cancels it. */
    private final class Check extends Work {
        private GoldenCheck check;

        @Override
        protected void run() throws Exception {
            check = GoldenCheck.kept(context);
            if (check == null) {
                check = GoldenCheck.replay(context);
            }
        }

        @Override
        protected void done() {
            golden = check;
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
