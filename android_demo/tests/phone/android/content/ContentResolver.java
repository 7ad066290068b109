package android.content;

import android.database.Cursor;
import android.net.Uri;
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

    /** Set by a test: the grant is over. */
    public static volatile boolean forbidden;

    private final Context context;

    ContentResolver(Context context) {
        this.context = context;
    }

    public final InputStream openInputStream(Uri uri) throws FileNotFoundException {
        if (forbidden) {
            throw new SecurityException("no grant for " + uri);
        }
        if ("file".equals(uri.getScheme())) {
            return new FileInputStream(uri.getPath());
        }
        if ("ai.mobileiqa.demo.outbox".equals(uri.getAuthority())) {
            return new FileInputStream(new File(context.getCacheDir(), "outbox/" + uri.getLastPathSegment()));
        }
        byte[] bytes = PHOTOS.get(uri.toString());
        if (bytes == null) {
            throw new FileNotFoundException(uri.toString());
        }
        return new ByteArrayInputStream(bytes);
    }

    public final Cursor query(Uri uri, String[] columns, String where, String[] values, String order) {
        return null;
    }
}
