package android.view;

import android.content.Context;
import android.content.res.Resources;
import android.util.AttributeSet;
import android.widget.Button;
import android.widget.CheckBox;
import android.widget.EditText;
import android.widget.ImageView;
import android.widget.ListView;
import android.widget.TextView;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** Makes views of the layouts' sources. Only identity, text, visibility and nesting matter here. */
public class LayoutInflater {
    private static final String ANDROID = "http://schemas.android.com/apk/res/android";
    private final Context context;

    public LayoutInflater(Context context) {
        this.context = context;
    }

    public static LayoutInflater from(Context context) {
        return new LayoutInflater(context);
    }

    public View inflate(int layout, ViewGroup into, boolean attach) {
        View view = view(context.getResources().layout(layout));
        if (attach) {
            into.children.add(view);
            return into;
        }
        return view;
    }

    private View view(Element element) {
        Resources resources = context.getResources();
        if (element.getTagName().equals("include")) {
            return view(resources.layout(resources.identifier(element.getAttribute("layout"))));
        }
        View view = create(element.getTagName());
        String id = element.getAttributeNS(ANDROID, "id");
        if (!id.isEmpty()) {
            view.id = resources.identifier(id.replace("+", ""));
        }
        String text = element.getAttributeNS(ANDROID, "text");
        if (!text.isEmpty()) {
            ((TextView) view).setText(resources.identifier(text));
        }
        if (element.getAttributeNS(ANDROID, "visibility").equals("gone")) {
            view.setVisibility(View.GONE);
        }
        for (Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child instanceof Element) {
                ((ViewGroup) view).children.add(view((Element) child));
            }
        }
        return view;
    }

    private View create(String tag) {
        switch (tag) {
            case "TextView":
                return new TextView(context);
            case "Button":
                return new Button(context);
            case "CheckBox":
                return new CheckBox(context);
            case "EditText":
                return new EditText(context);
            case "ImageView":
                return new ImageView(context);
            case "ListView":
                return new ListView(context);
            case "ProgressBar":
                return new View(context);
            case "ScrollView":
            case "FrameLayout":
            case "LinearLayout":
                return new ViewGroup(context);
            default:
                return custom(tag);
        }
    }

    private View custom(String tag) {
        try {
            return (View) Class.forName(tag)
                    .getConstructor(Context.class, AttributeSet.class).newInstance(context, null);
        } catch (ReflectiveOperationException wrong) {
            throw new AssertionError(tag, wrong);
        }
    }
}
