package ai.mobileiqa;

import ai.mobileiqa.core.Bicubic;
import ai.mobileiqa.core.CleanAperture;
import ai.mobileiqa.core.ColourConversion;
import ai.mobileiqa.core.Contract;
import ai.mobileiqa.core.DecodePlan;
import ai.mobileiqa.core.InputSpec;
import ai.mobileiqa.core.Orientation;
import ai.mobileiqa.core.Pixels;
import ai.mobileiqa.core.PngColours;
import ai.mobileiqa.core.PngWithoutColours;
import ai.mobileiqa.core.Setting;
import ai.mobileiqa.core.Size;
import ai.mobileiqa.core.Truncation;
import android.app.ActivityManager;
import android.content.Context;
import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import android.graphics.Matrix;
import android.net.Uri;
import android.os.Build;
import android.os.CancellationSignal;
import android.os.SystemClock;
import java.io.Closeable;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jetbrains.annotations.NotNull;
import org.jetbrains.annotations.Nullable;

/**
 * A photo in a file, for those who score it more than once or show it as well; {@link QualityScorer#assess(Uri,
 * CancellationSignal)} needs none. The file is read several times: to learn its size, its orientation and whether it
 * is complete, then, at a scale that fits into memory, for its pixels. Close the photo after use. Methods may be called
 * from any thread but the main one.
 */
public final class Photo implements Closeable {
    /** However much memory there is: 256 MB as a bitmap. */
    private static final long MOST_PIXELS = 64L * 1000 * 1000;
    private static final int BYTES_A_PIXEL = 4;

    /** Columns of the upright photo, before any reduction. */
    public final int width;

    /** Rows of the upright photo, before any reduction. */
    public final int height;

    /** Seconds until the photo was here, known and checked. */
    public final double readSeconds;

    private final Context context;
    private final File file;
    private final boolean isCopy;
    private final String mime;
    private final int orientation;

    /** Null for all of the picture. */
    private final CleanAperture shown;
    private final ColourConversion colours;

    /**
     * Copies a photo from the app that provides it, and reads its head. The copy is deleted by {@link #close}.
     *
     * @param signal cancels the copying; null if nothing does
     * @throws PhotoException not there, not a picture, damaged, too small or too large
     * @throws android.os.OperationCanceledException the signal was cancelled
     */
    @NotNull
    public static Photo open(@NotNull Context context, @NotNull Uri uri, @Nullable CancellationSignal signal)
            throws PhotoException {
        long started = SystemClock.elapsedRealtimeNanos();
        File copy;
        try {
            copy = Provided.copy(context, uri, Provided.MAX_PHOTO, signal);
        } catch (IOException error) {
            throw PhotoException.unreadable(error);
        }
        Photo photo = null;
        try {
            photo = new Photo(context, copy, true, started);
            return photo;
        } finally {
            if (photo == null) {
                copy.delete();
            }
        }
    }

    /**
     * Reads the head of a photo that lies in a file of this app, which stays.
     *
     * @throws PhotoException not a picture, damaged, too small or too large
     */
    @NotNull
    public static Photo open(@NotNull Context context, @NotNull File file) throws PhotoException {
        return new Photo(context, file, false, SystemClock.elapsedRealtimeNanos());
    }

