package ai.mobileiqa.core;

/**
 * How a HEIC or AVIF picture is to be turned: the properties {@code irot} and {@code imir} of its primary item
 * (ISO/IEC 23008-12, 6.5.10 and 6.5.12). Android's decoder returns the pixels as stored, and EXIF's orientation is
 * only informative in these files.
 */
final class HeifOrientation {
    private static final int UPRIGHT = 1;

    // The orientation that results from each orientation 1 to 8 (index 0 is not used).
    private static final int[] TURNED_LEFT = {0, 8, 5, 6, 7, 4, 1, 2, 3};
    private static final int[] LEFT_RIGHT_EXCHANGED = {0, 2, 1, 4, 3, 6, 5, 8, 7};
    private static final int[] TOP_BOTTOM_EXCHANGED = {0, 4, 3, 2, 1, 8, 7, 6, 5};

    private static final int ROTATION = ByteReader.tag("irot");
    private static final int MIRROR = ByteReader.tag("imir");

    private HeifOrientation() {}

    /**
     * Returns EXIF's orientation, 1 to 8, that has the same effect; 1 if the data are malformed.
     *
     * @param meta content of the file's box {@code meta}
     */
    static int of(byte[] meta) {
        int orientation = UPRIGHT;
        try {
            for (HeifProperties.Box property : HeifProperties.of(meta)) {
                orientation = applied(property, orientation);
            }
        } catch (IndexOutOfBoundsException endsEarly) {
            return UPRIGHT;
        }
        return orientation;
    }

    private static int applied(HeifProperties.Box property, int orientation) {
        int result = orientation;
        if (property.type == ROTATION) {
            for (int quarters = property.content.get(0) & 3; quarters > 0; quarters--) {
                result = TURNED_LEFT[result];
            }
        } else if (property.type == MIRROR) {
            boolean leftRight = (property.content.get(0) & 1) != 0;
            result = leftRight ? LEFT_RIGHT_EXCHANGED[result] : TOP_BOTTOM_EXCHANGED[result];
        }
        return result;
    }
}
