package ai.mobileiqa.core;

/** A model's contract is damaged or contradicts itself; the message names the key. */
public class ContractException extends ModelException {
    private static final long serialVersionUID = 1;

    ContractException(String message) {
        super(message);
    }

    ContractException(String message, Throwable cause) {
        super(message, cause);
    }
}
