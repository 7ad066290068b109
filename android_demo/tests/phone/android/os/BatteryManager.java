package android.os;

/** A battery whose charge falls by a milliampere-hour at every look. */
public class BatteryManager {
    private static int charge = 3_000_000;

    public int getIntProperty(int id) {
        charge -= 1000;
        return charge;
    }
}
