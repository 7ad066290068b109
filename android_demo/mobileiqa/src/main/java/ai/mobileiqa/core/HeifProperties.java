package ai.mobileiqa.core;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The properties of a HEIC or AVIF file's primary item, in the order in which they apply (ISO/IEC 23008-12, 6.5). */
final class HeifProperties {
    private static final int PRIMARY_ITEM = ByteReader.tag("pitm");
    private static final int PROPERTIES = ByteReader.tag("iprp");
    private static final int PROPERTY_LIST = ByteReader.tag("ipco");
    private static final int ASSOCIATIONS = ByteReader.tag("ipma");

    private long primaryItem;
    private final List<ByteBuffer> associations = new ArrayList<ByteBuffer>();
    private final List<Box> properties = new ArrayList<Box>();

    private HeifProperties() {}

    /** A box of ISO/IEC 14496-12, 4.2, without its header. */
    static final class Box {
        final int type;
        final ByteBuffer content;

        Box(int type, ByteBuffer content) {
            this.type = type;
            this.content = content;
        }
    }

    /**
     * Returns the properties; empty if the data are malformed.
     *
     * @param meta content of the file's box {@code meta}
     */
    static List<Box> of(byte[] meta) {
        HeifProperties reader = new HeifProperties();
        try {
            ByteBuffer content = ByteBuffer.wrap(meta);
            content.getInt(); // version and flags
            reader.readMeta(content);
            return reader.ofPrimaryItem();
        } catch (BufferUnderflowException endsEarly) {
            return new ArrayList<Box>();
        }
    }

    private void readMeta(ByteBuffer meta) {
        for (Box box : boxes(meta)) {
            if (box.type == PRIMARY_ITEM) {
                boolean isShort = box.content.getInt() >>> 24 == 0;
                primaryItem = readId(box.content, isShort);
            } else if (box.type == PROPERTIES) {
                readProperties(box.content);
            }
        }
    }

    private void readProperties(ByteBuffer content) {
        for (Box box : boxes(content)) {
            if (box.type == PROPERTY_LIST) {
                properties.addAll(boxes(box.content));
            } else if (box.type == ASSOCIATIONS) {
                associations.add(box.content);
            }
        }
    }

    private List<Box> ofPrimaryItem() {
        List<Box> its = new ArrayList<Box>();
        for (ByteBuffer list : associations) {
            int versionAndFlags = list.getInt();
            boolean shortIds = versionAndFlags >>> 24 == 0;
            boolean longIndices = (versionAndFlags & 1) != 0;
            for (long items = list.getInt() & 0xffffffffL; items > 0; items--) {
                boolean isPrimary = readId(list, shortIds) == primaryItem;
                for (int count = list.get() & 0xff; count > 0; count--) {
                    int index = longIndices ? list.getShort() & 0x7fff : list.get() & 0x7f;
                    if (isPrimary && index >= 1 && index <= properties.size()) {
                        its.add(properties.get(index - 1));
                    }
                }
            }
        }
        return its;
    }

    private static long readId(ByteBuffer buffer, boolean isShort) {
        return isShort ? buffer.getShort() & 0xffff : buffer.getInt() & 0xffffffffL;
    }

    private static List<Box> boxes(ByteBuffer content) {
        List<Box> boxes = new ArrayList<Box>();
        while (content.remaining() > 0) {
            int start = content.position();
            long size = content.getInt() & 0xffffffffL;
            int type = content.getInt();
            if (size == 1) {
                size = content.getLong();
            } else if (size == 0) { // up to the end
                size = content.limit() - start;
            }
            int head = content.position() - start;
            if (size < head || size > content.limit() - start) {
                throw new BufferUnderflowException();
            }
            ByteBuffer inside = content.slice();
            inside.limit((int) size - head);
            boxes.add(new Box(type, inside.slice()));
            content.position(start + (int) size);
        }
        return boxes;
    }
}
