package ai.mobileiqa.demo;

import ai.mobileiqa.ScorerOptions;
import ai.mobileiqa.core.BenchmarkRun;
import ai.mobileiqa.core.Statistics;
import ai.mobileiqa.core.Verdict;
import ai.mobileiqa.core.Window;
import android.content.Intent;
import android.os.Bundle;
import android.text.format.Formatter;
import android.view.View;
import android.view.WindowManager;
import android.widget.CheckBox;
import android.widget.EditText;
import java.util.Map;

/** Benchmark: by hand, or by an intent from a computer. */
public final class BenchmarkActivity extends ScreenActivity<BenchmarkSession> {
    @Override
    protected BenchmarkSession newSession() {
        return new BenchmarkSession(this);
    }

    @Override
    protected int layout() {
        return R.layout.benchmark;
    }

    @Override
    protected void onScreen(Bundle state) {
        onClick(R.id.start, new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                start();
            }
        });
        onClick(R.id.share, new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                session.share();
            }
        });
        if (state == null) {
            fill(ScorerOptions.defaultThreads(), BenchmarkRequest.WARMUP, BenchmarkRequest.RUNS);
            field(R.id.minutes).setText("0");
            obey(getIntent());
        }
    }

    @Override
    protected void onNewIntent(Intent intent) {
        super.onNewIntent(intent);
        obey(intent);
    }

    @Override
    protected void onStop() {
        if (!isChangingConfigurations()) {
            session.left();
        }
        super.onStop();
    }

    @Override
    public void render() {
        keepScreenOn(session.busy());
        String step = session.step == 0 ? null : getString(session.step, session.run, session.of);
        BenchmarkRun result = session.result;
        String error = result == null ? null : result.error;
        renderStatus(step, error != null ? error : PhotoProblem.say(this, session.problem));
        boolean isTiming = session.step == R.string.step_run || session.step == R.string.step_sustained;
        show(R.id.spinner, !isTiming); // it would be animated meanwhile
        show(R.id.start, !session.busy());
        show(R.id.imported, Models.importedName() != null);
        show(R.id.result, result != null && error == null);
        if (result != null && error == null) {
            say(R.id.number, getString(R.string.milliseconds, 1e3 * Statistics.median(result.inferenceSeconds)));
            say(R.id.details, details(result));
        }
        shareOutgoing("application/json");
    }

    private String details(BenchmarkRun result) {
        StringBuilder text = new StringBuilder(getString(
                R.string.benchmark_details,
                1e3 * Statistics.p90(result.inferenceSeconds),
                1e3 * Statistics.min(result.inferenceSeconds),
                result.inferenceSeconds.length,
                result.threads,
                1e3 * result.loadSeconds,
                1e3 * result.firstSeconds,
                size(result.peakPssBytes),
                size(result.peakRssBytes),
                result.contract.model,
                1e3 * Statistics.p99(result.inferenceSeconds)));
        if (result.decodeSeconds != null) {
            text.append('\n').append(getString(
                    R.string.benchmark_photo,
                    1e3 * Statistics.median(result.decodeSeconds),
                    1e3 * Statistics.median(result.resizeSeconds)));
        }
        if (result.reloadSeconds != null) {
            text.append('\n').append(getString(
                    R.string.benchmark_reload, 1e3 * Statistics.median(result.reloadSeconds)));
        }
        if (result.drain != null) {
            text.append('\n').append(sustained(result));
        }
        return text.append('\n').append(verdict(result)).toString();
    }

    private String sustained(BenchmarkRun result) {
        Window first = result.sustained.get(0);
        Window last = result.sustained.get(result.sustained.size() - 1);
        Double joules = result.drain.joulesPerPhoto();
        String text = getString(R.string.benchmark_sustained, 1e3 * first.median, 1e3 * last.median, last.second);
        String percent = result.drain.percent == null ? getString(R.string.unknown) : result.drain.percent + " %";
        text += ' ' + getString(R.string.benchmark_drain, percent);
        return joules == null ? text : text + ' ' + getString(R.string.benchmark_energy, joules);
    }

    /** The reasons are English, as in the report. */
    private String verdict(BenchmarkRun result) {
        Map<String, String> reasons = Verdict.reasons(result);
        if (reasons.isEmpty()) {
            return getString(R.string.benchmark_valid);
        }
        StringBuilder text = new StringBuilder(getString(R.string.benchmark_invalid));
        for (Map.Entry<String, String> reason : reasons.entrySet()) {
            text.append("\n• ").append(reason.getKey()).append(": ").append(reason.getValue());
        }
        return text.toString();
    }

    private String size(Long bytes) {
        return bytes == null ? getString(R.string.unknown) : Formatter.formatShortFileSize(this, bytes);
    }

    private void obey(Intent intent) {
        BenchmarkRequest request = BenchmarkRequest.from(intent);
        if (request != null) {
            Platform.showOverLock(this);
            fill(request.threads, request.warmup, request.runs);
            session.measure(request);
        }
    }

    private void start() {
        boolean isChecked = ((CheckBox) findViewById(R.id.imported)).isChecked();
        boolean imported = isChecked && Models.importedName() != null;
        int threads = number(R.id.threads, ScorerOptions.defaultThreads());
        int warmup = number(R.id.warmup, BenchmarkRequest.WARMUP);
        boolean isOfficial = ((CheckBox) findViewById(R.id.official)).isChecked();
        int runs = isOfficial ? Verdict.FEWEST_RUNS : number(R.id.runs, BenchmarkRequest.RUNS);
        BenchmarkRequest request = BenchmarkRequest.byHand(imported, threads, warmup, runs);
        if (isOfficial) {
            request = request.official();
        }
        request.sustained = 60 * Math.max(0, Math.min(BenchmarkRequest.MOST_SUSTAINED / 60, number(R.id.minutes, 0)));
        fill(request.threads, request.warmup, request.runs);
        session.measure(request);
    }

    private void fill(int threads, int warmup, int runs) {
        field(R.id.threads).setText(String.valueOf(threads));
        field(R.id.warmup).setText(String.valueOf(warmup));
        field(R.id.runs).setText(String.valueOf(runs));
    }

    private int number(int id, int otherwise) {
        try {
            return Integer.parseInt(field(id).getText().toString().trim());
        } catch (NumberFormatException empty) {
            return otherwise;
        }
    }

    private EditText field(int id) {
        return (EditText) findViewById(id);
    }

    private void keepScreenOn(boolean on) {
        if (on) {
            getWindow().addFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON);
        } else {
            getWindow().clearFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON);
        }
    }
}