    private Photo(Context context, File file, boolean isCopy, long started) throws PhotoException {
        this.context = context.getApplicationContext();
        this.file = file;
        this.isCopy = isCopy;
        BitmapFactory.Options head = new BitmapFactory.Options();
        head.inJustDecodeBounds = true;
        try {
            decode(head);
            if (head.outWidth < 1 || head.outHeight < 1) {
                throw new PhotoException(PhotoException.Reason.NOT_A_PICTURE,
                        "not a picture, or of a format that this device does not read");
            }
            try (InputStream in = open()) {
                if (Truncation.endsEarly(in)) {
                    throw damaged();
                }
            }
            try (InputStream in = open()) {
                orientation = Orientation.read(in);
            }
            try (InputStream in = open()) {
                colours = PngColours.read(in);
            }
            try (InputStream in = open()) {
                shown = CleanAperture.read(in, head.outWidth, head.outHeight);
            }
        } catch (IOException error) {
            throw PhotoException.unreadable(error);
        }
        boolean turned = orientation >= 5;
        int across = shown == null ? head.outWidth : shown.width;
        int down = shown == null ? head.outHeight : shown.height;
        width = turned ? down : across;
        height = turned ? across : down;
        mime = head.outMimeType;
        checkSize(width, height);
        readSeconds = (SystemClock.elapsedRealtimeNanos() - started) / 1e9;
    }

    /** Refuses what no model scores. */
    static void checkSize(int width, int height) throws PhotoException {
        if (Math.min(width, height) < Contract.MIN_PHOTO_SIDE) {
            throw PhotoException.ofSize(PhotoException.Reason.TOO_SMALL, width, height,
                    width + "x" + height + " pixels: both sides must have at least " + Contract.MIN_PHOTO_SIDE);
        }
        if ((long) width * height > DecodePlan.MAX_PIXELS) {
            throw PhotoException.ofSize(PhotoException.Reason.TOO_LARGE, width, height,
                    width + "x" + height + " pixels: at most " + DecodePlan.MAX_PIXELS + " are read; shrink the photo");
        }
    }

    /** Deletes the copy, if the photo has one. */
    @Override
    public void close() {
        if (isCopy) {
            file.delete();
        }
    }

    /**
     * Decodes and resizes the photo for a model.
     *
     * @param input of the model's contract
     * @param setting one of {@code input.settings}; null for a model of one size
     * @param signal asked between the two steps whether it was cancelled; null if nothing does
     * @throws PhotoException damaged, or what fits into memory is smaller than what the model looks at
     * @throws android.os.OperationCanceledException the signal was cancelled
     */
    @NotNull
    public Prepared prepare(
            @NotNull InputSpec input, @Nullable Setting setting, @Nullable CancellationSignal signal)
            throws PhotoException {
        Size size = input.sizeFor(height, width, setting);
        DecodePlan plan = plan(input, setting, size);
        long started = SystemClock.elapsedRealtimeNanos();
        Bitmap bitmap = bitmap(plan.sampleSize, false);
        try (BitmapRows rows = new BitmapRows(bitmap, shown(plan.sampleSize), orientation, colours)) {
            long decoded = SystemClock.elapsedRealtimeNanos();
            if (signal != null) {
                signal.throwIfCanceled();
            }
            Pixels pixels = Bicubic.resize(rows, size.width, size.height);
            long resized = SystemClock.elapsedRealtimeNanos();
            return new Prepared(pixels, plan, (decoded - started) / 1e9, (resized - decoded) / 1e9);
        }
    }

    private DecodePlan plan(InputSpec input, Setting setting, Size size) throws PhotoException {
        long budget = Math.min(MOST_PIXELS, free() / 2 / BYTES_A_PIXEL);
        DecodePlan plan = DecodePlan.of(mime, width, height, input, setting, budget);
        boolean small = width / plan.sampleSize < size.width || height / plan.sampleSize < size.height;
        if (small && !plan.exact) {
            throw new PhotoException(PhotoException.Reason.OUT_OF_MEMORY,
                    "too little memory is free to decode this photo at the size that the model needs");
        }
        return plan;
    }

    /** Returns the bytes that are free where bitmaps lie: before Android 8 in Java's heap, since then outside of it. */
    private long free() {
        if (Build.VERSION.SDK_INT < 26) {
            Runtime heap = Runtime.getRuntime();
            return heap.maxMemory() - (heap.totalMemory() - heap.freeMemory());
        }
        ActivityManager.MemoryInfo memory = new ActivityManager.MemoryInfo();
        ((ActivityManager) context.getSystemService(Context.ACTIVITY_SERVICE)).getMemoryInfo(memory);
        return Math.max(0, memory.availMem - memory.threshold);
    }

