package ai.mobileiqa.core;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

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

    private static final int PRIMARY_ITEM = ByteReader.tag("pitm");
    private static final int PROPERTIES = ByteReader.tag("iprp");
    private static final int PROPERTY_LIST = ByteReader.tag("ipco");
    private static final int ASSOCIATIONS = ByteReader.tag("ipma");
    private static final int ROTATION = ByteReader.tag("irot");
    private static final int MIRROR = ByteReader.tag("imir");

    private long primaryItem;
    private final List<ByteBuffer> associations = new ArrayList<ByteBuffer>();
    private final List<Box> properties = new ArrayList<Box>();

    private HeifOrientation() {}

    /** A box of ISO/IEC 14496-12, 4.2, without its header. */
    private static final class Box {
        final int type;
        final ByteBuffer content;

        Box(int type, ByteBuffer content) {
            this.type = type;
            this.content = content;
        }
    }

    /**
     * Returns EXIF's orientation, 1 to 8, that has the same effect; 1 if the data are malformed.
     *
     * @param meta content of the file's box {@code meta}
     */
    static int of(byte[] meta) {
        HeifOrientation reader = new HeifOrientation();
        try {
            ByteBuffer content = ByteBuffer.wrap(meta);
            content.getInt(); // version and flags
            reader.readMeta(content);
            return reader.orientation();
        } catch (BufferUnderflowException endsEarly) {
            return UPRIGHT;
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

    /** Properties apply in the order of their association with the item. */
    private int orientation() {
        int orientation = UPRIGHT;
        for (ByteBuffer list : associations) {
            int versionAndFlags = list.getInt();
            boolean shortIds = versionAndFlags >>> 24 == 0;
            boolean longIndices = (versionAndFlags & 1) != 0;
            for (long items = list.getInt() & 0xffffffffL; items > 0; items--) {
                boolean isPrimary = readId(list, shortIds) == primaryItem;
                for (int count = list.get() & 0xff; count > 0; count--) {
                    int index = longIndices ? list.getShort() & 0x7fff : list.get() & 0x7f;
                    if (isPrimary && index >= 1 && index <= properties.size()) {
                        orientation = applied(properties.get(index - 1), orientation);
                    }
                }
            }
        }
        return orientation;
    }

    private static int applied(Box property, int orientation) {
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
