package ai.mobileiqa.demo;

import ai.mobileiqa.PhotoException;
import ai.mobileiqa.Provided;
import ai.mobileiqa.QualityScorer;
import ai.mobileiqa.ScorerOptions;
import ai.mobileiqa.core.ModelException;
import ai.mobileiqa.core.Replay;
import ai.mobileiqa.core.Verification;
import android.content.Context;
import android.net.Uri;
import java.io.File;
import java.io.IOException;

/**
 * The bundled model and, if there is one, the imported one; loaded when first asked for and kept until memory is
 * short. Used on the worker thread only, but for {@link #importedName}.
 */
final class Models {
    private static final String NAME = "imported_model";

    private static QualityScorer bundled;
    private static QualityScorer imported;

    /** Read from the disk once; null if there is none, or before it was read. */
    private static volatile String importedName;

    private Models() {}

    static QualityScorer bundled(Context context) throws ModelException {
        if (bundled == null) {
            bundled = QualityScorer.open(context);
        }
        return bundled;
    }

    /** Null if none was imported. */
    static QualityScorer imported(Context context) throws ModelException {
        if (imported == null && importedFile(context).isFile()) {
            imported = QualityScorer.open(context, importedFile(context), ScorerOptions.DEFAULT);
        }
        return imported;
    }

    static File importedFile(Context context) {
        return new File(context.getFilesDir(), "models/imported.onnx");
    }

    /**
     * Returns name and version of the imported model; null if there is none, or before {@link #recall} has read it. On
     * any thread, without looking at the disk.
     */
    static String importedName() {
        return importedName;
    }

    /** Reads the name of the imported model from the disk. */
    static void recall(Context context) {
        File file = importedFile(context);
        importedName = file.isFile() ? Settings.of(context).getString(NAME, file.getName()) : null;
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
    static Imported importFrom(Context context, Uri uri, Work work)
            throws IOException, ModelException, PhotoException {
        File file = importedFile(context);
        if (!file.getParentFile().isDirectory() && !file.getParentFile().mkdirs()) {
            throw new IOException(file.getParentFile().getName());
        }
        File copy = Provided.copy(context, uri, Provided.MAX_MODEL, work.signal);
        try {
            Imported imported;
            String name;
            try (QualityScorer model = QualityScorer.open(context, copy, ScorerOptions.DEFAULT)) {
                imported = new Imported(model.replayGolden(), model.contract().verification);
                name = model.contract().model.toString();
            }
            work.check();
            forgetImported();
            if (!copy.renameTo(file)) {
                throw new IOException(file.getName());
            }
            // apply would have it written on the UI thread, when a screen is left.
            Settings.of(context).edit().putString(NAME, name).commit();
            importedName = name;
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
        importedName = null;
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
