package ai.mobileiqa.core;

/**
 * Makes text from files, other apps and libraries safe to show: no control characters, none that change the
 * direction of the text beside them, no line breaks. As {@code mobileiqa_sdk/_text.py}.
 */
public final class Text {
    /** Characters of an error message; the middle of longer ones is left out. */
    public static final int LIMIT = 2000;

    private static final String GAP = " ... ";

    private Text() {}

    /**
     * Returns whether every character is visible or an ordinary space: no control or format character, no line
     * separator, no half of a surrogate pair, and none that this platform's Unicode does not assign.
     */
    public static boolean isPrintable(String text) {
        for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at))) {
            if (!isPrintable(text.codePointAt(at))) {
                return false;
            }
        }
        return true;
    }

    /** Returns the text with each character that is not printable replaced by its escape, as {@code \x1b}. */
    public static String printable(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at))) {
            int character = text.codePointAt(at);
            if (isPrintable(character)) {
                out.appendCodePoint(character);
            } else {
                out.append(escape(character));
            }
        }
        return out.toString();
    }

    /**
     * Returns the text as one printable line; runs of white space become one space.
     *
     * @param limit the most characters of the line, at least 7; the middle of a longer one is left out
     */
    public static String oneLine(String text, int limit) {
        String line = printable(joined(text));
        int length = line.codePointCount(0, line.length());
        if (length <= limit) {
            return line;
        }
        int head = (limit - GAP.length()) / 2;
        int tail = limit - GAP.length() - head;
        return line.substring(0, line.offsetByCodePoints(0, head))
                + GAP
                + line.substring(line.offsetByCodePoints(line.length(), -tail));
    }

    private static boolean isPrintable(int character) {
        switch (Character.getType(character)) {
            case Character.CONTROL:
            case Character.FORMAT:
            case Character.SURROGATE:
            case Character.PRIVATE_USE:
            case Character.UNASSIGNED:
            case Character.LINE_SEPARATOR:
            case Character.PARAGRAPH_SEPARATOR:
                return false;
            case Character.SPACE_SEPARATOR:
                return character == ' ';
            default:
                return true;
        }
    }

    private static String escape(int character) {
        switch (character) {
            case '\t':
                return "\\t";
            case '\n':
                return "\\n";
            case '\r':
                return "\\r";
            default:
                break;
        }
        if (character < 0x100) {
            return "\\x" + hex(character, 2);
        }
        return character < 0x10000 ? "\\u" + hex(character, 4) : "\\U" + hex(character, 8);
    }

    private static String hex(int value, int digits) {
        StringBuilder hex = new StringBuilder(Integer.toHexString(value));
        while (hex.length() < digits) {
            hex.insert(0, '0');
        }
        return hex.toString();
    }

    private static String joined(String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean space = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (isSpace(c)) {
                space = true;
                continue;
            }
            if (space && out.length() > 0) {
                out.append(' ');
            }
            space = false;
            out.append(c);
        }
        return out.toString();
    }

    private static boolean isSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }
}
