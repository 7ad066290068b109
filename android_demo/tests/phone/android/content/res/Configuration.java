package android.content.res;

import java.util.Locale;

public class Configuration {
    public Locale locale = Locale.ENGLISH;
    public boolean land;

    public Configuration() {}

    public Configuration(Configuration other) {
        locale = other.locale;
        land = other.land;
    }

    public void setLocale(Locale to) {
        locale = to;
    }
}
