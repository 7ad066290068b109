package ai.mobileiqa.demo;

import ai.mobileiqa.core.Band;
import android.content.Context;
import android.util.AttributeSet;
import android.view.LayoutInflater;
import android.view.View;
import android.view.ViewGroup;
import android.widget.BaseAdapter;
import android.widget.FrameLayout;
import android.widget.ImageView;
import android.widget.ListView;
import android.widget.TextView;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/** One screen of the app: its layouts, filled as its activities fill them. Activities themselves do not run here. */
public final class ScreenView extends FrameLayout {
    /** Such as {@code score_done}: a screen and the state that it shows. */
    static String screen;
    static float fontScale;

    /** The view that was made last. */
    static ScreenView last;

    private static final String MODEL = System.getProperty("model");

    private final LayoutInflater inflater;

    public ScreenView(Context context, AttributeSet attributes) {
        super(context, attributes);
        last = this;
        inflater = LayoutInflater.from(context);
        getResources().getDisplayMetrics().scaledDensity = getResources().getDisplayMetrics().density * fontScale;
        getResources().getConfiguration().fontScale = fontScale;
        setLayoutParams(new LayoutParams(LayoutParams.MATCH_PARENT, LayoutParams.MATCH_PARENT));
        if (screen.startsWith("document")) {
            document();
        } else {
            frame(screen.substring(0, screen.indexOf('_')));
        }
    }

    private void frame(String name) {
        inflater.inflate(R.layout.frame, this, true);
        ViewGroup content = (ViewGroup) findViewById(R.id.content);
        switch (name) {
            case "score":
                fill(content, R.layout.score, R.string.app_name, R.id.go_score);
                score();
                break;
            case "compare":
                fill(content, R.layout.compare, R.string.compare, R.id.go_compare);
                compare();
                break;
            case "benchmark":
                fill(content, R.layout.benchmark, R.string.benchmark, R.id.go_benchmark);
                benchmark();
                break;
            default:
                fill(content, R.layout.about, R.string.about, R.id.go_about);
                about();
        }
    }

    private void fill(ViewGroup content, int layout, int title, int selected) {
        inflater.inflate(layout, content, true);
        say(R.id.title, text(title));
        findViewById(selected).setSelected(true);
        status(null, null);
    }

    private void status(String step, String notice) {
        show(R.id.busy, step != null);
        show(R.id.cancel, step != null);
        say(R.id.step, step == null ? "" : step);
        show(R.id.notice, notice != null);
        say(R.id.notice, notice == null ? "" : notice);
    }

    private void score() {
        boolean isDone = screen.contains("done");
        boolean isBusy = screen.contains("busy");
        ImageView photo = (ImageView) findViewById(R.id.photo);
        Sample sample = Sample.of(sampleName());
        if (isDone || isBusy) {
            photo.setImageBitmap(sample.bitmap());
        }
        show(R.id.photo, isDone || isBusy);
        show(R.id.hint, !isDone && !isBusy);
        if (isBusy) {
            status(text(R.string.step_score), null);
        } else if (screen.contains("first")) {
            status(text(R.string.step_golden), null);
            show(R.id.cancel, false); // nothing cancels the self-test
        } else if (screen.contains("error")) {
            status(null, text(R.string.problem_gone));
        }
        show(R.id.result, isDone);
        if (isDone) {
            Band band = Band.of(sample.score);
            say(R.id.number, text(R.string.number, sample.score));
            say(R.id.band, text(R.string.band_of_photo, text(Bands.word(band))));
            ((TextView) findViewById(R.id.band)).setTextColor(getContext().getColor(Bands.colour(band)));
            ((BandBar) findViewById(R.id.bar)).show(sample.score);
            String reason = sample.reason(getContext());
            String advice = Reasons.advice(getContext(), sample.explanation.advice);
            show(R.id.reason, reason != null);
            say(R.id.reason, advice == null ? reason : reason + "\n" + advice);
            say(R.id.details, text(R.string.details, 12.0, 41.0, 63.0, 388.0, 4032, 3024, MODEL)
                    + "\n" + text(R.string.spread, 0.021) + "\n" + text(R.string.reduced, 2));
        }
        say(R.id.second, text(R.string.second_opinion_hint));
        show(R.id.remove_model, screen.contains("imported"));
    }

    private String sampleName() {
        if (screen.contains("reason")) {
            return "dark";
        }
        if (screen.contains("screenshot")) {
            return "page";
        }
        return screen.contains("portrait") ? "rocket" : "cat";
    }

    private void compare() {
        boolean isDone = screen.contains("done");
        show(R.id.hint, !isDone);
        show(R.id.share, isDone);
        if (isDone) {
            ((ListView) findViewById(R.id.list)).setAdapter(new Rows());
        }
    }

