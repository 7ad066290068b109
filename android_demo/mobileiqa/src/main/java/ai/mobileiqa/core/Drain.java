package ai.mobileiqa.core;

/** What a sustained run took from the battery; null where the device does not say. */
public final class Drain {
    private static final double SECONDS_OF_AN_HOUR = 3600;

    /** Whether the device was charging when the run ended. */
    public final Boolean charging;

    /** Of the battery's charge, before minus after. */
    public final Integer percent;

    /** Of the battery's charge, before minus after. */
    public final Integer microampereHours;

    /** Of the battery, when the run ended. */
    public final Double volts;

    /** Number of inferences of the run. */
    public final int photos;

    /** Makes a drain. */
    public Drain(Boolean charging, Integer percent, Integer microampereHours, Double volts, int photos) {
        this.charging = charging;
        this.percent = percent;
        this.microampereHours = microampereHours;
        this.volts = volts;
        this.photos = photos;
    }

    /** Returns the energy for one photo, that of the screen included; null while charging, or if it is not known. */
    public Double joulesPerPhoto() {
        boolean isKnown = Boolean.FALSE.equals(charging) && microampereHours != null && volts != null;
        if (!isKnown || microampereHours < 0) {
            return null;
        }
        return microampereHours * 1e-6 * SECONDS_OF_AN_HOUR * volts / photos;
    }
}
