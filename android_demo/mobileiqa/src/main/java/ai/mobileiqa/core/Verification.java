package ai.mobileiqa.core;

import java.util.List;

/** Whether the artifact passed verification when it was exported. */
public final class Verification {
    /** False for an artifact that was kept although it failed. */
    public final boolean passed;

    /** A sentence for each reason; empty if it passed. */
    public final List<String> failures;

    Verification(ContractReader in) throws ContractException {
        passed = in.flag("passed");
        failures = in.texts("failures");
        in.end();
    }

    void check() throws ContractException {
        Contract.require(passed == failures.isEmpty(), "its verification contradicts itself");
    }
}
