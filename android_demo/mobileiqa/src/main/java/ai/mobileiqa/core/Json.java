package ai.mobileiqa.core;

import java.util.List;
import java.util.Map;

/** JSON as RFC 8259 has it, without extensions: no NaN, no comments, no key twice. */
public final class Json {
    /** Objects and lists inside one another; more would only be made to exhaust the stack. */
    public static final int MAX_DEPTH = 64;

    private Json() {}

    /**
     * Reads one value and nothing behind it.
     *
     * @return a LinkedHashMap, ArrayList, String, Boolean or null; a Long for a whole number that fits, a
     *     finite Double for others
     * @throws JsonException the text is not JSON; the message has the position
     */
    public static Object parse(String text) throws JsonException {
        return new JsonReader(text).document();
    }

    /**
     * Writes a value as one line.
     *
     * @param value what {@link #parse} returns, or any Number, CharSequence, Map with String keys, or List
     * @throws JsonException another type, a number that is not finite, or nested deeper than MAX_DEPTH
     */
    public static String write(Object value) throws JsonException {
        StringBuilder out = new StringBuilder();
        write(value, out, 0);
        return out.toString();
    }

    private static void write(Object value, StringBuilder out, int depth) throws JsonException {
        if (depth > MAX_DEPTH) {
            throw new JsonException("nested deeper than " + MAX_DEPTH);
        }
        if (value == null || value instanceof Boolean) {
            out.append(value);
        } else if (value instanceof Number) {
            out.append(number((Number) value));
        } else if (value instanceof CharSequence) {
            quote((CharSequence) value, out);
        } else if (value instanceof Map) {
            object((Map<?, ?>) value, out, depth);
        } else if (value instanceof List) {
            list((List<?>) value, out, depth);
        } else {
            throw new JsonException("a value of " + value.getClass() + " cannot be written");
        }
    }

    private static String number(Number number) throws JsonException {
        double real = number.doubleValue();
        if (Double.isNaN(real) || Double.isInfinite(real)) {
            throw new JsonException(number + " cannot be written");
        }
        return number.toString();
    }

    private static void object(Map<?, ?> map, StringBuilder out, int depth) throws JsonException {
        out.append('{');
        String comma = "";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            if (!(entry.getKey() instanceof String)) {
                throw new JsonException("a key must be a string, not " + entry.getKey());
            }
            out.append(comma);
            quote((String) entry.getKey(), out);
            out.append(": ");
            write(entry.getValue(), out, depth + 1);
            comma = ", ";
        }
        out.append('}');
    }

    private static void list(List<?> list, StringBuilder out, int depth) throws JsonException {
        out.append('[');
        String comma = "";
        for (Object item : list) {
            out.append(comma);
            write(item, out, depth + 1);
            comma = ", ";
        }
        out.append(']');
    }

    private static void quote(CharSequence text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ' || c >= 0x7f) { // in ASCII, half a surrogate pair survives too
                out.append("\\u").append(Integer.toHexString(0x10000 + c).substring(1));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }
}
