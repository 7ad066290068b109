package ai.mobileiqa.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Contracts of schema 2 rewritten as schema 3, as {@code mobileiqa_sdk/contract_v2.py} does. Schema 2 described
 * precision in prose: its wording is understood here and nowhere else.
 */
final class ContractV2 {
    private static final String DRIFT_ALLOWED = "; drift allowed";
    private static final List<String> WEIGHTS = Arrays.asList("fp32", "fp16", "int8", "int4");
    private static final String[][] KEYS = {
        {"model", "name", "version", "family", "licence", "checkpoint_sha256"},
        {"input", "height", "width", "layout", "channels", "dtype", "resample", "decode"},
        {"output", "minimum", "maximum", "higher_is_better", "opinions"},
        {"precision", "weights", "compute"},
        {"golden", "formula", "height", "width", "input_sha256", "score", "tolerance"},
    };

    private ContractV2() {}

    /**
     * Returns the same contract with all keys of schema 3. Values are left to the validation of schema 3.
     *
     * @param contract without the key {@code schema}
     * @throws ContractException a key is missing or unknown
     */
    static Map<String, Object> upgraded(Map<?, ?> contract) throws ContractException {
        List<String> sections = new ArrayList<String>();
        for (String[] keys : KEYS) {
            sections.add(keys[0]);
        }
        compare(contract, sections, "");
        for (String[] keys : KEYS) {
            Object section = contract.get(keys[0]);
            if (!(section instanceof Map)) {
                throw new ContractException(keys[0] + " is not an object");
            }
            compare((Map<?, ?>) section, Arrays.asList(keys).subList(1, keys.length), keys[0] + ".");
        }
        Map<?, ?> precision = (Map<?, ?>) contract.get("precision");
        Map<String, Object> upgraded = new LinkedHashMap<String, Object>();
        upgraded.put("model", model((Map<?, ?>) contract.get("model")));
        upgraded.put("input", input((Map<?, ?>) contract.get("input")));
        upgraded.put("outputs", Collections.singletonList(output((Map<?, ?>) contract.get("output"))));
        upgraded.put("precision", precision(precision));
        upgraded.put("golden", golden((Map<?, ?>) contract.get("golden")));
        upgraded.put("verification", verification(precision.get("compute")));
        return upgraded;
    }

    private static void compare(Map<?, ?> values, List<String> keys, String prefix) throws ContractException {
        for (String key : keys) {
            if (!values.containsKey(key)) {
                throw new ContractException(prefix + key + " is missing");
            }
        }
        for (Object key : values.keySet()) {
            if (!keys.contains(key)) {
                throw new ContractException("the contract has an unexpected key: " + prefix + key);
            }
        }
    }

    private static Map<String, Object> input(Map<?, ?> input) {
        Map<String, Object> upgraded = copy(input);
        upgraded.put("fit", "stretch");
        upgraded.put("multiple", 1L);
        upgraded.put("settings", Collections.emptyList());
        upgraded.put("detail", null);
        return upgraded;
    }

    private static Map<String, Object> model(Map<?, ?> model) {
        Map<String, Object> upgraded = new LinkedHashMap<String, Object>();
        for (Map.Entry<?, ?> entry : model.entrySet()) {
            String key = (String) entry.getKey();
            upgraded.put(key.equals("licence") ? "license" : key, entry.getValue());
        }
        return upgraded;
    }

    private static Map<String, Object> precision(Map<?, ?> precision) {
        Object weights = precision.get("weights");
        Object compute = precision.get("compute");
        boolean free = weights instanceof String && !WEIGHTS.contains(weights);
        Map<String, Object> upgraded = new LinkedHashMap<String, Object>();
        upgraded.put("weights", free ? "fp32" : weights);
        upgraded.put("activations", compute instanceof String ? activations((String) compute) : "float");
        upgraded.put("note", compute);
        return upgraded;
    }

    private static String activations(String compute) {
        if (!compute.startsWith("int8")) {
            return "float";
        }
        return compute.startsWith("int8, ranges at run time") ? "dynamic-int8" : "static-int8";
    }

    private static Map<String, Object> golden(Map<?, ?> golden) {
        Map<String, Object> upgraded = copy(golden);
        Map<String, Object> answer = new LinkedHashMap<String, Object>();
        answer.put("input_sha256", upgraded.remove("input_sha256"));
        answer.put("score", upgraded.remove("score"));
        answer.put("faults", Collections.emptyList());
        answer.put("photo", null);
        answer.put("setting", "");
        upgraded.put("cases", Collections.singletonList(answer));
        return upgraded;
    }

    private static Map<String, Object> output(Map<?, ?> output) {
        Map<String, Object> upgraded = copy(output);
        Object opinions = upgraded.remove("opinions");
        upgraded.put("name", Long.valueOf(1).equals(opinions) ? "score" : "opinions");
        upgraded.put("meaning", "opinions");
        upgraded.put("size", opinions);
        upgraded.put("labels", Collections.emptyList());
        return upgraded;
    }

    private static Map<String, Object> verification(Object compute) {
        boolean failed = compute instanceof String && ((String) compute).endsWith(DRIFT_ALLOWED);
        String failure = "kept although it failed verification; its report says why";
        Map<String, Object> verification = new LinkedHashMap<String, Object>();
        verification.put("passed", !failed);
        verification.put("failures", failed ? Collections.singletonList(failure) : Collections.emptyList());
        return verification;
    }

    private static Map<String, Object> copy(Map<?, ?> map) {
        Map<String, Object> copy = new LinkedHashMap<String, Object>();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            copy.put((String) entry.getKey(), entry.getValue());
        }
        return copy;
    }
}
