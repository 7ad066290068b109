package android.net;

import java.io.File;
import java.util.ArrayList;
import java.util.List;

public final class Uri implements android.os.Parcelable {
    private final String text;

    private Uri(String text) {
        this.text = text;
    }

    public static Uri parse(String text) {
        return new Uri(text);
    }

    public static Uri fromFile(File file) {
        return new Uri("file://" + file.getAbsolutePath());
    }

    public String getScheme() {
        return text.contains(":") ? text.substring(0, text.indexOf(':')) : null;
    }

    public String getAuthority() {
        return text.replaceFirst("^[a-z]+://", "").replaceFirst("/.*", "");
    }

    public String getPath() {
        return text.replaceFirst("^[a-z]+://[^/]*", "");
    }

    public List<String> getPathSegments() {
        List<String> segments = new ArrayList<>();
        for (String part : getPath().split("/")) {
            if (!part.isEmpty()) {
                segments.add(part.replace("%2F", "/"));
            }
        }
        return segments;
    }

    public String getLastPathSegment() {
        List<String> segments = getPathSegments();
        return segments.isEmpty() ? null : segments.get(segments.size() - 1);
    }

    @Override
    public String toString() {
        return text;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Uri && ((Uri) other).text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    public static final class Builder {
        private String text = "";

        public Builder scheme(String scheme) {
            text = scheme + "://";
            return this;
        }

        public Builder authority(String authority) {
            text += authority;
            return this;
        }

        public Builder appendPath(String part) {
            text += "/" + part;
            return this;
        }

        public Uri build() {
            return new Uri(text);
        }
    }
}
