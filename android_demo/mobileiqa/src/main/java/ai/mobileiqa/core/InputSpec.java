package ai.mobileiqa.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The photo as the model takes it: uint8 RGB [1, height, width, 3]. */
public final class InputSpec {
    /** A photo that was decoded at 1/N is at least this many times as high, and as wide, as the input. */
    public static final double REDUCTION_MARGIN = 1.4;

    /** The largest number that sides may have to be a multiple of. */
    public static final int MAX_MULTIPLE = 32;

    private static final int MAX_WINDOWS = 64;
    private static final int ABSENT = 0;

    /** How the size of the input is found. */
    public final Fit fit;

    /** With {@link Fit#STRETCH}, rows of the input in pixels; else 0. */
    public final int height;

    /** With {@link Fit#STRETCH}, columns of the input in pixels; else 0. */
    public final int width;

    /** With {@link Fit#KEEP_ASPECT}, both sides are multiples of it. */
    public final int multiple;

    /** With {@link Fit#KEEP_ASPECT}, the pixel budgets to choose from, the default first; else empty. */
    public final List<Setting> settings;

    /** When a large photo may be decoded smaller. */
    public final Decode decode;

    InputSpec(ContractReader in) throws ContractException {
        height = in.wholeOrNull("height", 1, Contract.MAX_SIDE, ABSENT);
        width = in.wholeOrNull("width", 1, Contract.MAX_SIDE, ABSENT);
        in.rule("layout", "NHWC");
        in.rule("channels", "RGB");
        in.rule("dtype", "uint8");
        in.rule("resample", "pillow-bicubic");
        decode = in.rule("decode", Decode.values());
        fit = in.rule("fit", Fit.values());
        multiple = in.whole("multiple", 1, MAX_MULTIPLE);
        List<Setting> budgets = new ArrayList<Setting>();
        for (ContractReader setting : in.sections("settings")) {
            budgets.add(new Setting(setting));
        }
        settings = Collections.unmodifiableList(budgets);
        refuseDetail(in.sectionOrNull("detail"));
        in.end();
    }

    /** A second look at native pixels: no rule for it is known yet. */
    private static void refuseDetail(ContractReader detail) throws ContractException {
        if (detail != null) {
            String rule = detail.text("rule");
            detail.whole("windows", 1, MAX_WINDOWS);
            detail.whole("size", 1, Contract.MAX_SIDE);
            detail.end();
            detail.unsupported("rule", rule, "none");
        }
    }

    void check() throws ContractException {
        boolean sized = height != ABSENT && width != ABSENT;
        boolean partlySized = height != ABSENT || width != ABSENT;
        Set<String> names = new HashSet<String>();
        for (Setting setting : settings) {
            names.add(setting.name);
            for (Size size : setting.sizes) {
                Contract.require(fits(size, setting), "a listed size does not keep its budget and multiple");
            }
        }
        boolean distinct = names.size() == settings.size() && !names.contains("");
        Contract.require(distinct, "settings need different names, none empty");
        if (fit == Fit.STRETCH) {
            boolean plain = settings.isEmpty() && multiple == 1;
            Contract.require(sized && plain, "a stretched input needs height, width, the multiple 1 and no settings");
        } else {
            Contract.require(!partlySized && !settings.isEmpty(), "a keep-aspect input needs settings, no size");
        }
    }

    /**
     * Returns one of {@link #settings}; null with {@link Fit#STRETCH}.
     *
     * @param name of the setting; null for the default
     * @throws IllegalArgumentException there is no setting of this name
     */
    public Setting setting(String name) {
        if (name == null) {
            return settings.isEmpty() ? null : settings.get(0);
        }
        List<String> names = new ArrayList<String>();
        for (Setting setting : settings) {
            names.add(setting.name);
            if (setting.name.equals(name)) {
                return setting;
            }
        }
        throw new IllegalArgumentException("unknown setting \"" + Text.printable(name) + "\"; "
                + (names.isEmpty() ? "this model takes one size and has no settings" : "choose from " + names));
    }

    /**
     * Returns the size that a photo is resized to.
     *
     * @param photoHeight rows of the upright photo in pixels, before any reduction
     * @param photoWidth columns of it
     * @param setting one of {@link #settings}; null with {@link Fit#STRETCH}
     */
    public Size sizeFor(int photoHeight, int photoWidth, Setting setting) {
        return fit == Fit.STRETCH ? new Size(height, width) : Fit.fitted(photoHeight, photoWidth, setting, multiple);
    }

    /** Returns whether the model takes pictures of this size, with any setting. */
    public boolean takes(Size size) {
        if (fit == Fit.STRETCH) {
            return size.height == height && size.width == width;
        }
        for (Setting setting : settings) {
            if (setting.sizes.isEmpty() ? fits(size, setting) : setting.sizes.contains(size)) {
                return true;
            }
        }
        return false;
    }

    private boolean fits(Size size, Setting setting) {
        return size.height % multiple == 0
                && size.width % multiple == 0
                && (long) size.height * size.width <= setting.maxPixels;
    }

    /**
     * Returns N of the scale 1/N at which a JPEG may be decoded through its DCT: the largest of 1, 2, 4, 8 that
     * leaves both sides at least {@link #REDUCTION_MARGIN} times the input's; 1 with {@link Decode#FULL}.
     *
     * @param photoHeight rows of the upright photo in pixels
     * @param photoWidth columns of it
     * @param setting one of {@link #settings}; null with {@link Fit#STRETCH}
     */
    public int reduction(int photoHeight, int photoWidth, Setting setting) {
        Size size = sizeFor(photoHeight, photoWidth, setting);
        double rows = REDUCTION_MARGIN * size.height;
        double columns = REDUCTION_MARGIN * size.width;
        int n = decode == Decode.JPEG_REDUCED ? 8 : 1;
        while (n > 1 && (photoWidth / n < columns || photoHeight / n < rows)) {
            n /= 2;
        }
        return n;
    }
}
