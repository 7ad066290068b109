package ai.mobileiqa.core;

/** A model answered NaN, infinity or a value outside the range that its contract promises. */
public final class OpinionsInvalidException extends ModelException {
    private static final long serialVersionUID = 1;

    OpinionsInvalidException(String message) {
        super(message);
    }
}
