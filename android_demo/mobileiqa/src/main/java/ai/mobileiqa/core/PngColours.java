package ai.mobileiqa.core;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;

/**
 * What a PNG's chunks gAMA and cHRM say about its colours where nothing that has precedence does: a profile, an sRGB or
 * a cICP chunk. The rules are those of {@code mobileiqa_sdk/code_points.py} and {@code png.py}.
 */
public final class PngColours {
    private static final int CHROMATICITIES = 8;
    private static final double UNITS = 100000;
    private static final int MAX_BLOCK = 1 << 16; // of the chunks that are read, the longest has 32 bytes
    private static final String KNOWN_PRIMARIES = "\1\2\4\5\6\7\10\11\12\13\14\26"; // ITU-T H.273, table 2
    private static final int LAST_TRANSFER = 18;
    private static final int RESERVED_TRANSFER = 3;

    private final ByteReader in;
    private Double gamma;
    private double[] primaries;
    private boolean isDescribed;

    private PngColours(InputStream in) {
        this.in = new ByteReader(in);
    }

    /**
     * Returns how to convert the pixels of a PNG that {@link PngWithoutColours} hands to the decoder; null for other
     * files, and where the decoder's own conversion is right.
     *
     * @param in a photo file; read until its pixels, not closed
     */
    public static ColourConversion read(InputStream in) throws IOException {
        PngColours colours = new PngColours(in);
        try {
            colours.readChunks();
        } catch (EOFException truncated) {
            return null; // Truncation and the decoder report it
        }
        boolean isUsed = !colours.isDescribed && (colours.gamma != null || colours.primaries != null);
        return isUsed ? ColourConversion.of(colours.gamma, colours.primaries) : null;
    }

    private void readChunks() throws IOException {
        if (in.readInt() != PngWithoutColours.SIGNATURE || in.readInt() != PngWithoutColours.SIGNATURE_REST) {
            return;
        }
        while (true) {
            long length = in.readInt() & 0xffffffffL;
            int type = in.readInt();
            if (type == ByteReader.tag("IDAT")) {
                return;
            }
            if (length > MAX_BLOCK) {
                isDescribed = isDescribed || type == ByteReader.tag("iCCP");
                in.skip(length);
            } else {
                take(type, in.readBytes((int) length));
            }
            in.skip(4);
        }
    }

    private void take(int type, byte[] body) {
        ByteBuffer numbers = ByteBuffer.wrap(body);
        if (type == ByteReader.tag("iCCP")) {
            isDescribed = true;
        } else if (type == ByteReader.tag("sRGB")) {
            isDescribed = isDescribed || body.length == 1;
        } else if (type == ByteReader.tag("cICP")) {
            isDescribed = isDescribed || isKnown(body);
        } else if (type == ByteReader.tag("gAMA") && body.length == 4 && gamma == null) {
            gamma = (numbers.getInt() & 0xffffffffL) / UNITS;
        } else if (type == ByteReader.tag("cHRM") && body.length == 4 * CHROMATICITIES && primaries == null) {
            primaries = new double[CHROMATICITIES];
            DoubleBuffer out = DoubleBuffer.wrap(primaries);
            while (out.hasRemaining()) {
                out.put(numbers.getInt() / UNITS);
            }
        }
    }

    private static boolean isKnown(byte[] cicp) {
        return cicp.length == 4
                && KNOWN_PRIMARIES.indexOf(cicp[0] & 0xff) >= 0
                && cicp[1] >= 1
                && cicp[1] <= LAST_TRANSFER
                && cicp[1] != RESERVED_TRANSFER
                && cicp[2] == 0
                && (cicp[3] == 0 || cicp[3] == 1);
    }
}
