package android.content;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** SharedPreferences in memory. */
final class Preferences implements SharedPreferences, SharedPreferences.Editor {
    private final Map<String, Object> values = new ConcurrentHashMap<>();

    @SuppressWarnings("unchecked")
    private <T> T or(String key, T otherwise) {
        Object value = values.get(key);
        return value == null ? otherwise : (T) value;
    }

    private Editor set(String key, Object value) {
        values.put(key, value);
        return this;
    }

    @Override
    public Map<String, ?> getAll() {
        return values;
    }

    @Override
    public String getString(String key, String otherwise) {
        return or(key, otherwise);
    }

    @Override
    public Set<String> getStringSet(String key, Set<String> otherwise) {
        return or(key, otherwise);
    }

    @Override
    public int getInt(String key, int otherwise) {
        return or(key, otherwise);
    }

    @Override
    public long getLong(String key, long otherwise) {
        return or(key, otherwise);
    }

    @Override
    public float getFloat(String key, float otherwise) {
        return or(key, otherwise);
    }

    @Override
    public boolean getBoolean(String key, boolean otherwise) {
        return or(key, otherwise);
    }

    @Override
    public boolean contains(String key) {
        return values.containsKey(key);
    }

    @Override
    public Editor edit() {
        return this;
    }

    @Override
    public void registerOnSharedPreferenceChangeListener(OnSharedPreferenceChangeListener listener) {}

    @Override
    public void unregisterOnSharedPreferenceChangeListener(OnSharedPreferenceChangeListener listener) {}

    @Override
    public Editor putString(String key, String value) {
        return set(key, value);
    }

    @Override
    public Editor putStringSet(String key, Set<String> value) {
        return set(key, value);
    }

    @Override
    public Editor putInt(String key, int value) {
        return set(key, value);
    }

    @Override
    public Editor putLong(String key, long value) {
        return set(key, value);
    }

    @Override
    public Editor putFloat(String key, float value) {
        return set(key, value);
    }

    @Override
    public Editor putBoolean(String key, boolean value) {
        return set(key, value);
    }

    @Override
    public Editor remove(String key) {
        values.remove(key);
        return this;
    }

    @Override
    public Editor clear() {
        values.clear();
        return this;
    }

    @Override
    public boolean commit() {
        return true;
    }

    @Override
    public void apply() {}
}
