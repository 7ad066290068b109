package android.graphics;

import java.awt.geom.AffineTransform;
import java.awt.geom.Rectangle2D;
import java.awt.image.AffineTransformOp;
import java.awt.image.BufferedImage;

public final class Bitmap {
    public enum Config {
        ARGB_8888
    }

    private BufferedImage image;

    Bitmap(BufferedImage image) {
        this.image = image;
    }

    /** As Android decodes; a test may ask for a hardware bitmap. */
    public Config getConfig() {
        return Config.ARGB_8888;
    }

    public Bitmap copy(Config config, boolean mutable) {
        throw new UnsupportedOperationException();
    }

    public int getWidth() {
        return image.getWidth();
    }

    public int getHeight() {
        return image.getHeight();
    }

    public boolean hasAlpha() {
        return image.getColorModel().hasAlpha();
    }

    public void recycle() {
        image = null;
    }

    public void getPixels(int[] into, int offset, int stride, int x, int y, int width, int height) {
        image.getRGB(x, y, width, height, into, offset, stride);
    }

    public static Bitmap createBitmap(Bitmap from, int x, int y, int width, int height, Matrix matrix, boolean filter) {
        AffineTransform turn = new AffineTransform(matrix.transform);
        Rectangle2D box = turn.createTransformedShape(new Rectangle2D.Double(0, 0, width, height)).getBounds2D();
        turn.preConcatenate(AffineTransform.getTranslateInstance(-box.getX(), -box.getY()));
        BufferedImage turned = new BufferedImage(
                (int) Math.round(box.getWidth()), (int) Math.round(box.getHeight()), BufferedImage.TYPE_INT_ARGB);
        return new Bitmap(new AffineTransformOp(turn, AffineTransformOp.TYPE_NEAREST_NEIGHBOR).filter(from.image, turned));
    }
}
