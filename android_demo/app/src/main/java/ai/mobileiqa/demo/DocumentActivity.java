package ai.mobileiqa.demo;

import android.app.Activity;
import android.os.Bundle;
import android.view.View;
import android.widget.ListView;
import android.widget.TextView;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** A text that comes with the app, block by block: the licences are too long for one text view. */
public final class DocumentActivity extends Activity {
    /** Name of the asset; one that ends in .md is Markdown. */
    static final String DOCUMENT = "document";

    /** String resource. */
    static final String TITLE = "title";

    private Work reading;

    @Override
    protected void onCreate(Bundle state) {
        super.onCreate(state);
        setContentView(R.layout.document);
        ScreenActivity.keepOffTheBars(findViewById(R.id.root), null);
        setTitle(getIntent().getIntExtra(TITLE, R.string.about));
        ((TextView) findViewById(R.id.title)).setText(getTitle());
        reading = new Read(getIntent().getStringExtra(DOCUMENT));
        reading.start();
    }

    @Override
    protected void onDestroy() {
        reading.cancel();
        super.onDestroy();
    }

    private final class Read extends Work {
        private final String name;
        private List<Page.Block> blocks;

        Read(String name) {
            this.name = name;
        }

        @Override
        protected void run() throws IOException {
            try (InputStream in = getAssets().open(name)) {
                blocks = Page.read(in, name.endsWith(".md"));
            }
        }

        @Override
        protected void done() {
            ((ListView) findViewById(R.id.list)).setAdapter(new DocumentAdapter(DocumentActivity.this, blocks));
        }

        @Override
        protected void failed(Throwable problem) {
            TextView notice = (TextView) findViewById(R.id.notice);
            notice.setText(PhotoProblem.say(DocumentActivity.this, problem));
            notice.setVisibility(View.VISIBLE);
        }
    }
}
