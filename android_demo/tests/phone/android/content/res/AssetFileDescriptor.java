package android.content.res;

import java.io.Closeable;
import java.io.FileInputStream;
import java.io.InputStream;

public class AssetFileDescriptor implements Closeable {
    private final InputStream in;

    public AssetFileDescriptor(InputStream in) {
        this.in = in;
    }

    /** Android's is a FileInputStream too. */
    public FileInputStream createInputStream() throws java.io.IOException {
        return in instanceof FileInputStream ? (FileInputStream) in : new Piped(in);
    }

    @Override
    public void close() {}

    private static final class Piped extends FileInputStream {
        private final InputStream in;

        Piped(InputStream in) throws java.io.IOException {
            super("/dev/null");
            this.in = in;
        }

        @Override
        public int read(byte[] bytes) throws java.io.IOException {
            return in.read(bytes);
        }
    }
}
