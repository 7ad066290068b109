package ai.mobileiqa.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Takes typed values out of one object of a contract; a key that is never asked for is an error.
 *
 * <p>Rules of another version, and texts that are not printable, are noted while reading and complained of by
 * {@link #requireSupported} and {@link #requirePrintable}: damage is reported first, as in Python.
 */
final class ContractReader {
    private static final int SHOWN = 80; // characters of a value in an error

    private final Map<?, ?> values;
    private final String path;
    private final Set<String> read = new HashSet<String>();
    private final List<String> unsupported;
    private final Map<String, String> texts;

    ContractReader(Map<?, ?> contract) {
        this(contract, "", new ArrayList<String>(), new LinkedHashMap<String, String>());
    }

    private ContractReader(
            Map<?, ?> values, String path, List<String> unsupported, Map<String, String> texts) {
        this.values = values;
        this.path = path;
        this.unsupported = unsupported;
        this.texts = texts;
    }

    String text(String key) throws ContractException {
        return text(required(key), key);
    }

    List<String> texts(String key) throws ContractException {
        List<String> list = new ArrayList<String>();
        List<?> items = list(key);
        for (int i = 0; i < items.size(); i++) {
            list.add(text(items.get(i), key + "." + i));
        }
        return Collections.unmodifiableList(list);
    }

    String digest(String key) throws ContractException {
        String text = text(key);
        if (!text.matches("[0-9a-f]{64}")) {
            throw wrong(key, text, "64 hex digits");
        }
        return text;
    }

    /** Returns one of the constants by its name in contracts; another text is noted as unsupported. */
    <E extends Enum<E>> E rule(String key, E[] constants) throws ContractException {
        String text = text(key);
        for (E constant : constants) {
            if (nameOf(constant).equals(text)) {
                return constant;
            }
        }
        unsupported(key, text, namesOf(constants));
        return constants[0];
    }

    /** Reads a text that has one value only in this version. */
    void rule(String key, String only) throws ContractException {
        String text = text(key);
        if (!text.equals(only)) {
            unsupported(key, text, only);
        }
    }

    /** Notes that the contract asks for something that this version does not implement. */
    void unsupported(String key, Object value, Object implemented) {
        unsupported.add(name(key) + " is " + shown(value) + ", this version implements " + implemented);
    }

    boolean flag(String key) throws ContractException {
        Object value = required(key);
        if (!(value instanceof Boolean)) {
            throw wrong(key, value, "true or false");
        }
        return (Boolean) value;
    }

    int whole(String key, int least, int most) throws ContractException {
        return whole(required(key), key, least, most);
    }

    /** Returns {@code ifNull} for a null. */
    int wholeOrNull(String key, int least, int most, int ifNull) throws ContractException {
        return required(key) == null ? ifNull : whole(key, least, most);
    }

    double real(String key) throws ContractException {
        return real(required(key), key);
    }

    /** Returns a number in [0, 1]. */
    double unit(String key) throws ContractException {
        return unit(required(key), key);
    }

    Double unitOrNull(String key) throws ContractException {
        return required(key) == null ? null : Double.valueOf(unit(key));
    }

    /** Returns numbers in [0, 1]. */
    List<Double> units(String key) throws ContractException {
        List<Double> list = new ArrayList<Double>();
        for (Object item : list(key)) {
            list.add(unit(item, key));
        }
        return Collections.unmodifiableList(list);
    }

    /** Returns sizes, each written as [height, width]. */
    List<Size> sizes(String key, int most) throws ContractException {
        List<Size> sizes = new ArrayList<Size>();
        for (Object item : list(key)) {
            if (!(item instanceof List) || ((List<?>) item).size() != 2) {
                throw wrong(key, item, "a list of [height, width]");
            }
            List<?> sides = (List<?>) item;
            sizes.add(new Size(whole(sides.get(0), key, 1, most), whole(sides.get(1), key, 1, most)));
        }
        return Collections.unmodifiableList(sizes);
    }

    ContractReader section(String key) throws ContractException {
        return section(required(key), key);
    }

    /** Returns null for a null. */
    ContractReader sectionOrNull(String key) throws ContractException {
        return required(key) == null ? null : section(key);
    }

    List<ContractReader> sections(String key) throws ContractException {
        List<ContractReader> sections = new ArrayList<ContractReader>();
        List<?> items = list(key);
        for (int i = 0; i < items.size(); i++) {
            sections.add(section(items.get(i), key + "." + i));
        }
        return sections;
    }

    /** Throws if there are keys that were never read. */
    void end() throws ContractException {
        for (Object key : values.keySet()) {
            if (!read.contains(key)) {
                throw new ContractException("the contract has an unexpected key: " + shown(name((String) key)));
            }
        }
    }

    /** Throws if anything unsupported was noted in any part of the contract. */
    void requireSupported() throws ContractException {
        if (!unsupported.isEmpty()) {
            throw new UnsupportedContractException(unsupported.get(0) + "; update the app");
        }
    }

    /** Throws if texts that would reach screens and files are not printable. */
    void requirePrintable() throws ContractException {
        for (Map.Entry<String, String> entry : texts.entrySet()) {
            if (!Text.isPrintable(entry.getValue())) {
                throw new ContractException(entry.getKey() + " is not printable: " + shown(entry.getValue()));
            }
        }
    }

    ContractException wrong(String key, Object value, String must) {
        return new ContractException(name(key) + " is " + shown(value) + "; it must be " + must);
    }

    private String name(String key) {
        return path + key;
    }

    private Object required(String key) throws ContractException {
        read.add(key);
        if (!values.containsKey(key)) {
            throw new ContractException(name(key) + " is missing");
        }
        return values.get(key);
    }

    private List<?> list(String key) throws ContractException {
        Object value = required(key);
        if (!(value instanceof List)) {
            throw wrong(key, value, "a list");
        }
        return (List<?>) value;
    }

    private ContractReader section(Object value, String key) throws ContractException {
        if (!(value instanceof Map)) {
            throw wrong(key, value, "an object");
        }
        return new ContractReader((Map<?, ?>) value, name(key) + ".", unsupported, texts);
    }

    private String text(Object value, String key) throws ContractException {
        if (!(value instanceof String)) {
            throw wrong(key, value, "a string");
        }
        texts.put(name(key), (String) value);
        return (String) value;
    }

    private int whole(Object value, String key, int least, int most) throws ContractException {
        if (!(value instanceof Long) || (Long) value < least || (Long) value > most) {
            throw wrong(key, value, "a whole number from " + least + " to " + most);
        }
        return ((Long) value).intValue();
    }

    private double real(Object value, String key) throws ContractException {
        if (!(value instanceof Long || value instanceof Double)) {
            throw wrong(key, value, "a number");
        }
        return ((Number) value).doubleValue();
    }

    private double unit(Object value, String key) throws ContractException {
        double number = real(value, key);
        if (!(number >= 0 && number <= 1)) {
            throw wrong(key, value, "a number from 0 to 1");
        }
        return number;
    }

    /** Returns a constant as contracts write it: {@code DYNAMIC_INT8} is {@code dynamic-int8}. */
    static String nameOf(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String namesOf(Enum<?>[] constants) {
        String[] names = new String[constants.length];
        for (int i = 0; i < names.length; i++) {
            names[i] = nameOf(constants[i]);
        }
        return Arrays.toString(names);
    }

    private static String shown(Object value) {
        return Text.oneLine(String.valueOf(value), SHOWN);
    }
}
