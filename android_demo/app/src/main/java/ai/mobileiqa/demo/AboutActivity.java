package ai.mobileiqa.demo;

import ai.mobileiqa.core.Contract;
import ai.mobileiqa.core.Fit;
import ai.mobileiqa.core.InputSpec;
import ai.mobileiqa.core.Verification;
import android.content.Context;
import android.content.Intent;
import android.os.Bundle;
import android.view.View;
import java.util.Locale;

/** About: what the model is, what it promises, and whether this device keeps it. */
public final class AboutActivity extends ScreenActivity<AboutSession> {
    @Override
    protected AboutSession newSession() {
        return new AboutSession(this);
    }

    @Override
    protected int layout() {
        return R.layout.about;
    }

    @Override
    protected void onScreen(Bundle state) {
        onClick(R.id.replay, new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                session.replay();
            }
        });
        leadTo(R.id.card, "mobileiqa/MODEL_CARD.md", R.string.model_card);
        leadTo(R.id.licence, "mobileiqa/LICENSE", R.string.licence);
        leadTo(R.id.third_party, "mobileiqa/THIRD_PARTY.txt", R.string.third_party);
        say(R.id.version, getString(R.string.version, Device.version(this)));
    }

    @Override
    public void render() {
        renderStatus(
                session.step == 0 ? null : getString(session.step), PhotoProblem.say(this, session.problem));
        say(R.id.golden, session.golden == null ? getString(R.string.unknown) : session.golden.say(this));
        Contract contract = session.contract;
        if (contract != null) {
            say(R.id.contract, describe(contract));
        }
    }

    private String describe(Contract contract) {
        return getString(
                R.string.contract_rows,
                contract.model,
                contract.model.family,
                contract.model.license,
                size(contract.input),
                named(contract.input.decode),
                named(contract.precision.weights),
                named(contract.precision.activations),
                contract.precision.note,
                contract.opinions().size,
                session.runtime,
                contract.model.checkpointSha256,
                verification(this, contract.verification));
    }

    private String size(InputSpec input) {
        if (input.fit == Fit.STRETCH) {
            return getString(R.string.input_stretched, input.width, input.height);
        }
        return getString(R.string.input_kept_aspect, input.settings.get(0).maxPixels);
    }

    /** Returns whether a model passed verification when it was exported, with a line for each failure. */
    static String verification(Context context, Verification verification) {
        if (verification.passed) {
            return context.getString(R.string.verification_passed);
        }
        StringBuilder text = new StringBuilder(context.getString(R.string.verification_failed));
        for (String failure : verification.failures) {
            text.append("\n- ").append(failure);
        }
        return text.toString();
    }

    /** Returns a constant as contracts write it. */
    private static String named(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private void leadTo(int button, final String document, final int title) {
        onClick(button, new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                Intent intent = new Intent(AboutActivity.this, DocumentActivity.class);
                intent.putExtra(DocumentActivity.DOCUMENT, document);
                intent.putExtra(DocumentActivity.TITLE, title);
                startActivity(intent);
            }
        });
    }
}
