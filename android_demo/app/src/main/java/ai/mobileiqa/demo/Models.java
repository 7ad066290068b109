package ai.mobileiqa.demo;

import ai.mobileiqa.core.Golden;
import ai.mobileiqa.core.Model;
import ai.mobileiqa.core.ModelException;
import ai.mobileiqa.core.Replay;
import ai.mobileiqa.core.Verification;
import android.content.Context;
import android.net.Uri;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;

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
            byte[] chunk = new byte[CHUNK];
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                bytes.write(chunk, 0, count);
            }
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

    /** A model that was just imported. */
    static final class Imported {
        /** How it scores its own test image here. */
        final Replay replay;
        final Verification verification;

        Imported(Replay replay, Verification verification) {
            this.replay = replay;
            this.verification = verification;
        }
    }

    /**
     * Copies a model file into the app, in place of the previous one; it is kept only if it opens.
     *
     * @param work asked from time to time whether it was cancelled
     */
    static Imported importFrom(Context context, Uri uri, Work work) throws IOException, ModelException, PhotoProblem {
        File file = importedFile(context);
        if (!file.getParentFile().isDirectory() && !file.getParentFile().mkdirs()) {
            throw new IOException(file.getParentFile().getName());
        }
        File copy = Provided.copy(context, uri, Provided.MAX_MODEL, work);
        try {
            Imported imported;
            String name;
            try (Model model = Model.open(copy.getPath(), defaultThreads())) {
                imported = new Imported(Golden.replay(model), model.contract().verification);
                name = model.contract().model.toString();
            }
            work.check();
            forgetImported();
            if (!copy.renameTo(file)) {
                throw new IOException(file.getName());
            }
            Settings.of(context).edit().putString(NAME, name).apply();
            return imported;
        } finally {
            copy.delete();
        }
    }

    static void removeImported(Context context) throws IOException {
        forgetImported();
        File file = importedFile(context);
        if (file.exists() && !file.delete()) {
            throw new IOException(file.getName());
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
}
