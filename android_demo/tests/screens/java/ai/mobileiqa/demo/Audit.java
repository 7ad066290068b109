package ai.mobileiqa.demo;

import android.graphics.Rect;
import android.text.Layout;
import android.view.View;
import android.view.ViewGroup;
import android.widget.Button;
import android.widget.EditText;
import android.widget.TextView;
import java.awt.image.BufferedImage;
import java.util.HashMap;
import java.util.Map;

/** Finds what people cannot read or hit on a screen that was drawn; prints an indented line for each fault. */
final class Audit {
    private static final int TARGET_DP = 48;
    private static final double CONTRAST = 4.5; // WCAG 2.2, 1.4.3
    private static final double CONTRAST_OF_LARGE = 3;
    private static final float LARGE_SP = 24;

    private final BufferedImage image;
    private final float density;

    Audit(BufferedImage image, float density) {
        this.image = image;
        this.density = density;
    }

    void look(View view) {
        if (view.getVisibility() != View.VISIBLE) {
            return;
        }
        if (view instanceof TextView) {
            text((TextView) view);
        }
        boolean small = view.getHeight() < TARGET_DP * density - 1 || view.getWidth() < TARGET_DP * density - 1;
        if (view.isClickable() && small && !isSelectable(view)) {
            fault("small target", view, view.getWidth() / density + "x" + view.getHeight() / density + " dp");
        }
        if (view instanceof ViewGroup) {
            for (int i = 0; i < ((ViewGroup) view).getChildCount(); i++) {
                look(((ViewGroup) view).getChildAt(i));
            }
        }
    }

    /** A text that can be selected takes touches, but a short one is no target. */
    private static boolean isSelectable(View view) {
        return view instanceof TextView && ((TextView) view).isTextSelectable();
    }

    private void text(TextView view) {
        Layout layout = view.getLayout();
        String text = view.getText().toString();
        if (layout == null || text.isEmpty()) {
            return;
        }
        int needed = layout.getHeight() + view.getCompoundPaddingTop() + view.getCompoundPaddingBottom();
        if (needed > view.getHeight() + 1) {
            fault("cut text", view, text);
        }
        int room = view.getWidth() - view.getCompoundPaddingLeft() - view.getCompoundPaddingRight();
        for (int line = 0; line < layout.getLineCount(); line++) {
            int end = layout.getLineEnd(line);
            boolean isInWord = end > 0 && end < text.length()
                    && Character.isLetter(text.charAt(end - 1)) && Character.isLetter(text.charAt(end));
            if (isInWord && view instanceof Button) {
                fault("broken word", view, text);
            }
            boolean isCut = layout.getEllipsisCount(line) > 0 || layout.getLineMax(line) > room + 1;
            if (isCut && !(view instanceof EditText)) {
                fault("cut text", view, text);
            }
        }
        contrast(view, text);
    }

    /** Compares the colour of a text with the pixel that is most frequent around it. */
    private void contrast(TextView view, String text) {
        Rect seen = new Rect();
        if (!view.getGlobalVisibleRect(seen) || seen.height() < view.getTextSize()) {
            return; // it is scrolled out of sight
        }
        Map<Integer, Integer> counts = new HashMap<>();
        int ground = 0;
        for (int y = seen.top; y < seen.bottom; y += 2) {
            for (int x = seen.left; x < seen.right; x += 2) {
                int colour = image.getRGB(x, y);
                counts.merge(colour, 1, Integer::sum);
                ground = counts.get(colour) > counts.getOrDefault(ground, 0) ? colour : ground;
            }
        }
        double least = view.getTextSize() >= LARGE_SP * density ? CONTRAST_OF_LARGE : CONTRAST;
        double lighter = Math.max(luminance(view.getCurrentTextColor()), luminance(ground));
        double darker = Math.min(luminance(view.getCurrentTextColor()), luminance(ground));
        if ((lighter + 0.05) / (darker + 0.05) < least) {
            fault("low contrast", view, text);
        }
    }

    /** WCAG's relative luminance. */
    private static double luminance(int colour) {
        return 0.2126 * linear(colour >> 16 & 255) + 0.7152 * linear(colour >> 8 & 255) + 0.0722 * linear(colour & 255);
    }

    private static double linear(int level) {
        double share = level / 255.0;
        return share <= 0.04045 ? share / 12.92 : Math.pow((share + 0.055) / 1.055, 2.4);
    }

    private static void fault(String what, View view, String detail) {
        System.out.println("  " + what + ": " + view.getClass().getSimpleName() + " " + detail.replace('\n', ' '));
    }
}
