package android.content.res;

import java.util.Locale;

public class Configuration {
    public Locale locale = Locale.ENGLISH;
    public boolean land;
    public float fontScale = 1;

    public Configuration() {}

    public Configuration(Configuration other) {
        locale = other.locale;
        land = other.land;
        fontScale = other.fontScale;
    }

    public void setLocale(Locale to) {
        locale = to;
    }
}
