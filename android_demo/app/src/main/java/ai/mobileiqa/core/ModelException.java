package ai.mobileiqa.core;

/** A model file cannot be opened, lies, or fails while it runs; the message names the file and the reason. */
public class ModelException extends Exception {
    private static final long serialVersionUID = 1;

    ModelException(String message) {
        super(message);
    }

    ModelException(String message, Throwable cause) {
        super(message, cause);
    }
}
