package ai.mobileiqa.core;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.util.Arrays;

/** The EXIF and XMP blocks of a JPEG, PNG or WebP file, without its pixels. */
final class PhotoMetadata {
    /** Longer blocks are not looked at: cameras write kilobytes, and a photo may come from anywhere. */
    private static final int MAX_BLOCK = 1 << 20;

    private static final byte[] EXIF = latin("Exif\0\0");
    private static final byte[] JPEG_XMP = latin("http://ns.adobe.com/xap/1.0/\0");
    // Keyword, then: not compressed, no method, no language, no translation.
    private static final byte[] PNG_XMP = latin("XML:com.adobe.xmp\0\0\0\0\0");
    private static final int JPEG = 0xffd8;
    private static final int PNG = 0x89504e47;
    private static final int PNG_END = 0x0d0a1a0a;

    private final InputStream in;
    private final ByteArrayOutputStream exif = new ByteArrayOutputStream();
    private byte[] xmp = {};

    private PhotoMetadata(InputStream in) {
        this.in = in;
    }

    /** Reads until the pixels of a JPEG, or the end of another file. */
    static PhotoMetadata read(InputStream in) throws IOException {
        PhotoMetadata metadata = new PhotoMetadata(in);
        try {
            metadata.readFile();
        } catch (EOFException cutOff) {
            // the decoder will say so
        }
        return metadata;
    }

    /** A TIFF structure; empty where there is none. */
    byte[] exif() {
        byte[] tiff = exif.toByteArray();
        for (int i = 0; i < 2 && startsWith(tiff, EXIF); i++) {
            tiff = Arrays.copyOfRange(tiff, EXIF.length, tiff.length);
        }
        return tiff;
    }

    /** An XML text; empty where there is none. */
    byte[] xmp() {
        return xmp;
    }

    private void readFile() throws IOException {
        int start = readByte() << 8 | readByte();
        if (start == JPEG) {
            readJpeg();
            return;
        }
        start = start << 16 | readByte() << 8 | readByte();
        if (start == PNG && ByteBuffer.wrap(take(4)).getInt() == PNG_END) {
            readPng();
        } else if (start == tag("RIFF")) {
            skip(4);
            if (ByteBuffer.wrap(take(4)).getInt() == tag("WEBP")) {
                readWebp();
            }
        }
    }

    // ITU-T T.81, B.1.1: markers, most with a length of two bytes that counts itself.
    private void readJpeg() throws IOException {
        while (true) {
            int marker = nextMarker();
            if (marker == 0xda || marker == 0xd9) { // start of scan, end of image
                return;
            }
            if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
                continue;
            }
            int length = (readByte() << 8 | readByte()) - 2;
            if (marker != 0xe1 || length < 0) {
                skip(length);
                continue;
            }
            byte[] block = take(length);
            if (startsWith(block, EXIF) && exif.size() < MAX_BLOCK) {
                exif.write(block, EXIF.length, block.length - EXIF.length); // a long one comes in parts
            } else if (startsWith(block, JPEG_XMP)) {
                xmp = Arrays.copyOfRange(block, JPEG_XMP.length, block.length);
            }
        }
    }

    /** The next byte behind one or more 0xff that is neither padding nor data. */
    private int nextMarker() throws IOException {
        while (true) {
            int value = readByte();
            while (value != 0xff) {
                value = readByte();
            }
            while (value == 0xff) {
                value = readByte();
            }
            if (value != 0) {
                return value;
            }
        }
    }

    // PNG, third edition, 5.3: length, type, data, checksum.
    private void readPng() throws IOException {
        while (true) {
            ByteBuffer head = ByteBuffer.wrap(take(8));
            long length = head.getInt() & 0xffffffffL;
            int type = head.getInt();
            boolean wanted = type == tag("eXIf") || type == tag("iTXt");
            if (wanted && length <= MAX_BLOCK) {
                byte[] block = take((int) length);
                if (type == tag("eXIf")) {
                    exif.write(block);
                } else if (startsWith(block, PNG_XMP)) {
                    xmp = Arrays.copyOfRange(block, PNG_XMP.length, block.length);
                }
            } else {
                skip(length);
            }
            skip(4);
        }
    }

    // WebP's container: type, little-endian length, data padded to an even number of bytes.
    private void readWebp() throws IOException {
        while (true) {
            ByteBuffer head = ByteBuffer.wrap(take(8));
            int type = head.getInt();
            long length = head.order(ByteOrder.LITTLE_ENDIAN).getInt() & 0xffffffffL;
            if (type == tag("EXIF") && length <= MAX_BLOCK) {
                exif.write(take((int) length));
            } else if (type == tag("XMP ") && length <= MAX_BLOCK) {
                xmp = take((int) length);
            } else {
                skip(length);
            }
            skip(length & 1);
        }
    }

    private int readByte() throws IOException {
        int value = in.read();
        if (value < 0) {
            throw new EOFException();
        }
        return value;
    }

    private byte[] take(int count) throws IOException {
        byte[] bytes = new byte[count];
        new DataInputStream(in).readFully(bytes);
        return bytes;
    }

    private void skip(long count) throws IOException {
        long left = count;
        while (left > 0) {
            long skipped = in.skip(left);
            if (skipped <= 0) { // at the end, or not in the mood
                readByte();
                skipped = 1;
            }
            left -= skipped;
        }
    }

    private static int tag(String name) {
        return ByteBuffer.wrap(latin(name)).getInt();
    }

    private static byte[] latin(String text) {
        return text.getBytes(Charset.forName("ISO-8859-1"));
    }

    private static boolean startsWith(byte[] bytes, byte[] start) {
        return bytes.length >= start.length && Arrays.equals(Arrays.copyOf(bytes, start.length), start);
    }
}
