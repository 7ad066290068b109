package ai.mobileiqa.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What an artifact expects and promises: schema 3 of {@code docs/contract.md}, checked. Schema 2 is read as well.
 */
public final class Contract {
    /** The schema that is written now. */
    public static final long SCHEMA = 3;

    /** The key of the contract in the metadata of a model file. */
    public static final String METADATA_KEY = "mobileiqa.contract";

    /** Pixels; larger sides are a mistake. */
    public static final int MAX_SIDE = 8192;

    /** Pixels; smaller photos are not scored. */
    public static final int MIN_PHOTO_SIDE = 32;

    /** The most values of one output. */
    public static final int MAX_OPINIONS = 1024;

    private static final long OLD_SCHEMA = 2;

    /** Which model this is. */
    public final ModelInfo model;

    /** The photo as the model takes it. */
    public final InputSpec input;

    /** All outputs, one of each meaning at most. */
    public final List<OutputSpec> outputs;

    /** What is computed. */
    public final Precision precision;

    /** A test that the artifact carries. */
    public final GoldenSpec golden;

    /** Whether the artifact passed verification when it was exported. */
    public final Verification verification;

    private Contract(ContractReader in) throws ContractException {
        model = new ModelInfo(in.section("model"));
        input = new InputSpec(in.section("input"));
        List<OutputSpec> specs = new ArrayList<OutputSpec>();
        for (ContractReader output : in.sections("outputs")) {
            specs.add(new OutputSpec(output));
        }
        outputs = Collections.unmodifiableList(specs);
        precision = new Precision(in.section("precision"));
        golden = new GoldenSpec(in.section("golden"));
        verification = new Verification(in.section("verification"));
        in.end();
        in.requireSupported();
        check();
        in.requirePrintable();
    }

    /**
     * Reads a contract.
     *
     * @param json the text under {@link #METADATA_KEY}
     * @throws UnsupportedContractException another schema, or a rule that this version does not implement
     * @throws ContractException not a contract, or a value that makes no sense
     */
    public static Contract parse(String json) throws ContractException {
        Object values;
        try {
            values = Json.parse(json);
        } catch (JsonException error) {
            throw new ContractException("the contract is not JSON: " + error.getMessage(), error);
        }
        if (!(values instanceof Map)) {
            throw new ContractException("the contract is not a JSON object");
        }
        Map<?, ?> contract = (Map<?, ?>) values;
        Object schema = contract.remove("schema");
        if (Long.valueOf(OLD_SCHEMA).equals(schema)) {
            contract = ContractV2.upgraded(contract);
        } else if (!Long.valueOf(SCHEMA).equals(schema)) {
            throw new UnsupportedContractException("contract schema " + schema + "; this version reads " + OLD_SCHEMA
                    + " and " + SCHEMA + ": update the app or export the model again");
        }
        return new Contract(new ContractReader(contract));
    }

    /** Returns the output whose mean is the score. */
    public OutputSpec opinions() {
        return output(OutputSpec.Meaning.OPINIONS);
    }

    /** Returns the output of that meaning; null if the model has none. */
    public OutputSpec output(OutputSpec.Meaning meaning) {
        for (OutputSpec output : outputs) {
            if (output.meaning == meaning) {
                return output;
            }
        }
        return null;
    }

    /** Refuses parts that contradict each other. */
    private void check() throws ContractException {
        Set<OutputSpec.Meaning> meanings = new HashSet<OutputSpec.Meaning>();
        Set<String> names = new HashSet<String>();
        for (OutputSpec output : outputs) {
            meanings.add(output.meaning);
            names.add(output.name);
            output.check();
        }
        require(meanings.size() == outputs.size(), "two outputs have the same meaning");
        require(opinions() != null, "no output has the meaning 'opinions'");
        require(names.size() == outputs.size(), "two outputs share a name");
        input.check();
        golden.check(input, output(OutputSpec.Meaning.FAULTS), output(OutputSpec.Meaning.PHOTO));
        verification.check();
    }

    static void require(boolean holds, String problem) throws ContractException {
        if (!holds) {
            throw new ContractException("the contract is not valid: " + problem);
        }
    }
}
