package android.text;

public class SpannableString implements CharSequence {
    private final String text;

    public SpannableString(CharSequence text) {
        this.text = text.toString();
    }

    public void setSpan(Object style, int start, int end, int flags) {
        text.substring(start, end); // throws where there is no such part
    }

    @Override
    public int length() {
        return text.length();
    }

    @Override
    public char charAt(int index) {
        return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
        return text.substring(start, end);
    }

    @Override
    public String toString() {
        return text;
    }
}
