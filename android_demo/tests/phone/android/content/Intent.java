package android.content;

import android.net.Uri;
import android.os.Bundle;

public class Intent {
    public static final String ACTION_SEND = "android.intent.action.SEND";
    public static final String ACTION_SEND_MULTIPLE = "android.intent.action.SEND_MULTIPLE";
    public static final String EXTRA_STREAM = "android.intent.extra.STREAM";

    public Class<?> target;
    public int flags;
    private String action;
    private String type;
    private Uri data;
    private ClipData clip;
    private Bundle extras;

    public Intent() {}

    public Intent(String action) {
        this.action = action;
    }

    public Intent(Context context, Class<?> target) {
        this.target = target;
    }

    public static Intent createChooser(Intent intent, CharSequence title) {
        Intent chooser = new Intent("android.intent.action.CHOOSER");
        chooser.clip = intent.clip;
        chooser.type = intent.type;
        return chooser;
    }

    public String getAction() {
        return action;
    }

    public Intent setAction(String to) {
        action = to;
        return this;
    }

    public Intent setType(String to) {
        type = to;
        return this;
    }

    public String getType() {
        return type;
    }

    public Intent addCategory(String category) {
        return this;
    }

    public int getFlags() {
        return flags;
    }

    public Intent addFlags(int more) {
        flags |= more;
        return this;
    }

    public Intent setData(Uri to) {
        data = to;
        return this;
    }

    public Uri getData() {
        return data;
    }

    public void setClipData(ClipData to) {
        clip = to;
    }

    public ClipData getClipData() {
        return clip;
    }

    public Bundle getExtras() {
        return extras;
    }

    public Intent put(String key, Object value) {
        extras = extras == null ? new Bundle() : extras;
        extras.put(key, value);
        return this;
    }

    public Intent putExtra(String key, android.os.Parcelable value) {
        return put(key, value);
    }

    public Intent putExtra(String key, String value) {
        return put(key, value);
    }

    public Intent putExtra(String key, int value) {
        return put(key, value);
    }

    public Intent putExtra(String key, boolean value) {
        return put(key, value);
    }

    public int getIntExtra(String key, int otherwise) {
        return extras == null ? otherwise : extras.getInt(key, otherwise);
    }

    public String getStringExtra(String key) {
        return extras == null ? null : extras.getString(key);
    }
}
