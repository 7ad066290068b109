package ai.mobileiqa.demo;

import android.app.Activity;
import android.os.Bundle;
import android.widget.ArrayAdapter;
import android.widget.ListView;
import android.widget.TextView;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;

/** A text that comes with the app, paragraph by paragraph: the licences are too long for one text view. */
public final class DocumentActivity extends Activity {
    /** Name of the asset. */
    static final String DOCUMENT = "document";

    /** String resource. */
    static final String TITLE = "title";

    @Override
    protected void onCreate(Bundle state) {
        super.onCreate(state);
        setContentView(R.layout.document);
        ScreenActivity.keepOffTheBars(findViewById(R.id.root));
        setTitle(getIntent().getIntExtra(TITLE, R.string.about));
        ((TextView) findViewById(R.id.title)).setText(getTitle());
        ((ListView) findViewById(R.id.list))
                .setAdapter(new ArrayAdapter<String>(this, R.layout.document_paragraph, paragraphs()));
    }

    private List<String> paragraphs() {
        List<String> paragraphs = new ArrayList<String>();
        StringBuilder paragraph = new StringBuilder();
        try (BufferedReader text = new BufferedReader(
                new InputStreamReader(getAssets().open(getIntent().getStringExtra(DOCUMENT)), "UTF-8"))) {
            for (String line = text.readLine(); line != null; line = text.readLine()) {
                if (line.trim().isEmpty() && paragraph.length() > 0) {
                    paragraphs.add(paragraph.toString());
                    paragraph.setLength(0);
                } else if (!line.trim().isEmpty()) {
                    paragraph.append(paragraph.length() == 0 ? "" : "\n").append(line);
                }
            }
        } catch (IOException missing) {
            paragraph.append(getString(R.string.problem_other, String.valueOf(missing.getMessage())));
        }
        if (paragraph.length() > 0) {
            paragraphs.add(paragraph.toString());
        }
        return paragraphs;
    }
}