    /**
     * Returns a small upright picture for the screen.
     *
     * @param side the longer side is between this many pixels and twice that, or the photo's own if that is shorter
     * @throws PhotoException damaged
     */
    @NotNull
    public Bitmap preview(int side) throws PhotoException {
        int sampleSize = DecodePlan.preview(width, height, side);
        Bitmap bitmap = bitmap(sampleSize, true);
        CleanAperture part = shown(sampleSize);
        if (part != null) {
            bitmap = Bitmap.createBitmap(bitmap, part.left, part.top, part.width, part.height);
        }
        Matrix turn = turn(orientation);
        return turn.isIdentity()
                ? bitmap
                : Bitmap.createBitmap(bitmap, 0, 0, bitmap.getWidth(), bitmap.getHeight(), turn, true);
    }

    private CleanAperture shown(int sampleSize) {
        return shown == null ? null : shown.reduced(sampleSize);
    }

    private Bitmap bitmap(int sampleSize, boolean toShow) throws PhotoException {
        BitmapFactory.Options options = new BitmapFactory.Options();
        options.inSampleSize = sampleSize;
        options.inPreferredConfig = Bitmap.Config.ARGB_8888;
        options.inPremultiplied = toShow; // a premultiplied pixel has lost digits, but only such can be drawn
        decodeAsSrgb(options);
        try {
            // For the screen, the decoder's own conversion is near enough.
            Bitmap bitmap = colours == null || toShow ? decode(options) : decodeWithoutColours(options);
            if (bitmap == null) {
                throw damaged();
            }
            return bitmap;
        } catch (IOException error) {
            throw PhotoException.unreadable(error);
        }
    }

    private Bitmap decodeWithoutColours(BitmapFactory.Options options) throws IOException {
        try (InputStream in = new PngWithoutColours(open())) {
            return decode(in, options);
        }
    }

    private Bitmap decode(BitmapFactory.Options options) throws IOException {
        try (InputStream in = open()) {
            return decode(in, options);
        }
    }

    private static Bitmap decode(InputStream in, BitmapFactory.Options options) {
        try {
            return BitmapFactory.decodeStream(in, null, options);
        } catch (IllegalArgumentException odd) { // a size that overflows, a bitmap that cannot be made
            return null;
        }
    }

    private InputStream open() throws IOException {
        return new FileInputStream(file);
    }

    private static PhotoException damaged() {
        return new PhotoException(PhotoException.Reason.DAMAGED, "the photo is damaged or incomplete");
    }

    /**
     * Asks for sRGB pixels whatever the file's profile; before API 26 Android does not look at profiles. By
     * reflection, because Debian's last android.jar is of API 23.
     */
    private static void decodeAsSrgb(BitmapFactory.Options options) {
        if (Build.VERSION.SDK_INT < 26) {
            return;
        }
        try {
            Class<?> named = Class.forName("android.graphics.ColorSpace$Named");
            Object srgb = null;
            for (Object name : named.getEnumConstants()) {
                srgb = name.toString().equals("SRGB") ? name : srgb;
            }
            Object space = Class.forName("android.graphics.ColorSpace").getMethod("get", named).invoke(null, srgb);
            BitmapFactory.Options.class.getField("inPreferredColorSpace").set(options, space);
        } catch (ReflectiveOperationException impossible) { // public API since 26
            throw new AssertionError(impossible);
        }
    }

    private static Matrix turn(int orientation) {
        Matrix turn = new Matrix();
        int[] degrees = {0, 0, 0, 180, 180, 270, 90, 90, 270};
        boolean mirrored = orientation == 2 || orientation == 4 || orientation == 5 || orientation == 7;
        if (mirrored) {
            turn.postScale(-1, 1);
        }
        turn.postRotate(degrees[orientation]);
        return turn;
    }
}
