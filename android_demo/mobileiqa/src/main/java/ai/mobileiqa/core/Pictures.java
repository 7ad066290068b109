package ai.mobileiqa.core;

/**
 * A hundred pictures that every platform makes bit for bit, to compare a device's scores with Python's; the formula
 * {@code waves-1} is in {@code docs/benchmark.md}.
 */
public final class Pictures {
    /** The formula that this version implements. */
    public static final String FORMULA = "waves-1";

    /** How many there are. */
    public static final int COUNT = 100;

    private static final int[] HEIGHTS = {240, 320, 384, 448, 480};
    private static final int[] WIDTHS = {320, 240, 512, 448, 640};

    private Pictures() {}

    /**
     * Returns one of the pictures.
     *
     * @param number 0 to 99
     */
    public static Pixels make(int number) {
        int height = HEIGHTS[number % HEIGHTS.length];
        int width = WIDTHS[number % WIDTHS.length];
        int grain = number / 3 % 8;
        int contrast = 255 - 20 * (number % 11);
        byte[] rgb = new byte[3 * width * height];
        int at = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                for (int c = 0; c < 3; c++) {
                    int phase = (1 + number % 7) * x + (1 + number / 7 % 9) * y + 40 * c * number;
                    int seed = (31 * x + 57 * y * (c + 1) + x * y + number) % 4093;
                    int value = ((8 - grain) * Math.abs(phase % 510 - 255) + grain * (seed * seed / 13 & 255)) / 8;
                    rgb[at++] = (byte) ((255 * 128 + contrast * (value - 128)) / 255);
                }
            }
        }
        return new Pixels(width, height, rgb);
    }

    /**
     * Returns the scores of all pictures, resized as photos are, with the default setting.
     *
     * @param model called once for each
     * @throws ModelException the model fails
     */
    public static double[] scores(Model model) throws ModelException {
        InputSpec input = model.contract().input;
        double[] scores = new double[COUNT];
        for (int number = 0; number < COUNT; number++) {
            Pixels picture = make(number);
            Size size = input.sizeFor(picture.height, picture.width, input.setting(null));
            scores[number] = model.run(Bicubic.resize(picture, size.width, size.height));
        }
        return scores;
    }
}
