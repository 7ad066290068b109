package ai.mobileiqa.core;

import java.util.List;

/** A pixel budget of a network that takes pictures of any size. */
public final class Setting {
    /** The fewest pixels of a budget: the smallest photo that is scored. */
    public static final int MIN_PIXELS = 1024;

    /** The most pixels of a budget. */
    public static final int MAX_PIXELS = 1 << 27;

    /** Such as {@code fast} or {@code high}. */
    public final String name;

    /** The most pixels that the network is given. */
    public final int maxPixels;

    /** Every size that the artifact takes; empty if it takes any. */
    public final List<Size> sizes;

    Setting(ContractReader in) throws ContractException {
        name = in.text("name");
        maxPixels = in.whole("max_pixels", MIN_PIXELS, MAX_PIXELS);
        sizes = in.sizes("sizes", Contract.MAX_SIDE);
        in.end();
    }

    Setting(String name, int maxPixels, List<Size> sizes) {
        this.name = name;
        this.maxPixels = maxPixels;
        this.sizes = sizes;
    }
}
