package ai.mobileiqa.core;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.junit.Test;

public class OrientationTest {
    // 1 2
    // 3 4
    // 5 6
    private static final Pixels PICTURE = grey(2, 3, 1, 2, 3, 4, 5, 6);

    private static Pixels grey(int width, int height, int... levels) {
        byte[] rgb = new byte[3 * levels.length];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) levels[i / 3];
        }
        return new Pixels(width, height, rgb);
    }

    private static void check(int orientation, Pixels wanted) {
        Pixels turned = Orientation.apply(PICTURE, orientation);
        assertEquals(wanted.width, turned.width);
        assertArrayEquals(wanted.rgb, turned.rgb);
    }

    @Test
    public void allEight() {
        check(1, PICTURE);
        check(2, grey(2, 3, 2, 1, 4, 3, 6, 5));
        check(3, grey(2, 3, 6, 5, 4, 3, 2, 1));
        check(4, grey(2, 3, 5, 6, 3, 4, 1, 2));
        check(5, grey(3, 2, 1, 3, 5, 2, 4, 6));
        check(6, grey(3, 2, 5, 3, 1, 6, 4, 2));
        check(7, grey(3, 2, 6, 4, 2, 5, 3, 1));
        check(8, grey(3, 2, 2, 4, 6, 1, 3, 5));
    }

    private static int read(int... bytes) throws IOException {
        byte[] file = new byte[bytes.length];
        for (int i = 0; i < file.length; i++) {
            file[i] = (byte) bytes[i];
        }
        return Orientation.read(new ByteArrayInputStream(file));
    }

    private static final int[] ROTATED = {
        0xff, 0xd8, 0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
        0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0xff, 0xda
    };

    @Test
    public void exifOfAJpeg() throws IOException {
        assertEquals(6, read(ROTATED));
    }

    @Test
    public void aFileThatEndsAnywhereIsUpright() throws IOException {
        for (int end = 0; end < ROTATED.length - 2; end++) {
            assertEquals(1, read(java.util.Arrays.copyOf(ROTATED, end)));
        }
    }

    @Test(expected = IOException.class)
    public void aStreamThatFailsIsNotUpright() throws IOException {
        Orientation.read(new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("the card was pulled out");
            }
        });
    }

    @Test(expected = IllegalArgumentException.class)
    public void thereIsNoNinth() {
        Orientation.apply(PICTURE, 9);
    }
}
