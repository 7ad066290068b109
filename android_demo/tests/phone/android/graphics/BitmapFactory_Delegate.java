package android.graphics;

import android.content.res.BridgeResources.NinePatchInputStream;
import android.graphics.Bitmap_Delegate.BitmapCreateFlags;
import android.graphics.BitmapFactory.Options;
import com.android.ninepatch.NinePatch;
import com.android.resources.Density;
import com.android.tools.layoutlib.annotations.LayoutlibDelegate;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * Decodes with Java's own codecs, and leaves out pixels where a phone's decoder would filter. Of a HEIC file it decodes
 * the PNG that the test has put there.
 */
public final class BitmapFactory_Delegate {
    /** The next pixels do not fit into memory. */
    public static boolean outOfMemory;

    /** What the last decoding asked for. */
    public static Options last;

    @LayoutlibDelegate
    static Bitmap nativeDecodeStream(InputStream in, byte[] storage, Rect padding, Options options) {
        try {
            return in instanceof NinePatchInputStream ? stretchable((NinePatchInputStream) in) : photo(in, options);
        } catch (IOException damaged) {
            return null;
        }
    }

    private static Bitmap photo(InputStream in, Options options) throws IOException {
        last = options;
        options.outWidth = -1;
        options.outHeight = -1;
        try (ImageInputStream file = ImageIO.createImageInputStream(pixels(in))) {
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
            return bitmap(reader.read(0, how), options.inPremultiplied);
        }
    }

    private static InputStream pixels(InputStream in) throws IOException {
        byte[] file = in.readAllBytes();
        String text = new String(file, StandardCharsets.ISO_8859_1);
        int start = text.startsWith("ftyp", 4) ? text.indexOf("\u0089PNG") : 0;
        return new ByteArrayInputStream(file, start, file.length - start);
    }

    /** A picture of Android's own, whose edges say what may be stretched. */
    private static Bitmap stretchable(NinePatchInputStream in) throws IOException {
        in.disableFakeMarkSupport();
        NinePatch picture = NinePatch.load(in, true, false);
        Bitmap bitmap = bitmap(picture.getImage(), true);
        bitmap.setNinePatchChunk(NinePatch_Delegate.serialize(picture.getChunk()));
        return bitmap;
    }

    private static Bitmap bitmap(BufferedImage image, boolean isPremultiplied) {
        EnumSet<BitmapCreateFlags> flags = isPremultiplied
                ? EnumSet.of(BitmapCreateFlags.PREMULTIPLIED)
                : EnumSet.noneOf(BitmapCreateFlags.class);
        BufferedImage argb = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_ARGB);
        int[] colours = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
        argb.setRGB(0, 0, image.getWidth(), image.getHeight(), colours, 0, image.getWidth());
        Bitmap bitmap = Bitmap_Delegate.createBitmap(argb, flags, Density.MEDIUM);
        bitmap.setHasAlpha(image.getColorModel().hasAlpha());
        return bitmap;
    }
}
