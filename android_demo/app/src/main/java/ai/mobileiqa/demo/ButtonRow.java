package ai.mobileiqa.demo;

import android.content.Context;
import android.util.AttributeSet;
import android.view.View;
import android.widget.LinearLayout;
import android.widget.TextView;

/**
 * Buttons beside one another, equally wide; one below the other where the longest word of one of them would not fit,
 * as in German with large letters.
 */
public final class ButtonRow extends LinearLayout {
    private static final int GAP_DP = 8;

    public ButtonRow(Context context, AttributeSet attributes) {
        super(context, attributes);
    }

    @Override
    protected void onMeasure(int widthSpec, int heightSpec) {
        int gap = (int) (GAP_DP * getResources().getDisplayMetrics().density);
        int room = (MeasureSpec.getSize(widthSpec) - (getChildCount() - 1) * gap) / Math.max(getChildCount(), 1);
        arrange(fits(room), gap);
        super.onMeasure(widthSpec, heightSpec);
    }

    private boolean fits(int room) {
        for (int i = 0; i < getChildCount(); i++) {
            TextView button = (TextView) getChildAt(i);
            float inside = room - button.getCompoundPaddingLeft() - button.getCompoundPaddingRight();
            for (String word : button.getText().toString().split(" ")) {
                if (button.getPaint().measureText(word) > inside) {
                    return false;
                }
            }
        }
        return true;
    }

    private void arrange(boolean isRow, int gap) {
        setOrientation(isRow ? HORIZONTAL : VERTICAL);
        for (int i = 0; i < getChildCount(); i++) {
            View button = getChildAt(i);
            LayoutParams params = (LayoutParams) button.getLayoutParams();
            params.width = isRow ? 0 : LayoutParams.MATCH_PARENT;
            params.height = isRow ? LayoutParams.MATCH_PARENT : LayoutParams.WRAP_CONTENT;
            params.weight = isRow ? 1 : 0;
            params.setMarginStart(isRow && i > 0 ? gap : 0);
            params.resolveLayoutDirection(getLayoutDirection());
            params.topMargin = isRow || i == 0 ? 0 : gap;
        }
    }
}
