package android.content.pm;

public class PackageInfo {
    public static long installed = 1;
    public long lastUpdateTime = installed;
    public String versionName = "0.1.0";
}
