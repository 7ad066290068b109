package ai.mobileiqa.core;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;

import org.junit.Test;

/** What can be said without Pillow; {@code tests/android/test_pixels.py} compares with it. */
public class BicubicTest {
    @Test
    public void theSameSizeIsTheSamePicture() {
        Pixels picture = Golden.image(40, 32);
        assertArrayEquals(picture.rgb, Bicubic.resize(picture, 40, 32).rgb);
    }

    @Test
    public void everyRowIsReadOnceAndInOrder() {
        final Pixels picture = Golden.image(40, 77);
        final int[] next = {0};
        Rows rows = new Rows() {
            @Override
            public int width() {
                return picture.width;
            }

            @Override
            public int height() {
                return picture.height;
            }

            @Override
            public void read(int first, int count, byte[] rgb) {
                assertEquals(next[0], first);
                next[0] += count;
                picture.read(first, count, rgb);
            }
        };
        byte[] wanted = Bicubic.resize(picture, 32, 32).rgb;
        assertArrayEquals(wanted, Bicubic.resize(rows, 32, 32).rgb);
        assertEquals(77, next[0]);
    }

    @Test
    public void anEvenColourStaysEven() {
        byte[] rgb = new byte[3 * 50 * 20];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) (new int[] {0, 137, 255})[i % 3];
        }
        Pixels resized = Bicubic.resize(new Pixels(50, 20, rgb), 13, 44);
        for (int i = 0; i < resized.rgb.length; i++) {
            assertEquals((byte) (new int[] {0, 137, 255})[i % 3], resized.rgb[i]);
        }
    }

    @Test
    public void anEdgeOvershootsAndIsClipped() {
        byte white = (byte) 255;
        Pixels edge = new Pixels(4, 1, new byte[] {0, 0, 0, 0, 0, 0, white, white, white, white, white, white});
        Pixels wide = Bicubic.resize(edge, 8, 1);
        assertArrayEquals(new byte[] {0, 0, 0}, java.util.Arrays.copyOf(wide.rgb, 3));
        assertEquals(white, wide.rgb[3 * 7]);
    }

    /** The digest is in the contract of the bundled model, and was made by Pillow. */
    @Test
    public void theGoldenImageGivesTheDigestThatPillowGives() {
        Pixels input = Bicubic.resize(Golden.image(800, 600), 512, 512);
        assertEquals(
                "c66e4716e644a4bf8b3c65bb2a09b6ed9608d450d786c95ea05207453621e1ab", Golden.sha256(input.rgb));
    }

    @Test(expected = IllegalArgumentException.class)
    public void noPixelsAreNoSize() {
        Bicubic.resize(Golden.image(40, 32), 0, 5);
    }

    @Test(expected = IllegalArgumentException.class)
    public void aPictureHasThreeBytesAPixel() {
        new Pixels(2, 2, new byte[11]);
    }
}
