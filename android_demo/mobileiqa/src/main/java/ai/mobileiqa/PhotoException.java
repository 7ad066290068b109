package ai.mobileiqa;

import org.jetbrains.annotations.NotNull;

/** A photo cannot be scored. The message is one English sentence; {@link #reason} is for programs. */
public final class PhotoException extends Exception {
    /** Why a photo cannot be scored. */
    public enum Reason {
        /** There is no such file, or this app may not read it. */
        GONE,
        /** Reading it failed; the cause says how. */
        UNREADABLE,
        /** Not a picture, or of a format that this version of Android does not read. */
        NOT_A_PICTURE,
        /** The file ends early, or its pixels cannot be decoded. */
        DAMAGED,
        /** A side is shorter than {@link ai.mobileiqa.core.Contract#MIN_PHOTO_SIDE}. */
        TOO_SMALL,
        /** More pixels than {@link ai.mobileiqa.core.DecodePlan#MAX_PIXELS}. */
        TOO_LARGE,
        /** More bytes than {@link #limitBytes}. */
        FILE_TOO_LARGE,
        /** Too little memory is free to decode it at the size that the model needs. */
        OUT_OF_MEMORY
    }

    private static final long serialVersionUID = 1;

    /** Why the photo cannot be scored. */
    @NotNull
    public final Reason reason;

    /** Columns of the upright photo, with TOO_SMALL and TOO_LARGE; else 0. */
    public final int width;

    /** Rows of the upright photo, with TOO_SMALL and TOO_LARGE; else 0. */
    public final int height;

    /** The most bytes that are read, with FILE_TOO_LARGE; else 0. */
    public final long limitBytes;

    PhotoException(Reason reason, String message) {
        this(reason, message, 0, 0, 0, null);
    }

    private PhotoException(
            Reason reason, String message, int width, int height, long limitBytes, Throwable cause) {
        super(message, cause);
        this.reason = reason;
        this.width = width;
        this.height = height;
        this.limitBytes = limitBytes;
    }

    static PhotoException unreadable(Throwable cause) {
        String message = "the photo cannot be read: " + cause;
        return new PhotoException(Reason.UNREADABLE, message, 0, 0, 0, cause);
    }

    static PhotoException ofSize(Reason reason, int width, int height, String message) {
        return new PhotoException(reason, message, width, height, 0, null);
    }

    static PhotoException fileTooLarge(long limitBytes) {
        String message = "the file has more than " + (limitBytes >> 20) + " MB; choose a smaller one";
        return new PhotoException(Reason.FILE_TOO_LARGE, message, 0, 0, limitBytes, null);
    }
}
