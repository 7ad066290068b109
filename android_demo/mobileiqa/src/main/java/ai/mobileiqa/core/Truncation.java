package ai.mobileiqa.core;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * Finds photo files that end early. Android's decoder fills the missing part with grey without an error, and the
 * score would be that of a grey photo; Python refuses such a file.
 */
public final class Truncation {
    private static final int JPEG = 0xffd8;
    private static final int PNG = 0x89504e47;
    private static final int PNG_REST = 0x0d0a1a0a;
    private static final int PNG_END = ByteReader.tag("IEND");
    private static final int RIFF = ByteReader.tag("RIFF");
    private static final int WEBP = ByteReader.tag("WEBP");

    private Truncation() {}

    /**
     * Returns whether a JPEG lacks its end marker, a PNG its last chunk, or a WebP some of the bytes that it
     * announces; false for complete files and for other formats.
     *
     * @param photo at the file's start; not closed
     * @throws IOException the stream cannot be read
     */
    public static boolean endsEarly(InputStream photo) throws IOException {
        ByteReader in = new ByteReader(photo);
        try {
            int start = in.readShort();
            if (start == JPEG) {
                readJpeg(in);
                return false;
            }
            start = start << 16 | in.readShort();
            int next = in.readInt();
            if (start == PNG && next == PNG_REST) {
                readPng(in);
            } else if (start == RIFF && in.readInt() == WEBP) {
                in.skip((Integer.reverseBytes(next) & 0xffffffffL) - 4);
            }
            return false;
        } catch (EOFException end) {
            return true;
        }
    }

    /** Reads from behind the first marker to behind the marker EOI. Thumbnails lie in segments, which are skipped. */
    private static void readJpeg(ByteReader in) throws IOException {
        while (true) {
            int marker = nextMarker(in);
            if (marker == 0xd9) {
                return;
            }
            boolean hasLength = marker != 0x01 && (marker < 0xd0 || marker > 0xd8);
            if (hasLength) {
                in.skip(in.readShort() - 2);
            }
        }
    }

    /** Skips coded data, in which 0xff is followed by 0. */
    private static int nextMarker(ByteReader in) throws IOException {
        while (true) {
            while (in.readByte() != 0xff) {
                continue;
            }
            int code = in.readByte();
            while (code == 0xff) {
                code = in.readByte();
            }
            if (code != 0) {
                return code;
            }
        }
    }

    private static void readPng(ByteReader in) throws IOException {
        int type;
        do {
            long length = in.readInt() & 0xffffffffL;
            type = in.readInt();
            in.skip(length + 4); // a checksum follows
        } while (type != PNG_END);
    }
}
