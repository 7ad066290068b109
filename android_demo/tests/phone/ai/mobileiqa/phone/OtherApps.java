package ai.mobileiqa.phone;

import android.content.ContentProvider;
import android.content.ContentValues;
import android.content.res.AssetFileDescriptor;
import android.database.Cursor;
import android.database.MatrixCursor;
import android.net.Uri;
import android.os.CancellationSignal;
import android.os.ParcelFileDescriptor;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The providers of other apps: they have what a test puts here, by address. */
public final class OtherApps extends ContentProvider {
    /** Their addresses' authorities. */
    static final String AUTHORITIES = "photos;documents;slow;endless";

    public static final Map<String, byte[]> PHOTOS = new ConcurrentHashMap<>();

    /** Streams in place of photos. */
    public static final Map<String, InputStream> STREAMS = new ConcurrentHashMap<>();

    /** What they call their photos. */
    public static final Map<String, String> NAMES = new ConcurrentHashMap<>();

    /** The grant is over. */
    public static volatile boolean forbidden;

    private static final int CHUNK = 1 << 16;

    /** As if no other app were installed. */
    public static void forget() {
        PHOTOS.clear();
        STREAMS.clear();
        NAMES.clear();
        forbidden = false;
    }

    @Override
    public boolean onCreate() {
        return true;
    }

    @Override
    public AssetFileDescriptor openTypedAssetFile(Uri uri, String mime, android.os.Bundle options, CancellationSignal signal)
            throws FileNotFoundException {
        Disk.touched(uri.toString());
        if (forbidden) {
            throw new SecurityException("no grant for " + uri);
        }
        byte[] bytes = PHOTOS.get(uri.toString());
        InputStream stream = STREAMS.get(uri.toString());
        if (bytes == null && stream == null) {
            throw new FileNotFoundException(uri.toString());
        }
        try {
            File file = bytes == null ? pipe(stream) : file(bytes);
            ParcelFileDescriptor opened = ParcelFileDescriptor.open(file, ParcelFileDescriptor.MODE_READ_ONLY);
            file.delete();
            return new AssetFileDescriptor(opened, 0, AssetFileDescriptor.UNKNOWN_LENGTH);
        } catch (IOException | InterruptedException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static File file(byte[] bytes) throws IOException {
        File file = File.createTempFile("provided", null);
        Files.write(file.toPath(), bytes);
        return file;
    }

    private static File pipe(InputStream stream) throws IOException, InterruptedException {
        File pipe = File.createTempFile("provided", null);
        pipe.delete();
        new ProcessBuilder("mkfifo", pipe.getPath()).start().waitFor();
        Thread writer = new Thread(() -> {
            byte[] chunk = new byte[CHUNK];
            try (OutputStream out = new FileOutputStream(pipe)) {
                for (int count = stream.read(chunk); count > 0; count = stream.read(chunk)) {
                    out.write(chunk, 0, count);
                }
            } catch (IOException nobodyReads) {
                Thread.currentThread().interrupt();
            }
        });
        writer.setDaemon(true);
        writer.start();
        return pipe;
    }

    @Override
    public Cursor query(Uri uri, String[] columns, String where, String[] values, String order) {
        Disk.touched(uri.toString());
        String name = NAMES.get(uri.toString());
        if (name == null) {
            return null;
        }
        MatrixCursor cursor = new MatrixCursor(columns, 1);
        cursor.addRow(new Object[] {name});
        return cursor;
    }

    @Override
    public String getType(Uri uri) {
        return null;
    }

    @Override
    public Uri insert(Uri uri, ContentValues values) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int update(Uri uri, ContentValues values, String where, String[] arguments) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int delete(Uri uri, String where, String[] arguments) {
        throw new UnsupportedOperationException();
    }
}
