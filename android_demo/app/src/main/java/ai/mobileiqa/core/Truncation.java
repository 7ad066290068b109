package ai.mobileiqa.core;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * Whether a photo's file ends early. Android's decoder greys out the missing part and says nothing, which would
 * be scored as if the photo were like that; Python's refuses such a file.
 */
public final class Truncation {
    private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

    private Truncation() {}

    /**
     * @param photo at the file's start; read as far as needed, not closed
     * @return true where a JPEG lacks the marker of its end, a PNG its last chunk, a WebP some of the bytes it
     *     announces; false for whole files and for other formats
     * @throws IOException the stream cannot be read
     */
    public static boolean endsEarly(InputStream photo) throws IOException {
        InputStream in = new BufferedInputStream(photo, 1 << 16);
        byte[] head = new byte[12];
        try {
            fill(in, head, 0, 2);
            if ((head[0] & 0xff) == 0xff && (head[1] & 0xff) == 0xd8) {
                jpeg(in);
                return false;
            }
            fill(in, head, 2, 6);
            if (startsWith(head, PNG)) {
                png(in);
                return false;
            }
            fill(in, head, 8, 4);
            if (is(head, 0, "RIFF") && is(head, 8, "WEBP")) {
                skip(in, (little(head, 4) & 0xffffffffL) - 4);
            }
            return false;
        } catch (EOFException end) {
            return true;
        }
    }

    /** From behind the first marker to behind the marker EOI; segments are jumped over, thumbnails with them. */
    private static void jpeg(InputStream in) throws IOException {
        while (true) {
            int marker = nextMarker(in);
            if (marker == 0xd9) {
                return;
            }
            if (marker != 0x01 && (marker < 0xd0 || marker > 0xd8)) { // all others have a length
                int length = read(in) << 8 | read(in);
                skip(in, Math.max(length, 2) - 2);
            }
        }
    }

    /** Passes over coded data, in which 0xff is followed by 0. */
    private static int nextMarker(InputStream in) throws IOException {
        while (true) {
            while (read(in) != 0xff) {
                continue;
            }
            int code = read(in);
            while (code == 0xff) {
                code = read(in);
            }
            if (code != 0) {
                return code;
            }
        }
    }

    private static void png(InputStream in) throws IOException {
        byte[] chunk = new byte[8];
        do {
            fill(in, chunk, 0, 8);
            long length = Integer.reverseBytes(little(chunk, 0)) & 0xffffffffL;
            skip(in, length + 4); // a checksum follows
        } while (!is(chunk, 4, "IEND"));
    }

    private static int read(InputStream in) throws IOException {
        int value = in.read();
        if (value < 0) {
            throw new EOFException();
        }
        return value;
    }

    private static void fill(InputStream in, byte[] bytes, int from, int count) throws IOException {
        for (int i = from; i < from + count; i++) {
            bytes[i] = (byte) read(in);
        }
    }

    private static void skip(InputStream in, long count) throws IOException {
        long left = count;
        while (left > 0) {
            long skipped = in.skip(left);
            if (skipped <= 0) { // the end, or a stream that does not skip
                read(in);
                skipped = 1;
            }
            left -= skipped;
        }
    }

    private static int little(byte[] bytes, int at) {
        return bytes[at] & 0xff | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff) << 16 | bytes[at + 3] << 24;
    }

    private static boolean startsWith(byte[] bytes, byte[] start) {
        for (int i = 0; i < start.length; i++) {
            if (bytes[i] != start[i]) {
                return false;
            }
        }
        return true;
    }

    private static boolean is(byte[] bytes, int at, String text) {
        for (int i = 0; i < text.length(); i++) {
            if (bytes[at + i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
