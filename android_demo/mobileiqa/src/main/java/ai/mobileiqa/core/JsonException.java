package ai.mobileiqa.core;

/** A text is not JSON, or a value cannot be written as JSON; the message is one printable line. */
public final class JsonException extends Exception {
    private static final long serialVersionUID = 1;

    JsonException(String message) {
        super(Text.oneLine(message, Text.LIMIT));
    }
}
