package ai.mobileiqa.demo;

import android.content.Context;
import android.view.LayoutInflater;
import android.view.View;
import android.view.ViewGroup;
import android.widget.BaseAdapter;
import android.widget.ImageView;
import android.widget.TextView;
import java.util.ArrayList;
import java.util.List;

/** Rows of the screen Compare; TalkBack reads each as one sentence. */
final class RankingAdapter extends BaseAdapter {
    private static final float LARGE = 1.5f; // times the usual size of letters

    private final Context context;
    private List<CompareSession.Entry> entries = new ArrayList<CompareSession.Entry>();

    RankingAdapter(Context context) {
        this.context = context;
    }

    void show(List<CompareSession.Entry> ranked) {
        if (!ranked.equals(entries)) {
            entries = ranked;
            notifyDataSetChanged();
        }
    }

    @Override
    public int getCount() {
        return entries.size();
    }

    @Override
    public Object getItem(int position) {
        return entries.get(position);
    }

    @Override
    public long getItemId(int position) {
        return position;
    }

    @Override
    public boolean isEnabled(int position) {
        return false; // nothing happens at a touch
    }

    /** Gives the words the thumbnail's room where people have set letters so large that long words would be cut. */
    static void arrange(View row) {
        boolean isLarge = row.getResources().getConfiguration().fontScale > LARGE;
        row.findViewById(R.id.thumbnail).setVisibility(isLarge ? View.GONE : View.VISIBLE);
    }

    /** Gives the best of several photos a crown above its rank, and takes it from a row that shows another. */
    static void crown(TextView rank, boolean isBest) {
        rank.setCompoundDrawablesWithIntrinsicBounds(0, isBest ? R.drawable.ic_crown : 0, 0, 0);
    }

    /** Lets a long name break between its parts; else a line would end within its ending. */
    static String breakable(String name) {
        return name.replaceAll("[_-]|\\.(?=.*\\.)", "$0\u200b"); // a space of no width
    }

    @Override
    public View getView(int position, View old, ViewGroup list) {
        View row = old != null ? old : LayoutInflater.from(context).inflate(R.layout.compare_row, list, false);
        arrange(row);
        CompareSession.Entry entry = entries.get(position);
        boolean scored = entry.assessment != null;
        String rank = scored ? context.getString(R.string.rank, position + 1) : "";
        String verdict = scored
                ? context.getString(
                        R.string.verdict,
                        entry.assessment.score,
                        context.getString(Bands.word(entry.assessment.band)))
                : PhotoProblem.say(context, entry.problem);
        TextView verdictView = (TextView) row.findViewById(R.id.verdict);
        verdictView.setText(verdict);
        verdictView.setTextColor(
                context.getColor(scored ? Bands.colour(entry.assessment.band) : R.color.text_secondary));
        String reason = scored
                ? Reasons.reason(context, entry.assessment.isPhotograph, entry.assessment.namedFaults)
                : null;
        TextView reasonView = (TextView) row.findViewById(R.id.reason);
        reasonView.setText(reason);
        reasonView.setVisibility(reason == null ? View.GONE : View.VISIBLE);
        TextView rankView = (TextView) row.findViewById(R.id.rank);
        rankView.setText(rank);
        crown(rankView, scored && position == 0 && entries.size() > 1);
        ((TextView) row.findViewById(R.id.name)).setText(breakable(entry.name));
        ((ImageView) row.findViewById(R.id.thumbnail)).setImageBitmap(entry.thumbnail);
        String spoken = reason == null ? verdict : context.getString(R.string.verdict_and_reason, verdict, reason);
        row.setContentDescription(context.getString(R.string.row_description, rank, spoken, entry.name));
        return row;
    }
}
