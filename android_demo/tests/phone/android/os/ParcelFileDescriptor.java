package android.os;

import java.io.File;
import java.io.FileNotFoundException;

public class ParcelFileDescriptor {
    public final File file;

    private ParcelFileDescriptor(File file) {
        this.file = file;
    }

    public static int parseMode(String mode) {
        return mode.equals("r") ? 0x10000000 : 0x20000000;
    }

    public static ParcelFileDescriptor open(File file, int mode) throws FileNotFoundException {
        if (!file.exists()) {
            throw new FileNotFoundException(file.getPath());
        }
        return new ParcelFileDescriptor(file);
    }
}
