package ai.mobileiqa.core;

/** File names that come from outside: they must stay in their folder. */
public final class PlainName {
    /** What most file systems take. */
    public static final int MAX_LENGTH = 255;

    private PlainName() {}

    /** Whether this is a plain file name: not empty, no {@code /}, no {@code ..}, no control character. */
    public static boolean is(String name) {
        if (name == null || name.isEmpty() || name.length() > MAX_LENGTH) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '/' || Character.isISOControl(c)) {
                return false;
            }
        }
        return !name.contains("..") && !name.equals(".");
    }
}
