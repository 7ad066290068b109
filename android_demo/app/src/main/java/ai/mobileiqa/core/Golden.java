package ai.mobileiqa.core;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The test image that every artifact carries by formula, and its replay; see {@code docs/contract.md}. */
public final class Golden {
    /** The one formula known. */
    public static final String FORMULA = "triangles-1";

    private Golden() {}

    /** The image {@code triangles-1}. */
    public static Pixels image(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        int at = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                for (int c = 0; c < 3; c++) {
                    int value = 4 * triangle((c + 1) * x + 100 * c)
                            + 3 * triangle(2 * (c + 1) * y + x)
                            + triangle(37 * x + 61 * (c + 1) * y);
                    rgb[at++] = (byte) (value / 8);
                }
            }
        }
        return new Pixels(width, height, rgb);
    }

    /**
     * Makes the contract's golden image, takes it the way of every photo, and compares.
     *
     * @throws ModelException the model cannot run
     */
    public static Replay replay(Model model) throws ModelException {
        Contract contract = model.contract();
        Pixels image = image(contract.goldenWidth, contract.goldenHeight);
        Pixels input = Bicubic.resize(image, contract.width, contract.height);
        boolean matches = sha256(input.rgb).equals(contract.goldenInputSha256);
        return new Replay(matches, contract.goldenScore, model.run(input), contract.goldenTolerance);
    }

    /** Lower-case hex digest. */
    public static String sha256(byte[] bytes) {
        byte[] digest;
        try {
            digest = MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException error) {
            throw new AssertionError(error); // every Java platform has it
        }
        StringBuilder hex = new StringBuilder();
        for (byte value : digest) {
            hex.append(Character.forDigit(value >> 4 & 15, 16)).append(Character.forDigit(value & 15, 16));
        }
        return hex.toString();
    }

    private static int triangle(int n) {
        return Math.abs(n % 510 - 255);
    }
}
