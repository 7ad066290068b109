package ai.mobileiqa.demo;

import android.content.Context;
import android.graphics.Typeface;
import android.text.SpannableString;
import android.text.style.StyleSpan;
import android.text.style.TypefaceSpan;
import android.view.LayoutInflater;
import android.view.View;
import android.view.ViewGroup;
import android.widget.BaseAdapter;
import android.widget.TextView;
import java.util.List;

/** The blocks of a page, one below the other. */
final class DocumentAdapter extends BaseAdapter {
    private static final String BULLET = "\u2022 ";

    private final Context context;
    private final List<Page.Block> blocks;

    DocumentAdapter(Context context, List<Page.Block> blocks) {
        this.context = context;
        this.blocks = blocks;
    }

    @Override
    public int getCount() {
        return blocks.size();
    }

    @Override
    public Page.Block getItem(int position) {
        return blocks.get(position);
    }

    @Override
    public long getItemId(int position) {
        return position;
    }

    @Override
    public int getViewTypeCount() {
        return 2;
    }

    @Override
    public int getItemViewType(int position) {
        return getItem(position).kind == Page.Kind.HEADING ? 1 : 0;
    }

    @Override
    public View getView(int position, View old, ViewGroup list) {
        Page.Block block = getItem(position);
        int layout = block.kind == Page.Kind.HEADING ? R.layout.document_heading : R.layout.document_paragraph;
        View view = old != null ? old : LayoutInflater.from(context).inflate(layout, list, false);
        ((TextView) view).setText(styled(block));
        return view;
    }

    private static CharSequence styled(Page.Block block) {
        String prefix = block.kind == Page.Kind.ITEM ? BULLET : "";
        SpannableString text = new SpannableString(prefix + block.text);
        for (Page.Span span : block.spans) {
            Object style = span.style == Page.Style.BOLD ? new StyleSpan(Typeface.BOLD) : new TypefaceSpan("monospace");
            text.setSpan(style, prefix.length() + span.start, prefix.length() + span.end, 0);
        }
        if (block.kind == Page.Kind.CODE) {
            text.setSpan(new TypefaceSpan("monospace"), 0, text.length(), 0);
        }
        return text;
    }
}
