package ai.mobileiqa.core;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** The blocks of a JPEG, PNG, WebP, HEIC or AVIF file that say how it is to be turned, without its pixels. */
final class PhotoMetadata {
    /** Longer blocks are ignored: cameras write kilobytes, and a photo may come from anywhere. */
    private static final int MAX_BLOCK = 1 << 20;

    private static final byte[] EXIF = ByteReader.latin("Exif\0\0");
    private static final byte[] JPEG_XMP = ByteReader.latin("http://ns.adobe.com/xap/1.0/\0");
    // Keyword, then: not compressed, no method, no language, no translation.
    private static final byte[] PNG_XMP = ByteReader.latin("XML:com.adobe.xmp\0\0\0\0\0");
    private static final int JPEG = 0xffd8;
    private static final int PNG = 0x89504e47;
    private static final int PNG_REST = 0x0d0a1a0a;
    private static final int FILE_TYPE = ByteReader.tag("ftyp");

    private final ByteReader in;
    private final ByteArrayOutputStream exif = new ByteArrayOutputStream();
    private byte[] xmp = {};
    private byte[] heif;

    private PhotoMetadata(InputStream in) {
        this.in = new ByteReader(in);
    }

    /** Reads until the pixels of a JPEG, the item list of a HEIC or AVIF file, or the end of another file. */
    static PhotoMetadata read(InputStream in) throws IOException {
        PhotoMetadata metadata = new PhotoMetadata(in);
        try {
            metadata.readFile();
        } catch (EOFException truncated) {
            return metadata; // Truncation and the decoder report it
        }
        return metadata;
    }

    /** Returns a TIFF structure; empty if there is none. */
    byte[] exif() {
        byte[] tiff = exif.toByteArray();
        for (int i = 0; i < 2 && ByteReader.startsWith(tiff, EXIF); i++) {
            tiff = Arrays.copyOfRange(tiff, EXIF.length, tiff.length);
        }
        return tiff;
    }

    /** Returns an XML text; empty if there is none. */
    byte[] xmp() {
        return xmp;
    }

    /** Returns the content of the box {@code meta} of a HEIC or AVIF file; null for other formats. */
    byte[] heif() {
        return heif;
    }

    private void readFile() throws IOException {
        int start = in.readShort();
        if (start == JPEG) {
            readJpeg();
            return;
        }
        start = start << 16 | in.readShort();
        int next = in.readInt();
        if (start == PNG && next == PNG_REST) {
            readPng();
        } else if (start == ByteReader.tag("RIFF") && in.readInt() == ByteReader.tag("WEBP")) {
            readWebp();
        } else if (next == FILE_TYPE) {
            heif = new byte[0];
            in.skip((start & 0xffffffffL) - 8);
            readHeif();
        }
    }

    // ISO/IEC 14496-12, 4.2: size, type, content.
    private void readHeif() throws IOException {
        while (true) {
            long size = in.readInt() & 0xffffffffL;
            int type = in.readInt();
            long head = 8;
            if (size == 1) {
                size = (long) in.readInt() << 32 | in.readInt() & 0xffffffffL;
                head = 16;
            }
            if (size < head) { // malformed, or a last box of any length
                return;
            }
            if (type == ByteReader.tag("meta")) {
                if (size - head <= MAX_BLOCK) {
                    heif = in.readBytes((int) (size - head));
                }
                return;
            }
            in.skip(size - head);
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
            int length = in.readShort() - 2;
            if (marker != 0xe1 || length < 0) {
                in.skip(length);
                continue;
            }
            byte[] block = in.readBytes(length);
            if (ByteReader.startsWith(block, EXIF) && exif.size() < MAX_BLOCK) {
                exif.write(block, EXIF.length, block.length - EXIF.length); // a long one comes in parts
            } else if (ByteReader.startsWith(block, JPEG_XMP)) {
                xmp = Arrays.copyOfRange(block, JPEG_XMP.length, block.length);
            }
        }
    }

    /** Returns the next byte behind one or more 0xff that is neither padding nor data. */
    private int nextMarker() throws IOException {
        while (true) {
            int value = in.readByte();
            while (value != 0xff) {
                value = in.readByte();
            }
            while (value == 0xff) {
                value = in.readByte();
            }
            if (value != 0) {
                return value;
            }
        }
    }

    // PNG, third edition, 5.3: length, type, data, checksum.
    private void readPng() throws IOException {
        while (true) {
            long length = in.readInt() & 0xffffffffL;
            int type = in.readInt();
            boolean isExif = type == ByteReader.tag("eXIf");
            boolean isText = type == ByteReader.tag("iTXt");
            if ((isExif || isText) && length <= MAX_BLOCK) {
                byte[] block = in.readBytes((int) length);
                if (isExif) {
                    exif.write(block, 0, block.length);
                } else if (ByteReader.startsWith(block, PNG_XMP)) {
                    xmp = Arrays.copyOfRange(block, PNG_XMP.length, block.length);
                }
            } else {
                in.skip(length);
            }
            in.skip(4);
        }
    }

    // WebP's container: type, little-endian length, data padded to an even number of bytes.
    private void readWebp() throws IOException {
        while (true) {
            int type = in.readInt();
            long length = Integer.reverseBytes(in.readInt()) & 0xffffffffL;
            boolean isExif = type == ByteReader.tag("EXIF");
            boolean isXmp = type == ByteReader.tag("XMP ");
            if ((isExif || isXmp) && length <= MAX_BLOCK) {
                byte[] block = in.readBytes((int) length);
                if (isExif) {
                    exif.write(block, 0, block.length);
                } else {
                    xmp = block;
                }
            } else {
                in.skip(length);
            }
            in.skip(length & 1);
        }
    }
}
