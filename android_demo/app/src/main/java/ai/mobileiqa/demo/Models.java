package ai.mobileiqa.demo;

import ai.mobileiqa.core.Golden;
import ai.mobileiqa.core.Model;
import ai.mobileiqa.core.ModelException;
import ai.mobileiqa.core.Replay;
import android.content.Context;
import android.net.Uri;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * The bundled model and, if there is one, the imported one; loaded when first asked for and kept until memory is
 * short. Used on the worker thread only, but for {@link #importedName}.
 */
final class Models {
    static final String BUNDLED = "mobileiqa-small/model.onnx";
    private static final String NAME = "imported_model";
    private static final int CHUNK = 1 << 16;

    private static Model bundled;
    private static Model imported;

    private Models() {}

    /** As many threads as a phone has fast cores, by rule of thumb. */
    static int defaultThreads() {
        return Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors() / 2));
    }

    static Model bundled(Context context) throws IOException, ModelException {
        if (bundled == null) {
            bundled = Model.open(bundledBytes(context), defaultThreads());
        }
        return bundled;
    }

    /** The file of the bundled model, as it lies in the APK. */
    static byte[] bundledBytes(Context context) throws IOException {
        try (InputStream in = context.getAssets().open(BUNDLED)) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream(in.available());
            copy(in, bytes, null);
            return bytes.toByteArray();
        }
    }

    /** Null where none was imported. */
    static Model imported(Context context) throws ModelException {
        if (imported == null && importedFile(context).isFile()) {
            imported = Model.open(importedFile(context).getPath(), defaultThreads());
        }
        return imported;
    }

    static File importedFile(Context context) {
        return new File(context.getFilesDir(), "models/imported.onnx");
    }

    /** Name and version of the imported model, null where there is none; on any thread. */
    static String importedName(Context context) {
        return importedFile(context).isFile()
                ? Settings.of(context).getString(NAME, importedFile(context).getName())
                : null;
    }

    /**
     * Copies a model file into the app, in place of the one before; it is kept only if it opens.
     *
     * @param work is asked now and then whether it was cancelled
     * @return how it scores its own test image here
     */
    static Replay importFrom(Context context, Uri uri, Work work) throws IOException, ModelException {
        File file = importedFile(context);
        File part = new File(file.getPath() + ".part");
        if (!file.getParentFile().isDirectory() && !file.getParentFile().mkdirs()) {
            throw new IOException(file.getParent());
        }
        try {
            try (InputStream in = context.getContentResolver().openInputStream(uri);
                    OutputStream out = new FileOutputStream(part)) {
                if (in == null) {
                    throw new IOException(uri.toString());
                }
                copy(in, out, work);
            }
            Replay replay;
            String name;
            try (Model model = Model.open(part.getPath(), defaultThreads())) {
                replay = Golden.replay(model);
                name = model.contract().model.toString();
            }
            work.check();
            forgetImported();
            if (!part.renameTo(file)) {
                throw new IOException(file.getPath());
            }
            Settings.of(context).edit().putString(NAME, name).apply();
            return replay;
        } finally {
            part.delete();
        }
    }

    static void removeImported(Context context) throws IOException {
        forgetImported();
        File file = importedFile(context);
        if (file.exists() && !file.delete()) {
            throw new IOException(file.getPath());
        }
    }

    /** Frees both; they are loaded again when asked for. */
    static void forget() {
        forgetImported();
        if (bundled != null) {
            bundled.close();
            bundled = null;
        }
    }

    private static void forgetImported() {
        if (imported != null) {
            imported.close();
            imported = null;
        }
    }

    private static void copy(InputStream in, OutputStream out, Work work) throws IOException {
        byte[] chunk = new byte[CHUNK];
        for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
            out.write(chunk, 0, count);
            if (work != null) {
                work.check();
            }
        }
    }
}
