package ai.mobileiqa.core;

/** File names that come from outside: they must stay in their folder. */
public final class PlainName {
    /** The longest name that most file systems take. */
    public static final int MAX_LENGTH = 255;

    private PlainName() {}

    /** Returns whether this is a plain file name: printable, not empty, without {@code /} and {@code ..}. */
    public static boolean is(String name) {
        if (name == null || name.isEmpty() || name.length() > MAX_LENGTH) {
            return false;
        }
        return Text.isPrintable(name) && name.indexOf('/') < 0 && !name.contains("..") && !name.equals(".");
    }
}
