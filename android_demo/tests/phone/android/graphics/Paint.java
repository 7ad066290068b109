package android.graphics;

public class Paint {
    public Paint(int flags) {}

    public void setColor(int colour) {}
}
