package ai.mobileiqa.demo;

import ai.mobileiqa.core.Contract;
import android.content.Intent;
import android.os.Bundle;
import android.view.View;

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
        leadTo(R.id.card, "MODEL_CARD.md", R.string.model_card);
        leadTo(R.id.licence, "LICENSE", R.string.licence);
        leadTo(R.id.third_party, "THIRD_PARTY.txt", R.string.third_party);
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
                contract.name + " " + contract.version,
                contract.family,
                contract.licence,
                contract.width,
                contract.height,
                contract.decode,
                contract.weights,
                contract.compute,
                contract.opinions,
                session.runtime,
                contract.checkpointSha256);
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
