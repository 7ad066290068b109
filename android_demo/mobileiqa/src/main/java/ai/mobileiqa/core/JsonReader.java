package ai.mobileiqa.core;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A recursive-descent reader of one JSON text. */
final class JsonReader {
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");
    private static final String ESCAPES = "\"\\/bfnrt";
    private static final String HEX = "0123456789abcdef";
    private static final String ESCAPED = "\"\\/\b\f\n\r\t";

    private final String text;
    private final Matcher number;
    private int at;

    JsonReader(String text) {
        this.text = text;
        this.number = NUMBER.matcher(text);
    }

    Object document() throws JsonException {
        Object value = value(0);
        if (peek() != END) {
            throw unexpected();
        }
        return value;
    }

    private static final char END = '\uffff'; // no character

    private char peek() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        return at < text.length() ? text.charAt(at) : END;
    }

    private JsonException unexpected() {
        if (at >= text.length()) {
            return new JsonException("ends too early, at character " + at);
        }
        String code = Integer.toHexString(0x10000 + text.charAt(at)).substring(1);
        return new JsonException("unexpected U+" + code + " at character " + at);
    }

    private void expect(char wanted) throws JsonException {
        if (peek() != wanted) {
            throw unexpected();
        }
        at++;
    }

    private Object value(int depth) throws JsonException {
        if (depth > Json.MAX_DEPTH) {
            throw new JsonException("nested deeper than " + Json.MAX_DEPTH + " at character " + at);
        }
        switch (peek()) {
            case '{':
                return object(depth);
            case '[':
                return list(depth);
            case '"':
                return string();
            case 't':
                return word("true", Boolean.TRUE);
            case 'f':
                return word("false", Boolean.FALSE);
            case 'n':
                return word("null", null);
            default:
                return number();
        }
    }

    private Map<String, Object> object(int depth) throws JsonException {
        Map<String, Object> map = new LinkedHashMap<String, Object>();
        expect('{');
        if (peek() == '}') {
            at++;
            return map;
        }
        while (true) {
            if (peek() != '"') {
                throw unexpected();
            }
            int start = at;
            String key = string();
            if (map.containsKey(key)) {
                throw new JsonException("a key for the second time at character " + start);
            }
            expect(':');
            map.put(key, value(depth + 1));
            if (peek() != ',') {
                expect('}');
                return map;
            }
            at++;
        }
    }

    private List<Object> list(int depth) throws JsonException {
        List<Object> list = new ArrayList<Object>();
        expect('[');
        if (peek() == ']') {
            at++;
            return list;
        }
        while (true) {
            list.add(value(depth + 1));
            if (peek() != ',') {
                expect(']');
                return list;
            }
            at++;
        }
    }

    private String string() throws JsonException {
        StringBuilder out = new StringBuilder();
        for (at++; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '"') {
                at++;
                return out.toString();
            }
            if (c < ' ') {
                throw unexpected();
            }
            out.append(c == '\\' ? escape() : c);
        }
        throw unexpected();
    }

    /** Reads from the backslash to the last character of the escape. */
    private char escape() throws JsonException {
        at++;
        int which = at < text.length() ? ESCAPES.indexOf(text.charAt(at)) : -1;
        if (which >= 0) {
            return ESCAPED.charAt(which);
        }
        if (at >= text.length() || text.charAt(at) != 'u') {
            throw unexpected();
        }
        int code = 0;
        for (int i = 0; i < 4; i++) {
            at++;
            int digit = at < text.length() ? HEX.indexOf(Character.toLowerCase(text.charAt(at))) : -1;
            if (digit < 0) {
                throw unexpected();
            }
            code = 16 * code + digit;
        }
        return (char) code;
    }

    private Object word(String word, Object value) throws JsonException {
        if (!text.startsWith(word, at)) {
            throw unexpected();
        }
        at += word.length();
        return value;
    }

    private Object number() throws JsonException {
        number.region(at, text.length());
        if (!number.lookingAt()) {
            throw unexpected();
        }
        String digits = number.group();
        if (number.group(2) == null && number.group(3) == null) {
            try {
                Long whole = Long.valueOf(digits);
                at = number.end();
                return whole;
            } catch (NumberFormatException tooLong) {
                // a Double, then
            }
        }
        double real = Double.parseDouble(digits);
        if (Double.isInfinite(real)) {
            throw new JsonException("a number too large at character " + at);
        }
        at = number.end();
        return real;
    }
}
