package ai.mobileiqa.core;

/** A contract of another schema, or with a rule that this version does not implement; updating may help. */
public final class UnsupportedContractException extends ContractException {
    private static final long serialVersionUID = 1;

    UnsupportedContractException(String message) {
        super(message);
    }

    UnsupportedContractException(String message, Throwable cause) {
        super(message, cause);
    }
}
