package android.graphics;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** Decodes with Java's own codecs; leaves out pixels where Android would filter. */
public class BitmapFactory {
    /** Set by a test: the next pixels do not fit into memory. */
    public static boolean outOfMemory;

    /** What the last decoding asked for. */
    public static Options last;

    public static class Options {
        public boolean inJustDecodeBounds;
        public int inSampleSize;
        public Bitmap.Config inPreferredConfig;
        public boolean inPremultiplied = true;
        public ColorSpace inPreferredColorSpace;
        public int outWidth;
        public int outHeight;
        public String outMimeType;
    }

    public static Bitmap decodeStream(InputStream in, Rect padding, Options options) {
        last = options;
        options.outWidth = -1;
        options.outHeight = -1;
        try (ImageInputStream file = ImageIO.createImageInputStream(in)) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(file);
            if (!readers.hasNext()) {
                return null;
            }
            ImageReader reader = readers.next();
            reader.setInput(file);
            options.outWidth = reader.getWidth(0);
            options.outHeight = reader.getHeight(0);
            options.outMimeType = reader.getOriginatingProvider().getMIMETypes()[0];
            if (options.inJustDecodeBounds) {
                return null;
            }
            if (outOfMemory) {
                throw new OutOfMemoryError("as asked for");
            }
            ImageReadParam how = reader.getDefaultReadParam();
            int step = Math.max(options.inSampleSize, 1);
            how.setSourceSubsampling(step, step, 0, 0);
            BufferedImage image = reader.read(0, how);
            return new Bitmap(image);
        } catch (IOException damaged) {
            return null;
        }
    }
}
