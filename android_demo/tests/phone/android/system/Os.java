package android.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.Paths;

public final class Os {
    public static StructStat lstat(String path) throws ErrnoException {
        Path file = Paths.get(path);
        try {
            Files.readAttributes(file, "size", LinkOption.NOFOLLOW_LINKS);
        } catch (IOException absent) {
            throw new ErrnoException("lstat", 2);
        }
        boolean regular = Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
        return new StructStat(regular ? 0x8000 : 0xa000);
    }
}
