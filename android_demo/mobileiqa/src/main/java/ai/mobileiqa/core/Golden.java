package ai.mobileiqa.core;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;

/** The golden image, which every artifact carries as a formula, and its replay; see {@code docs/contract.md}. */
public final class Golden {
    /** The formula that this version implements. */
    public static final String FORMULA = "triangles-1";

    private Golden() {}

    /** Returns the image {@code triangles-1}. */
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

    /** Returns the contract's golden image as the model takes it, with the default setting. */
    public static Pixels input(Contract contract) {
        return inputs(contract).get(0);
    }

    /**
     * Makes the contract's golden image, processes it as every photo, with each setting, and compares.
     *
     * @throws ModelException the model cannot run
     */
    public static Replay replay(Model model) throws ModelException {
        Contract contract = model.contract();
        List<Pixels> inputs = inputs(contract);
        boolean matches = true;
        double distance = 0;
        double score = Double.NaN;
        for (int i = 0; i < inputs.size(); i++) {
            GoldenSpec.Case expected = contract.golden.cases.get(i);
            Answers answers = model.answers(inputs.get(i));
            matches = matches && sha256(inputs.get(i).rgb).equals(expected.inputSha256);
            distance = Math.max(distance, distance(expected, answers));
            score = i == 0 ? answers.score() : score;
        }
        GoldenSpec.Case first = contract.golden.cases.get(0);
        return new Replay(matches, first.score, score, distance, contract.golden.tolerance);
    }

    /** One picture for each case of the contract. */
    private static List<Pixels> inputs(Contract contract) {
        GoldenSpec golden = contract.golden;
        Pixels image = image(golden.width, golden.height);
        List<Pixels> inputs = new ArrayList<Pixels>();
        for (int i = 0; i < golden.cases.size(); i++) {
            Setting setting = contract.input.settings.isEmpty() ? null : contract.input.settings.get(i);
            Size size = contract.input.sizeFor(golden.height, golden.width, setting);
            inputs.add(Bicubic.resize(image, size.width, size.height));
        }
        return inputs;
    }

    private static double distance(GoldenSpec.Case expected, Answers answers) {
        double distance = Math.abs(answers.score() - expected.score);
        for (int i = 0; i < answers.faults.length; i++) {
            distance = Math.max(distance, Math.abs(answers.faults[i] - expected.faults.get(i)));
        }
        return answers.photo == null ? distance : Math.max(distance, Math.abs(answers.photo - expected.photo));
    }

    /** Returns the lower-case hex digest. */
    public static String sha256(byte[] bytes) {
        return hex(digest().digest(bytes));
    }

    /**
     * Returns the lower-case hex digest of a stream.
     *
     * @param in read to its end, not closed
     * @throws IOException it cannot be read
     */
    public static String sha256(InputStream in) throws IOException {
        MessageDigest digest = digest();
        byte[] chunk = new byte[1 << 16];
        for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
            digest.update(chunk, 0, count);
        }
        return hex(digest.digest());
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException error) {
            throw new AssertionError(error); // every Java platform has it
        }
    }

    private static String hex(byte[] digest) {
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
