package android.text.style;

public class TypefaceSpan {
    public TypefaceSpan(String family) {}
}
