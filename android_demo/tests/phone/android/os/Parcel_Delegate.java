package android.os;

import com.android.tools.layoutlib.annotations.LayoutlibDelegate;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;

/** Opens files for {@link ParcelFileDescriptor}. */
public final class Parcel_Delegate {
    @LayoutlibDelegate
    static FileDescriptor openFileDescriptor(String file, int mode) throws FileNotFoundException {
        try {
            return (mode & ParcelFileDescriptor.MODE_WRITE_ONLY) == 0
                    ? new FileInputStream(file).getFD()
                    : new RandomAccessFile(file, "rw").getFD();
        } catch (FileNotFoundException absent) {
            throw absent;
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
