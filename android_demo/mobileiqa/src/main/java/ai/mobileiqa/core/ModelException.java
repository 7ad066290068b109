package ai.mobileiqa.core;

/** A model file cannot be opened, breaks its contract, or fails while it runs; the message is one printable line. */
public class ModelException extends Exception {
    private static final long serialVersionUID = 1;

    ModelException(String message) {
        super(Text.oneLine(message, Text.LIMIT));
    }

    ModelException(String message, Throwable cause) {
        super(Text.oneLine(message, Text.LIMIT), cause);
    }
}
