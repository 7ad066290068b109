package ai.mobileiqa.core;

import java.io.IOException;
import java.io.InputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How a camera was held: EXIF's orientation, 1 (upright) to 8. */
public final class Orientation {
    private static final int UPRIGHT = 1;
    private static final int NONE = 0;
    private static final int TAG = 0x0112; // EXIF 2.32, 4.6.4 A
    private static final int ENTRY = 12; // bytes of a TIFF entry
    private static final Pattern IN_XMP = Pattern.compile("tiff:Orientation(?:=\"|>)([0-9])");

    private Orientation() {}

    /**
     * Returns the orientation of a JPEG, PNG or WebP file by its EXIF, or else by its XMP (unless compressed); that
     * of a HEIC or AVIF file by its rotation and mirroring.
     *
     * @param photo at the file's start; read as far as needed, not closed
     * @return 1 to 8; 1 for other formats and for malformed metadata, which must never cost the photo
     * @throws IOException the stream cannot be read
     */
    public static int read(InputStream photo) throws IOException {
        PhotoMetadata metadata = PhotoMetadata.read(photo);
        if (metadata.heif() != null) {
            return HeifOrientation.of(metadata.heif());
        }
        int orientation;
        try {
            orientation = inExif(metadata.exif());
        } catch (BufferUnderflowException endsEarly) {
            orientation = NONE;
        }
        if (orientation == NONE) {
            String xmp = new String(metadata.xmp(), Charset.forName("ISO-8859-1"));
            Matcher match = IN_XMP.matcher(xmp);
            orientation = match.find() ? known(match.group(1).charAt(0) - '0') : UPRIGHT;
        }
        return orientation;
    }

    /**
     * Returns the picture as it should be seen: the same one for 1, else a new one.
     *
     * @throws IllegalArgumentException an orientation outside 1 to 8
     */
    public static Pixels apply(Pixels picture, int orientation) {
        if (orientation < UPRIGHT || orientation > 8) {
            throw new IllegalArgumentException("an orientation is 1 to 8, not " + orientation);
        }
        if (orientation == UPRIGHT) {
            return picture;
        }
        boolean turned = orientation >= 5;
        boolean fromRight = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
        boolean fromBottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
        int width = turned ? picture.height : picture.width;
        int height = turned ? picture.width : picture.height;
        byte[] rgb = new byte[picture.rgb.length];
        int at = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int column = turned ? y : x;
                int row = turned ? x : y;
                column = fromRight ? picture.width - 1 - column : column;
                row = fromBottom ? picture.height - 1 - row : row;
                int from = 3 * (picture.width * row + column);
                rgb[at++] = picture.rgb[from];
                rgb[at++] = picture.rgb[from + 1];
                rgb[at++] = picture.rgb[from + 2];
            }
        }
        return new Pixels(width, height, rgb);
    }

    /** Returns NONE without such a tag. Throws BufferUnderflowException if the data end before it. */
    private static int inExif(byte[] exif) {
        if (exif.length == 0) {
            return NONE;
        }
        ByteBuffer tiff = ByteBuffer.wrap(exif);
        if (exif.length < 8 || !startsAsTiff(tiff)) {
            return UPRIGHT;
        }
        seek(tiff, tiff.getInt(4) & 0xffffffffL);
        for (int entries = tiff.getShort() & 0xffff; entries > 0; entries--) {
            int next = tiff.position() + ENTRY;
            if (next > tiff.limit()) {
                throw new BufferUnderflowException();
            }
            int tag = tiff.getShort() & 0xffff;
            int type = tiff.getShort();
            long count = tiff.getInt() & 0xffffffffL;
            if (tag == TAG && type >= 1 && type <= 12 && count > 0) {
                return value(tiff, type, count);
            }
            seek(tiff, next);
        }
        return NONE;
    }

    private static boolean startsAsTiff(ByteBuffer tiff) {
        boolean little = tiff.get(0) == 'I';
        tiff.order(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        return tiff.get(1) == tiff.get(0) && (little || tiff.get(0) == 'M') && tiff.getShort(2) == 42;
    }

    /** Returns the first number of an entry; writers use 16 and 32 bits. */
    private static int value(ByteBuffer tiff, int type, long count) {
        boolean isShort = type == 3 || type == 8;
        if (!isShort && type != 4 && type != 9) {
            return UPRIGHT;
        }
        int size = isShort ? 2 : 4;
        if (count * size > 4) {
            long start = tiff.getInt() & 0xffffffffL;
            seek(tiff, start + count * size);
            seek(tiff, start);
        }
        return known(isShort ? tiff.getShort() : tiff.getInt());
    }

    private static int known(int orientation) {
        return orientation >= UPRIGHT && orientation <= 8 ? orientation : UPRIGHT;
    }

    private static void seek(ByteBuffer buffer, long position) {
        if (position > buffer.limit()) {
            throw new BufferUnderflowException();
        }
        buffer.position((int) position);
    }
}
