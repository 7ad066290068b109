package ai.mobileiqa;

import ai.mobileiqa.core.Text;
import android.content.Context;
import android.content.res.AssetFileDescriptor;
import android.database.Cursor;
import android.net.Uri;
import android.os.CancellationSignal;
import android.provider.OpenableColumns;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jetbrains.annotations.NotNull;
import org.jetbrains.annotations.Nullable;

/**
 * Reads what other apps' providers hand over. Each request runs on a thread of its own, so that a provider that hangs
 * holds up nothing else: when the caller's signal is cancelled, the request is asked to stop and its thread is left
 * alone. Methods may be called from any thread but the main one.
 */
public final class Provided {
    /** Bytes of a photo's file, at most. */
    public static final long MAX_PHOTO = 256L << 20;

    /** Bytes of a model file, at most: what an ONNX file can hold. */
    public static final long MAX_MODEL = Integer.MAX_VALUE;

    /** Characters of a name, at most. */
    public static final int MAX_NAME = 120;

    private static final long POLL_MILLISECONDS = 50;
    private static final int CHUNK = 1 << 16;

    private Provided() {}

    /** One request; {@code call} is run on its own thread. */
    private abstract static class Request<T> implements Callable<T> {
        final CancellationSignal own = new CancellationSignal();
        volatile boolean abandoned;

        /** Called when nobody waits for the answer any more, or after it. */
        void abandon() {
            abandoned = true;
            own.cancel();
        }
    }

    /**
     * Copies what lies behind a URI into a new file in the cache, which the caller deletes.
     *
     * @param limit the most bytes that are taken
     * @param signal cancels the copying; null if nothing does
     * @throws PhotoException it is gone, may not be read, or is too large
     * @throws IOException it cannot be read, or cannot be written here
     * @throws android.os.OperationCanceledException the signal was cancelled
     */
    @NotNull
    public static File copy(
            @NotNull Context context, @NotNull Uri uri, long limit, @Nullable CancellationSignal signal)
            throws IOException, PhotoException {
        File folder = folder(context);
        File file = File.createTempFile("copy", null, folder);
        boolean complete = false;
        try {
            await(new Copy(context, uri, file, limit), signal);
            complete = true;
            return file;
        } finally {
            if (!complete) {
                file.delete();
            }
        }
    }

    /**
     * Returns what the provider calls the file, or else the end of its URI: one printable line of at most
     * {@link #MAX_NAME} characters.
     *
     * @throws android.os.OperationCanceledException the signal was cancelled
     */
    @NotNull
    public static String name(
            @NotNull final Context context, @NotNull final Uri uri, @Nullable CancellationSignal signal) {
        String name = null;
        try {
            name = await(new Request<String>() {
                @Override
                public String call() {
                    return displayName(context, uri, own);
                }
            }, signal);
        } catch (IOException | PhotoException silent) {
            name = null; // the photo itself will say what is wrong
        }
        if (name == null) {
            name = uri.getLastPathSegment() == null ? uri.toString() : uri.getLastPathSegment();
        }
        return Text.oneLine(name, MAX_NAME);
    }

    /** Deletes the copies that a process that ended early has left. To be called before any copy is made. */
    public static void deleteLeftovers(@NotNull Context context) {
        File[] files = new File(context.getCacheDir(), "mobileiqa-provided").listFiles();
        if (files != null) {
            for (File file : files) {
                file.delete();
            }
        }
    }

    private static File folder(Context context) throws IOException {
        File folder = new File(context.getCacheDir(), "mobileiqa-provided");
        if (!folder.isDirectory() && !folder.mkdirs() && !folder.isDirectory()) {
            throw new IOException(folder.getName());
        }
        return folder;
    }

    private static final class Copy extends Request<Void> {
        private final Context context;
        private final Uri uri;
        private final File file;
        private final long limit;

        Copy(Context context, Uri uri, File file, long limit) {
            this.context = context;
            this.uri = uri;
            this.file = file;
            this.limit = limit;
        }

        @Override
        public Void call() throws IOException, PhotoException {
            try (AssetFileDescriptor descriptor =
                    context.getContentResolver().openAssetFileDescriptor(uri, "r", own)) {
                if (descriptor == null) {
                    throw new FileNotFoundException(uri.toString());
                }
                try (InputStream in = descriptor.createInputStream();
                        OutputStream out = new FileOutputStream(file)) {
                    copy(in, out);
                }
            } finally {
                if (abandoned) {
                    file.delete();
                }
            }
            return null;
        }

        private void copy(InputStream in, OutputStream out) throws IOException, PhotoException {
            byte[] chunk = new byte[CHUNK];
            long size = 0;
            for (int count = in.read(chunk); count >= 0 && !abandoned; count = in.read(chunk)) {
                size += count;
                if (size > limit) {
                    throw PhotoException.fileTooLarge(limit);
                }
                out.write(chunk, 0, count);
            }
        }
    }

    private static String displayName(Context context, Uri uri, CancellationSignal signal) {
        String[] columns = {OpenableColumns.DISPLAY_NAME};
        try (Cursor cursor = context.getContentResolver().query(uri, columns, null, null, null, signal)) {
            return cursor != null && cursor.moveToFirst() ? cursor.getString(0) : null;
        }
    }

    /** Waits for the answer, and between two looks asks whether the caller cancelled. */
    private static <T> T await(Request<T> request, CancellationSignal signal) throws IOException, PhotoException {
        FutureTask<T> answer = new FutureTask<T>(request);
        Thread thread = new Thread(answer, "mobileiqa-provider");
        thread.setDaemon(true);
        thread.start();
        try {
            while (!answer.isDone()) {
                if (signal != null) {
                    signal.throwIfCanceled();
                }
                try {
                    answer.get(POLL_MILLISECONDS, TimeUnit.MILLISECONDS);
                } catch (TimeoutException later) {
                    continue;
                }
            }
            return answer.get();
        } catch (ExecutionException failed) {
            throw problem(failed.getCause());
        } catch (InterruptedException stopped) {
            throw new IOException(stopped);
        } finally {
            request.abandon();
        }
    }

    /** Providers of other apps may throw anything. */
    private static IOException problem(Throwable cause) throws PhotoException {
        if (cause instanceof PhotoException) {
            throw (PhotoException) cause;
        }
        if (cause instanceof FileNotFoundException || cause instanceof SecurityException) {
            throw new PhotoException(
                    PhotoException.Reason.GONE, "the file is gone, or this app may not read it; choose it again");
        }
        if (cause instanceof Error) {
            throw (Error) cause;
        }
        return cause instanceof IOException ? (IOException) cause : new IOException(cause);
    }
}
