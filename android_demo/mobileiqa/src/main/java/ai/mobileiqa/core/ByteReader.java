package ai.mobileiqa.core;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.Arrays;

/**
 * Reads a file's structure from a stream. Every method throws EOFException if the stream ends early.
 *
 * <p>Buffered here, without the locks of Java's own buffers: a JPEG is walked through byte by byte.
 */
final class ByteReader {
    private static final Charset LATIN_1 = Charset.forName("ISO-8859-1");

    private final InputStream in;
    private final byte[] buffer = new byte[1 << 16];
    private int position;
    private int end;

    ByteReader(InputStream in) {
        this.in = in;
    }

    /** Returns the next byte, 0 to 255. */
    int readByte() throws IOException {
        if (position == end) {
            fill();
        }
        return buffer[position++] & 0xff;
    }

    /** Returns the next two bytes as a big-endian number. */
    int readShort() throws IOException {
        return readByte() << 8 | readByte();
    }

    /** Returns the next four bytes as a big-endian number, which also serves to compare with {@link #tag}. */
    int readInt() throws IOException {
        return readShort() << 16 | readShort();
    }

    /** Returns the next {@code count} bytes. */
    byte[] readBytes(int count) throws IOException {
        byte[] bytes = new byte[count];
        int done = 0;
        while (done < count) {
            if (position == end) {
                fill();
            }
            int part = Math.min(count - done, end - position);
            System.arraycopy(buffer, position, bytes, done, part);
            position += part;
            done += part;
        }
        return bytes;
    }

    /** Skips {@code count} bytes; all of them must be there. Skips nothing if the count is negative. */
    void skip(long count) throws IOException {
        if (count <= end - position) {
            position += (int) Math.max(count, 0);
            return;
        }
        // FileInputStream.skip goes beyond the end without complaint: the last byte has to be read.
        long left = count - (end - position) - 1;
        position = end;
        while (left > 0) {
            long skipped = in.skip(left);
            if (skipped <= 0) {
                readByte();
                skipped = 1 + Math.min(left - 1, end - position);
                position += (int) skipped - 1;
            }
            left -= skipped;
        }
        readByte();
    }

    /** Returns a four-letter type as {@link #readInt} reads it. */
    static int tag(String letters) {
        return ByteBuffer.wrap(latin(letters)).getInt();
    }

    static byte[] latin(String text) {
        return text.getBytes(LATIN_1);
    }

    static boolean startsWith(byte[] bytes, byte[] start) {
        return bytes.length >= start.length && Arrays.equals(Arrays.copyOf(bytes, start.length), start);
    }

    private void fill() throws IOException {
        int count = in.read(buffer);
        while (count == 0) {
            count = in.read(buffer);
        }
        if (count < 0) {
            throw new EOFException();
        }
        position = 0;
        end = count;
    }
}
