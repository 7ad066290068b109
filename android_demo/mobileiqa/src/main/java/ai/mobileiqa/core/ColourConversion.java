package ai.mobileiqa.core;

/** Converts 8-bit values to sRGB by a gamma and primaries: the rules of {@code mobileiqa_sdk/code_points.py}. */
public final class ColourConversion {
    private static final double[] BT709 = {0.3127, 0.3290, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060};
    private static final double[][] BRADFORD = {
        {0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}};
    private static final double NEAR = 0.0015;
    private static final int STEPS = 65535;
    private static byte[] encoded;

    private final double[] light = new double[256];
    private final double[][] matrix;
    private final boolean isIdentity;

    private ColourConversion(Double exponent, double[] primaries) {
        matrix = toBt709(primaries);
        isIdentity = exponent == null && isNear(primaries);
        for (int i = 0; i < light.length; i++) {
            double value = i / 255.0;
            light[i] = exponent == null ? srgbLight(value) : Math.pow(value, exponent);
        }
    }

    /**
     * Returns the conversion for what PNG's chunks hold.
     *
     * @param gamma the exponent from light to values; null without one
     * @param primaries x and y of white, red, green and blue; null without them
     * @return null without a usable number
     */
    static ColourConversion of(Double gamma, double[] primaries) {
        double[] corners = primaries != null && spansColours(primaries) ? primaries : null;
        Double usable = gamma != null && gamma >= 0.01 && gamma <= 100 ? gamma : null;
        if (corners == null && usable == null) {
            return new ColourConversion(null, BT709);
        }
        // Without gAMA the curve is unknown; within 1 % it is the 45455 of sRGB.
        boolean isSrgbCurve = usable == null || Math.abs(usable * 2.2 - 1) < 0.01;
        return new ColourConversion(isSrgbCurve ? null : 1 / usable, corners == null ? BT709 : corners);
    }

    /** Converts pixels, three bytes each, in place. */
    public void apply(byte[] rgb, int start, int pixels) {
        if (isIdentity) {
            return;
        }
        byte[] table = encoded();
        for (int at = start; at < start + 3 * pixels; at += 3) {
            double red = light[rgb[at] & 0xff];
            double green = light[rgb[at + 1] & 0xff];
            double blue = light[rgb[at + 2] & 0xff];
            for (int c = 0; c < 3; c++) {
                double[] row = matrix[c];
                double level = row[0] * red + row[1] * green + row[2] * blue;
                rgb[at + c] = table[(int) (Math.max(0, Math.min(1, level)) * STEPS + 0.5)];
            }
        }
    }

    private static double srgbLight(double value) {
        return value <= 0.04045 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
    }

    /** Returns the sRGB value of each 65535th of light. */
    private static synchronized byte[] encoded() {
        if (encoded == null) {
            byte[] table = new byte[STEPS + 1];
            for (int i = 0; i <= STEPS; i++) {
                double linear = (double) i / STEPS;
                double value = linear <= 0.0031308 ? linear * 12.92 : 1.055 * Math.pow(linear, 1 / 2.4) - 0.055;
                table[i] = (byte) Math.rint(255 * value);
            }
            encoded = table;
        }
        return encoded;
    }

    private static boolean isNear(double[] primaries) {
        for (int i = 0; i < BT709.length; i++) {
            if (!(Math.abs(primaries[i] - BT709[i]) < NEAR)) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether white lies within the triangle, which is not too flat to compute with. */
    private static boolean spansColours(double[] p) {
        for (double value : p) {
            if (!(value >= -1 && value <= 2)) {
                return false;
            }
        }
        double whole = area(p, 2, 4, 6);
        return p[1] >= 0.01
                && Math.abs(whole) > 1e-3
                && area(p, 0, 4, 6) / whole > 0
                && area(p, 2, 0, 6) / whole > 0
                && area(p, 2, 4, 0) / whole > 0;
    }

    private static double area(double[] p, int a, int b, int c) {
        return (p[b] - p[a]) * (p[c + 1] - p[a + 1]) - (p[c] - p[a]) * (p[b + 1] - p[a + 1]);
    }

    /** Returns the matrix from linear RGB to XYZ, in which white has Y = 1. */
    private static double[][] toXyz(double[] p) {
        double[][] corners = new double[3][3];
        for (int i = 0; i < 3; i++) {
            corners[0][i] = p[2 + 2 * i];
            corners[1][i] = p[3 + 2 * i];
            corners[2][i] = 1 - p[2 + 2 * i] - p[3 + 2 * i];
        }
        double[] white = {p[0] / p[1], 1, (1 - p[0] - p[1]) / p[1]};
        double[] gains = times(inverse(corners), white);
        return times(corners, diagonal(gains));
    }

    /** Returns the matrix to the linear RGB of BT.709, white adapted by Bradford's method (ICC.1, E). */
    private static double[][] toBt709(double[] primaries) {
        double[] ones = {1, 1, 1};
        double[][] source = toXyz(primaries);
        double[][] target = toXyz(BT709);
        double[] from = times(BRADFORD, times(source, ones));
        double[] to = times(BRADFORD, times(target, ones));
        double[][] gains = diagonal(new double[] {to[0] / from[0], to[1] / from[1], to[2] / from[2]});
        double[][] adapted = times(inverse(BRADFORD), times(gains, times(BRADFORD, source)));
        return times(inverse(target), adapted);
    }

    private static double[][] diagonal(double[] values) {
        return new double[][] {{values[0], 0, 0}, {0, values[1], 0}, {0, 0, values[2]}};
    }

    private static double[] times(double[][] m, double[] v) {
        double[] product = new double[3];
        for (int i = 0; i < 3; i++) {
            product[i] = m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2];
        }
        return product;
    }

    private static double[][] times(double[][] a, double[][] b) {
        double[][] product = new double[3][3];
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                product[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j];
            }
        }
        return product;
    }

    private static double[][] inverse(double[][] m) {
        double[][] inverse = new double[3][3];
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                int a = (j + 1) % 3;
                int b = (j + 2) % 3;
                int c = (i + 1) % 3;
                int d = (i + 2) % 3;
                inverse[i][j] = m[a][c] * m[b][d] - m[a][d] * m[b][c];
            }
        }
        double determinant = m[0][0] * inverse[0][0] + m[0][1] * inverse[1][0] + m[0][2] * inverse[2][0];
        for (double[] row : inverse) {
            for (int j = 0; j < 3; j++) {
                row[j] /= determinant;
            }
        }
        return inverse;
    }
}
