package android.os;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;

/** Holds what it is given; a wrong type reads as absent, as Android's does. */
public final class Bundle {
    private final Map<String, Object> values = new HashMap<>();

    public boolean containsKey(String key) {
        return values.containsKey(key);
    }

    public Object get(String key) {
        return values.get(key);
    }

    public void put(String key, Object value) {
        values.put(key, value);
    }

    public void putString(String key, String value) {
        values.put(key, value);
    }

    public String getString(String key) {
        Object value = values.get(key);
        return value instanceof String ? (String) value : null;
    }

    public int getInt(String key, int otherwise) {
        Object value = values.get(key);
        return value instanceof Integer ? (Integer) value : otherwise;
    }

    public boolean getBoolean(String key, boolean otherwise) {
        Object value = values.get(key);
        return value instanceof Boolean ? (Boolean) value : otherwise;
    }

    public void putStringArrayList(String key, ArrayList<String> value) {
        values.put(key, value);
    }

    @SuppressWarnings("unchecked")
    public ArrayList<String> getStringArrayList(String key) {
        return (ArrayList<String>) values.get(key);
    }
}
