package ai.mobileiqa.core;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Takes values out of a contract's two levels by "section.key"; what is never asked for is an error. */
final class ContractReader {
    private static final String SCHEMA = "schema";

    private final Map<?, ?> values;
    private final Set<String> sections = new HashSet<String>();
    private final Set<String> read = new HashSet<String>();

    ContractReader(Map<?, ?> values, long schema) throws ContractException {
        this.values = values;
        Object found = values.get(SCHEMA);
        if (!Long.valueOf(schema).equals(found)) {
            throw new ContractException("schema is " + shown(found) + ", this app reads " + schema
                    + "; export the model again or update the app");
        }
    }

    String text(String path) throws ContractException {
        Object value = value(path);
        if (!(value instanceof String)) {
            throw wrong(path, value, "a string");
        }
        String text = (String) value;
        for (int i = 0; i < text.length(); i++) {
            if (Character.isISOControl(text.charAt(i))) { // it would reach screens and files
                throw wrong(path, value, "printable");
            }
        }
        return text;
    }

    String known(String path, String... choices) throws ContractException {
        Object value = value(path);
        if (!Arrays.asList(choices).contains(value)) {
            throw wrong(path, value, "one that this app knows: " + Arrays.toString(choices));
        }
        return (String) value;
    }

    String digest(String path) throws ContractException {
        String text = text(path);
        if (!text.matches("[0-9a-f]{64}")) {
            throw wrong(path, text, "64 hex digits");
        }
        return text;
    }

    int whole(String path, int least, int most) throws ContractException {
        Object value = value(path);
        if (!(value instanceof Long) || (Long) value < least || (Long) value > most) {
            throw wrong(path, value, "a whole number from " + least + " to " + most);
        }
        return ((Long) value).intValue();
    }

    double real(String path) throws ContractException {
        Object value = value(path);
        if (!(value instanceof Long || value instanceof Double)) {
            throw wrong(path, value, "a number");
        }
        return ((Number) value).doubleValue();
    }

    void knownReal(String path, double only) throws ContractException {
        if (real(path) != only) {
            throw wrong(path, value(path), "the one that this app knows: " + only);
        }
    }

    void knownTrue(String path) throws ContractException {
        if (!Boolean.TRUE.equals(value(path))) {
            throw wrong(path, value(path), "true");
        }
    }

    /** Complains of keys that were never asked for. */
    void end() throws ContractException {
        Set<String> present = new TreeSet<String>();
        for (Map.Entry<?, ?> section : values.entrySet()) {
            if (sections.contains(section.getKey())) {
                for (Object key : ((Map<?, ?>) section.getValue()).keySet()) {
                    present.add(section.getKey() + "." + key);
                }
            } else if (!section.getKey().equals(SCHEMA)) {
                present.add(section.getKey().toString());
            }
        }
        present.removeAll(read);
        if (!present.isEmpty()) {
            throw new ContractException("an unexpected key: " + shown(present.iterator().next()));
        }
    }

    private Object value(String path) throws ContractException {
        int dot = path.indexOf('.');
        Object section = values.get(path.substring(0, dot));
        String key = path.substring(dot + 1);
        if (!(section instanceof Map) || !((Map<?, ?>) section).containsKey(key)) {
            throw new ContractException(path + " is missing");
        }
        sections.add(path.substring(0, dot));
        read.add(path);
        return ((Map<?, ?>) section).get(key);
    }

    private static ContractException wrong(String path, Object value, String wanted) {
        return new ContractException(path + " is " + shown(value) + ", wanted is " + wanted);
    }

    /** Short and on one line, whatever the contract holds. */
    private static String shown(Object value) {
        String text = String.valueOf(value).replaceAll("\\p{Cntrl}", "?");
        return text.length() <= 80 ? text : text.substring(0, 80) + "...";
    }
}
