package ai.mobileiqa.demo;

import ai.mobileiqa.core.Band;
import android.content.Context;
import android.graphics.Canvas;
import android.graphics.Paint;
import android.graphics.Path;
import android.util.AttributeSet;
import android.view.View;

/** The scale from 0 to 1 in its five bands, with a mark where the score lies. The text beside it says the same. */
public final class BandBar extends View {
    private static final float BAR = 0.4f; // of the height; the mark has the rest
    private static final float GAP_DP = 2;

    private final Paint paint = new Paint(Paint.ANTI_ALIAS_FLAG);
    private final Path mark = new Path();
    private double score;

    public BandBar(Context context, AttributeSet attributes) {
        super(context, attributes);
        setImportantForAccessibility(IMPORTANT_FOR_ACCESSIBILITY_NO);
    }

    /** @param in [0, 1] */
    void show(double in) {
        score = in;
        invalidate();
    }

    @Override
    protected void onDraw(Canvas canvas) {
        float width = getWidth();
        float height = getHeight();
        float gap = GAP_DP * getResources().getDisplayMetrics().density;
        float top = height * (1 - BAR);
        Band[] bands = Band.values();
        float part = width / bands.length;
        for (int i = 0; i < bands.length; i++) {
            paint.setColor(getContext().getColor(Bands.colour(bands[i])));
            canvas.drawRect(i * part + gap / 2, top, (i + 1) * part - gap / 2, height, paint);
        }
        float half = top * 0.6f;
        float x = Math.max(half, Math.min(width - half, (float) (score * width)));
        mark.rewind();
        mark.moveTo(x - half, 0);
        mark.lineTo(x + half, 0);
        mark.lineTo(x, top - gap);
        mark.close();
        paint.setColor(getContext().getColor(R.color.text));
        canvas.drawPath(mark, paint);
    }
}
