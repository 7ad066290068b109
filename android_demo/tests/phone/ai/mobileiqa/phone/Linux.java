package ai.mobileiqa.phone;

import android.system.ErrnoException;
import android.system.OsConstants;
import android.system.StructStat;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.BasicFileAttributes;
import libcore.io.ForwardingOs;
import libcore.io.Libcore;

/** The system calls that Android makes for files, by Java's own means. */
public final class Linux extends ForwardingOs {
    private static final int MILLISECONDS = 1000;

    private Linux() {
        super(Libcore.os);
    }

    /** Puts this in place of the calls of a phone. */
    public static void boot() {
        OsConstants.ENOENT = 2;
        OsConstants.S_IFMT = 0xf000;
        OsConstants.S_IFREG = 0x8000;
        OsConstants.S_IFLNK = 0xa000;
        OsConstants.S_IFDIR = 0x4000;
        Libcore.os = new Linux();
    }

    @Override
    public StructStat lstat(String path) throws ErrnoException {
        return stat(path, LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public StructStat stat(String path) throws ErrnoException {
        return stat(path, new LinkOption[0]);
    }

    private static StructStat stat(String name, LinkOption... options) throws ErrnoException {
        Path path = Paths.get(name);
        try {
            BasicFileAttributes file = Files.readAttributes(path, BasicFileAttributes.class, options);
            int link = file.isSymbolicLink() ? OsConstants.S_IFLNK : OsConstants.S_IFREG;
            int mode = file.isDirectory() ? OsConstants.S_IFDIR : link;
            long modified = file.lastModifiedTime().toMillis() / MILLISECONDS;
            return new StructStat(0, 0, mode, 1, 0, 0, 0, file.size(), modified, modified, modified, 0, 0);
        } catch (IOException absent) {
            throw new ErrnoException("stat", OsConstants.ENOENT);
        }
    }

    /** The files of tests belong to whoever runs them. */
    @Override
    public void chmod(String path, int mode) {}

    @Override
    public void close(FileDescriptor file) throws ErrnoException {
        try {
            new FileInputStream(file).close();
        } catch (IOException error) {
            throw new ErrnoException("close", 0, error);
        }
    }
}
