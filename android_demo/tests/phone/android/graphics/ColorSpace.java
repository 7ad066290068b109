package android.graphics;

public class ColorSpace {
    public enum Named {
        ACES,
        SRGB
    }

    public final Named named;

    private ColorSpace(Named named) {
        this.named = named;
    }

    public static ColorSpace get(Named named) {
        return new ColorSpace(named);
    }
}
