package android.content;

import android.content.res.AssetFileDescriptor;
import android.database.Cursor;
import android.database.MatrixCursor;
import android.net.Uri;
import android.os.CancellationSignal;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.InputStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Photos of other apps are what a test puts into PHOTOS. */
public class ContentResolver {
    public static final Map<String, byte[]> PHOTOS = new ConcurrentHashMap<>();

    /** Streams of other apps, in place of photos. */
    public static final Map<String, InputStream> STREAMS = new ConcurrentHashMap<>();

    /** What other apps call their photos. */
    public static final Map<String, String> NAMES = new ConcurrentHashMap<>();

    /** Set by a test: the grant is over. */
    public static volatile boolean forbidden;

    private final Context context;

    ContentResolver(Context context) {
        this.context = context;
    }

    public final AssetFileDescriptor openAssetFileDescriptor(Uri uri, String mode, CancellationSignal signal)
            throws FileNotFoundException {
        if (forbidden) {
            throw new SecurityException("no grant for " + uri);
        }
        if ("ai.mobileiqa.demo.outbox".equals(uri.getAuthority())) {
            File file = new File(context.getCacheDir(), "outbox/" + uri.getLastPathSegment());
            return new AssetFileDescriptor(new FileInputStream(file));
        }
        if (STREAMS.containsKey(uri.toString())) {
            return new AssetFileDescriptor(STREAMS.get(uri.toString()));
        }
        byte[] bytes = PHOTOS.get(uri.toString());
        if (bytes == null) {
            throw new FileNotFoundException(uri.toString());
        }
        return new AssetFileDescriptor(new ByteArrayInputStream(bytes));
    }

    public final Cursor query(
            Uri uri, String[] columns, String where, String[] values, String order, CancellationSignal signal) {
        String name = NAMES.get(uri.toString());
        if (name == null) {
            return null;
        }
        MatrixCursor cursor = new MatrixCursor(columns, 1);
        cursor.addRow(new Object[] {name});
        return cursor;
    }
}
