package ai.mobileiqa.core;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/**
 * A PNG file without its chunks gAMA and cHRM, so that a decoder hands out the values as they are stored. Other files
 * pass unchanged.
 */
public final class PngWithoutColours extends FilterInputStream {
    static final int SIGNATURE = 0x89504e47;
    static final int SIGNATURE_REST = 0x0d0a1a0a;

    private static final int HEAD = 8; // length and type of a chunk, and the signature
    private static final int CHECKSUM = 4;

    /** The head that is handed out next, and what follows of its chunk. */
    private byte[] head = new byte[HEAD];
    private int given;
    private int held;
    private long body;
    private boolean isPassing;

    /** Wraps a file at its start. */
    public PngWithoutColours(InputStream file) throws IOException {
        super(file);
        readHead();
        ByteBuffer start = ByteBuffer.wrap(head);
        isPassing = held < HEAD || start.getInt() != SIGNATURE || start.getInt() != SIGNATURE_REST;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int count) throws IOException {
        if (count == 0) {
            return 0;
        }
        if (given == held && body == 0 && !isPassing) {
            nextChunk();
        }
        if (given < held) {
            int part = Math.min(count, held - given);
            System.arraycopy(head, given, into, offset, part);
            given += part;
            return part;
        }
        if (isPassing) {
            return in.read(into, offset, count);
        }
        int part = in.read(into, offset, (int) Math.min(count, body));
        body -= Math.max(part, 0);
        return part;
    }

    /** Skips by reading: bytes of the file are not those that are handed out. */
    @Override
    public long skip(long count) throws IOException {
        byte[] skipped = new byte[(int) Math.min(Math.max(count, 0), 1 << 13)];
        return Math.max(read(skipped, 0, skipped.length), 0);
    }

    @Override
    public int available() throws IOException {
        return held - given;
    }

    @Override
    public boolean markSupported() {
        return false;
    }

    private void nextChunk() throws IOException {
        while (true) {
            readHead();
            ByteBuffer start = ByteBuffer.wrap(head);
            body = (start.getInt() & 0xffffffffL) + CHECKSUM;
            int type = start.getInt();
            isPassing = held < HEAD || type == ByteReader.tag("IDAT");
            if (isPassing || (type != ByteReader.tag("gAMA") && type != ByteReader.tag("cHRM"))) {
                return;
            }
            dropBody();
        }
    }

    private void dropBody() throws IOException {
        while (body > 0) {
            byte[] dropped = new byte[(int) Math.min(body, 1 << 13)];
            int part = in.read(dropped, 0, dropped.length);
            if (part < 0) {
                body = 0;
                return;
            }
            body -= part;
        }
    }

    private void readHead() throws IOException {
        given = 0;
        held = 0;
        while (held < HEAD) {
            int part = in.read(head, held, HEAD - held);
            if (part < 0) {
                return;
            }
            held += part;
        }
    }
}
