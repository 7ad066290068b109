package ai.mobileiqa.demo;

import ai.mobileiqa.core.Band;

/** Words and colours of the five bands; colour is never the only difference between them. */
final class Bands {
    private static final int[] WORDS = {
        R.string.band_bad, R.string.band_poor, R.string.band_fair, R.string.band_good, R.string.band_excellent
    };
    private static final int[] COLOURS = {
        R.color.band_bad, R.color.band_poor, R.color.band_fair, R.color.band_good, R.color.band_excellent
    };

    private Bands() {}

    static int word(Band band) {
        return WORDS[band.ordinal()];
    }

    static int colour(Band band) {
        return COLOURS[band.ordinal()];
    }
}
