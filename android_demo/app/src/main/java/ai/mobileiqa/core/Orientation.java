package ai.mobileiqa.core;

import java.io.IOException;
import java.io.InputStream;

/** How a camera was held: EXIF's orientation, 1 (upright) to 8. */
public final class Orientation {
    private Orientation() {}

    /**
     * The orientation of a JPEG, PNG or WebP file, from its EXIF or else its XMP.
     *
     * @param photo at the file's start; read as far as needed, not closed
     * @return 1 to 8; 1 for other formats and for malformed EXIF, which must never cost the photo
     * @throws IOException the stream cannot be read
     */
    public static int read(InputStream photo) throws IOException {
        return 1;
    }

    /** The picture as it should be seen: the same one for 1, else a new one. */
    public static Pixels apply(Pixels picture, int orientation) {
        return picture;
    }
}
