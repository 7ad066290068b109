package ai.mobileiqa.demo;

import ai.mobileiqa.Assessment;
import ai.mobileiqa.core.Replay;
import ai.mobileiqa.core.Verification;
import android.content.ActivityNotFoundException;
import android.content.Intent;
import android.content.pm.PackageManager;
import android.net.Uri;
import android.os.Bundle;
import android.view.View;
import android.widget.ImageView;
import android.widget.TextView;
import java.util.List;

/** Score: one photo, picked, taken or shared. */
public final class ScoreActivity extends ScreenActivity<ScoreSession> {
    private static final int PICK = 1;
    private static final int TAKE = 2;
    private static final int IMPORT = 3;
    private static final String PHOTO = "photo";
    private static final String CAMERA = "camera";

    /** Where the camera app was asked to put its photo; it may outlive this process. */
    private Uri camera;

    @Override
    protected ScoreSession newSession() {
        return new ScoreSession(this);
    }

    @Override
    protected int layout() {
        return R.layout.score;
    }

    @Override
    protected void onScreen(Bundle state) {
        onClick(R.id.pick, new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                pick(PICK);
            }
        });
        onClick(R.id.take, new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                session.prepareCamera();
            }
        });
        onClick(R.id.import_model, new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                pick(IMPORT);
            }
        });
        onClick(R.id.remove_model, new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                session.removeModel();
            }
        });
        show(R.id.take, getPackageManager().hasSystemFeature(PackageManager.FEATURE_CAMERA_ANY));
        resume(state);
    }

    /** A new start scores what was shared; after a turn the session has it all; else the photo is read again. */
    private void resume(Bundle state) {
        if (state == null) {
            List<Uri> shared = Incoming.shared(getIntent());
            if (!shared.isEmpty() && session.photo == null) {
                session.score(shared.get(0));
            }
            return;
        }
        camera = uri(state.getString(CAMERA));
        Uri photo = uri(state.getString(PHOTO));
        if (photo != null && session.photo == null) {
            session.score(photo);
        }
    }

    @Override
    protected void onSaveInstanceState(Bundle state) {
        super.onSaveInstanceState(state);
        state.putString(CAMERA, camera == null ? null : camera.toString());
        state.putString(PHOTO, session.photo == null ? null : session.photo.toString());
    }

    @Override
    protected void onActivityResult(int request, int outcome, Intent answer) {
        if (request == TAKE) {
            taken(outcome == RESULT_OK);
            return;
        }
        if (outcome != RESULT_OK) {
            return;
        }
        List<Uri> picked = Incoming.picked(answer);
        if (!picked.isEmpty() && request == PICK) {
            session.score(picked.get(0));
        } else if (!picked.isEmpty() && request == IMPORT) {
            session.importModel(picked.get(0));
        }
    }

    private void taken(boolean isThere) {
        if (camera != null) {
            session.taken(camera, isThere);
        }
        camera = null;
    }

    @Override
    public void render() {
        renderStatus(step(), notice());
        ImageView photo = (ImageView) findViewById(R.id.photo);
        photo.setImageBitmap(session.preview);
        show(R.id.photo, session.preview != null);
        show(R.id.hint, session.preview == null);
        renderFirst(session.first);
        say(R.id.second, second());
        boolean imported = Models.importedName() != null;
        show(R.id.remove_model, imported);
        ((TextView) findViewById(R.id.import_model))
                .setText(imported ? R.string.replace_model : R.string.import_model);
        take();
    }

    private void renderFirst(Assessment first) {
        show(R.id.result, first != null);
        if (first == null) {
            return;
        }
        say(R.id.number, getString(R.string.number, first.score));
        say(R.id.band, getString(R.string.band_of_photo, getString(Bands.word(first.band))));
        ((TextView) findViewById(R.id.band)).setTextColor(getColor(Bands.colour(first.band)));
        ((BandBar) findViewById(R.id.bar)).show(first.score);
        String reason = Reasons.lines(this, first);
        show(R.id.reason, reason != null);
        say(R.id.reason, reason);
        say(R.id.details, details(first));
    }

    private String details(Assessment assessment) {
        String text = getString(
                R.string.details,
                1e3 * assessment.readSeconds,
                1e3 * assessment.decodeSeconds,
                1e3 * assessment.resizeSeconds,
                1e3 * assessment.inferenceSeconds,
                assessment.width,
                assessment.height,
                assessment.model);
        if (assessment.spread != null) {
            text += "\n" + getString(R.string.spread, assessment.spread);
        }
        if (!assessment.exact) {
            text += "\n" + getString(R.string.not_exact, assessment.sampleSize);
        } else if (assessment.sampleSize > 1) {
            text += "\n" + getString(R.string.reduced, assessment.sampleSize);
        }
        if (!assessment.verification.passed) {
            text += "\n" + AboutActivity.verification(this, assessment.verification);
        }
        return text;
    }

    private String second() {
        if (session.secondProblem != null) {
            return PhotoProblem.say(this, session.secondProblem);
        }
        if (session.second != null) {
            Assessment second = session.second;
            String reason = Reasons.lines(this, second);
            return getString(R.string.second_score, second.score, getString(Bands.word(second.band)))
                    + (reason == null ? "\n" : "\n" + reason + "\n") + details(second);
        }
        String name = Models.importedName();
        return name == null ? getString(R.string.second_opinion_hint) : getString(R.string.second_waits, name);
    }

    private String step() {
        if (session.step != 0) {
            return getString(session.step);
        }
        return session.checking ? getString(R.string.step_golden) : null;
    }

    private String notice() {
        if (session.problem != null) {
            return PhotoProblem.say(this, session.problem);
        }
        if (session.goldenProblem != null) {
            return PhotoProblem.say(this, session.goldenProblem);
        }
        if (session.modelProblem != null) {
            return PhotoProblem.say(this, session.modelProblem);
        }
        if (session.imported != null) {
            return notice(session.imported);
        }
        return session.golden == null || session.golden.ok ? null : session.golden.say(this);
    }

    /** Returns what is wrong with a model that was just imported; null if nothing is. */
    private String notice(Models.Imported imported) {
        Replay replay = imported.replay;
        if (!replay.ok()) {
            return getString(R.string.import_off, replay.measured, replay.expected, replay.tolerance);
        }
        Verification verification = imported.verification;
        return verification.passed ? null : AboutActivity.verification(this, verification);
    }

    private void pick(int request) {
        try {
            if (request == PICK) {
                Incoming.pickPhotos(this, request, false);
            } else {
                Incoming.pickDocuments(this, request, "*/*", false);
            }
        } catch (ActivityNotFoundException without) {
            session.fail(new PhotoProblem(R.string.problem_no_picker));
        }
    }

    /** Opens the camera app once the session has a file for its photo. */
    private void take() {
        if (session.camera == null) {
            return;
        }
        camera = session.camera;
        session.camera = null;
        try {
            Incoming.takePhoto(this, TAKE, camera);
        } catch (ActivityNotFoundException without) {
            session.fail(new PhotoProblem(R.string.problem_no_camera));
        }
    }

    private static Uri uri(String text) {
        return text == null ? null : Uri.parse(text);
    }
}
