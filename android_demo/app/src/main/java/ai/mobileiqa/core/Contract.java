package ai.mobileiqa.core;

import java.util.Map;

/** What an artifact expects and promises: schema 2 of {@code docs/contract.md}, checked. */
public final class Contract {
    /** The one schema that is read. */
    public static final long SCHEMA = 2;

    /** Under which the contract is stored in the model file. */
    public static final String METADATA_KEY = "mobileiqa.contract";

    /** Pixels; larger sides are a mistake. */
    public static final int MAX_SIDE = 8192;

    /** Pixels; a smaller photo is not judged. */
    public static final int MIN_PHOTO_SIDE = 32;

    /** A photo that was decoded at 1/N has at least so many times the input's width, and height. */
    public static final double REDUCTION_MARGIN = 1.4;

    /** More is a mistake. */
    public static final int MAX_OPINIONS = 1024;

    /** The value of {@link #decode} for photos decoded whole. */
    public static final String FULL = "full";

    /** The value of {@link #decode} that allows {@link #reduction}. */
    public static final String JPEG_REDUCED = "jpeg-reduced";

    /** Of the model, as {@code mobileiqa models} lists it. */
    public final String name;

    /** Of the model. */
    public final String version;

    /** The network's form, for people. */
    public final String family;

    /** SPDX identifier, or {@code unknown}. */
    public final String licence;

    /** Hex digest of the checkpoint file it was exported from. */
    public final String checkpointSha256;

    /** Rows of the input in pixels. */
    public final int height;

    /** Columns of the input in pixels. */
    public final int width;

    /** {@link #FULL} or {@link #JPEG_REDUCED}. */
    public final String decode;

    /** Values that the model answers, 1 to {@link #MAX_OPINIONS}; the score is their mean. */
    public final int opinions;

    /** What weights are stored in, for people. */
    public final String weights;

    /** What arithmetic is done in, for people. */
    public final String compute;

    /** How the golden image is made: {@link Golden#FORMULA}. */
    public final String goldenFormula;

    /** Rows of the golden image before resizing. */
    public final int goldenHeight;

    /** Columns of the golden image before resizing. */
    public final int goldenWidth;

    /** Lower-case hex digest of the resized golden image's bytes. */
    public final String goldenInputSha256;

    /** In [0, 1]: what the reference network answers for the golden image. */
    public final double goldenScore;

    /** In (0, 1): how far from it another may be. */
    public final double goldenTolerance;

    private Contract(ContractReader in) throws ContractException {
        name = in.text("model.name");
        version = in.text("model.version");
        family = in.text("model.family");
        licence = in.text("model.licence");
        checkpointSha256 = in.text("model.checkpoint_sha256");
        height = in.whole("input.height", 1, MAX_SIDE);
        width = in.whole("input.width", 1, MAX_SIDE);
        in.known("input.layout", "NHWC");
        in.known("input.channels", "RGB");
        in.known("input.dtype", "uint8");
        in.known("input.resample", "pillow-bicubic");
        decode = in.known("input.decode", FULL, JPEG_REDUCED);
        in.knownReal("output.minimum", 0);
        in.knownReal("output.maximum", 1);
        in.knownTrue("output.higher_is_better");
        opinions = in.whole("output.opinions", 1, MAX_OPINIONS);
        weights = in.text("precision.weights");
        compute = in.text("precision.compute");
        goldenFormula = in.known("golden.formula", Golden.FORMULA);
        goldenHeight = in.whole("golden.height", MIN_PHOTO_SIDE, MAX_SIDE);
        goldenWidth = in.whole("golden.width", MIN_PHOTO_SIDE, MAX_SIDE);
        goldenInputSha256 = in.digest("golden.input_sha256");
        goldenScore = in.real("golden.score");
        goldenTolerance = in.real("golden.tolerance");
        in.end();
        if (!(goldenScore >= 0 && goldenScore <= 1)) {
            throw new ContractException("golden.score is outside [0, 1]: " + goldenScore);
        }
        if (!(goldenTolerance > 0 && goldenTolerance < 1)) {
            throw new ContractException("golden.tolerance is outside (0, 1): " + goldenTolerance);
        }
    }

    /**
     * Reads a contract.
     *
     * @param json the text under {@link #METADATA_KEY}
     * @throws ContractException no JSON object, another schema, a key or a value that does not belong there
     */
    public static Contract parse(String json) throws ContractException {
        Object values;
        try {
            values = Json.parse(json);
        } catch (JsonException error) {
            throw new ContractException("the contract is not JSON: " + error.getMessage(), error);
        }
        if (!(values instanceof Map)) {
            throw new ContractException("the contract is not a JSON object");
        }
        return new Contract(new ContractReader((Map<?, ?>) values, SCHEMA));
    }

    /**
     * By how much a JPEG may be decoded smaller, through its DCT.
     *
     * @param photoWidth columns of the upright photo in pixels
     * @param photoHeight rows of it
     * @return N of 1/N: the largest of 1, 2, 4, 8 that leaves both sides at least {@link #REDUCTION_MARGIN}
     *     times the input's; 1 where {@link #decode} is {@link #FULL}
     */
    public int reduction(int photoWidth, int photoHeight) {
        double columns = REDUCTION_MARGIN * width;
        double rows = REDUCTION_MARGIN * height;
        int n = decode.equals(JPEG_REDUCED) ? 8 : 1;
        while (n > 1 && (photoWidth / n < columns || photoHeight / n < rows)) {
            n /= 2;
        }
        return n;
    }
}