    /** Rows as {@link RankingAdapter} fills them; its entries come from files. */
    private final class Rows extends BaseAdapter {
        private final String[] names = {"IMG_20251124_183045123.jpg", "PXL_20251124_183046001.RAW-01.COVER.jpg",
            "Screenshot_3.png", "IMG_4.jpg", "IMG_5.jpg", "IMG_6.jpg", "broken.jpg"};
        private final List<Sample> samples = Sample.all();

        Rows() {
            Collections.sort(samples, new Comparator<Sample>() {
                @Override
                public int compare(Sample one, Sample other) {
                    return Double.compare(other.score, one.score);
                }
            });
        }

        @Override
        public int getCount() {
            return names.length;
        }

        @Override
        public Object getItem(int position) {
            return names[position];
        }

        @Override
        public long getItemId(int position) {
            return position;
        }

        @Override
        public View getView(int position, View old, ViewGroup list) {
            View row = old != null ? old : inflater.inflate(R.layout.compare_row, list, false);
            RankingAdapter.arrange(row);
            Sample sample = position < samples.size() ? samples.get(position) : null;
            TextView verdict = (TextView) row.findViewById(R.id.verdict);
            Band band = sample == null ? null : Band.of(sample.score);
            verdict.setText(sample == null
                    ? text(R.string.problem_broken)
                    : text(R.string.verdict, sample.score, text(Bands.word(band))));
            verdict.setTextColor(getContext().getColor(sample == null ? R.color.text_secondary : Bands.colour(band)));
            String reason = sample == null ? null : sample.reason(getContext());
            TextView reasonView = (TextView) row.findViewById(R.id.reason);
            reasonView.setText(reason);
            reasonView.setVisibility(reason == null ? GONE : VISIBLE);
            TextView rank = (TextView) row.findViewById(R.id.rank);
            rank.setText(sample == null ? "" : text(R.string.rank, position + 1));
            RankingAdapter.crown(rank, position == 0);
            ((TextView) row.findViewById(R.id.name)).setText(RankingAdapter.breakable(names[position]));
            ((ImageView) row.findViewById(R.id.thumbnail)).setImageBitmap(sample == null ? null : sample.bitmap());
            return row;
        }
    }

    private void benchmark() {
        say(R.id.threads, "4");
        say(R.id.warmup, "3");
        say(R.id.runs, "20");
        say(R.id.minutes, "0");
        boolean isDone = screen.contains("done");
        show(R.id.imported, screen.contains("imported"));
        show(R.id.result, isDone);
        if (isDone) {
            say(R.id.number, text(R.string.milliseconds, 388.4));
            say(R.id.details, text(R.string.benchmark_details,
                    401.0, 377.9, 20, 4, 512.0, 455.1, "182 MB", "263 MB", MODEL, 412.6)
                    + "\n" + text(R.string.benchmark_reload, 91.0)
                    + "\n" + text(R.string.benchmark_sustained, 390.2, 455.7, 120.0)
                    + " " + text(R.string.benchmark_drain, "2 %") + " " + text(R.string.benchmark_energy, 1.234)
                    + "\n" + text(R.string.benchmark_invalid)
                    + "\n• runs: 20 runs in 7.8 s; 1024 runs or 60 s are required"
                    + "\n• hot: the thermal status reached 1");
        }
    }

    private void about() {
        String digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        say(R.id.golden, text(R.string.golden_ok, 0.512345, 0.512345, 0.005));
        say(R.id.contract, text(R.string.contract_rows, MODEL, "mobilevit-student", "Apache-2.0",
                text(R.string.input_stretched, 512, 512), "jpeg-reduced", "int8", "static-int8", "int8, calibrated ranges",
                3, "1.29.0", digest, text(R.string.verification_passed)));
        say(R.id.version, text(R.string.version, "0.1.0"));
    }

    private void document() {
        inflater.inflate(R.layout.document, this, true);
        say(R.id.title, text(R.string.model_card));
        try (InputStream in = new FileInputStream(System.getProperty("document"))) {
            ((ListView) findViewById(R.id.list)).setAdapter(new DocumentAdapter(getContext(), Page.read(in, true)));
        } catch (IOException missing) {
            throw new AssertionError(missing);
        }
    }

    private String text(int id, Object... values) {
        return getResources().getString(id, values);
    }

    private void say(int id, CharSequence text) {
        ((TextView) findViewById(id)).setText(text);
    }

    private void show(int id, boolean isVisible) {
        findViewById(id).setVisibility(isVisible ? VISIBLE : GONE);
    }
}
