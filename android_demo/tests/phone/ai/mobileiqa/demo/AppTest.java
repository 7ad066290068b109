package ai.mobileiqa.demo;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import ai.mobileiqa.Assessment;
import ai.mobileiqa.Provided;
import ai.mobileiqa.QualityScorer;
import ai.mobileiqa.ScorerOptions;
import ai.mobileiqa.core.Advice;
import ai.mobileiqa.core.Golden;
import ai.mobileiqa.core.Json;
import ai.mobileiqa.phone.Disk;
import ai.mobileiqa.phone.OtherApps;
import ai.mobileiqa.phone.Providers;
import android.app.Activity;
import android.app.Phone;
import android.app.PhoneContext;
import android.content.ClipData;
import android.content.ContentProvider;
import android.content.Context;
import android.content.Intent;
import android.graphics.BitmapFactory_Delegate;
import android.graphics.ColorSpace;
import android.graphics.Rect;
import android.net.Uri;
import android.os.Build;
import android.os.Handler;
import android.os.Looper;
import android.os.ParcelFileDescriptor;
import android.view.View;
import android.view.WindowInsets;
import android.view.WindowManager;
import android.widget.ListAdapter;
import android.widget.ListView;
import android.widget.TextView;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.After;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * The app's own classes, layouts and texts on a JVM, with the classes of Android 6 and the real model.
 * tests/android/test_app_on_a_jvm.py runs it and says what scores to expect.
 */
public final class AppTest {
    private static final double SAME = 1e-5;
    private static final String GOOD = "content://photos/good.png";
    private static final String WORSE = "content://photos/worse.png";
    private static final String CUT = "content://photos/cut.jpg";
    private static final String MODEL = "content://documents/model.onnx";

    /** What is still at work for the test before may put something there once more. */
    private static boolean isEmptied(Path folder) {
        if (!Files.exists(folder)) {
            return true;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).collect(Collectors.toList())) {
                Files.deleteIfExists(file);
            }
            return true;
        } catch (IOException | UncheckedIOException busy) {
            return false;
        }
    }

    @BeforeClass
    public static void boot() {
        Phone.boot();
    }

    @Before
    public void install() throws IOException {
        Path phone = Paths.get(System.getProperty("phone"));
        Phone.until(() -> isEmptied(phone));
        Phone.forget();
        Build.VERSION.SDK_INT = 24;
        for (File file : new File(System.getProperty("photos")).listFiles()) {
            OtherApps.PHOTOS.put("content://photos/" + file.getName(), Files.readAllBytes(file.toPath()));
        }
        OtherApps.PHOTOS.put(MODEL, Files.readAllBytes(Paths.get(System.getProperty("second"))));
    }

    @After
    public void tidy() {
        finishWork();
        OtherApps.forget();
        BitmapFactory_Delegate.outOfMemory = false;
        System.setProperty("assets", System.getProperty("right"));
        assertEquals("done on the UI thread", Arrays.asList(), Disk.onUiThread());
    }

    /** However slow the machine is: the next test must not meet the models of this one. */
    private static void finishWork() {
        Phone.until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals("mobileiqa-beside")));
        Phone.settle();
        AtomicInteger ended = new AtomicInteger();
        new Work() { // it comes after what is still in the queue
            @Override
            protected void run() {
                Models.forget();
            }

            @Override
            protected void done() {
                ended.incrementAndGet();
            }

            @Override
            protected void failed(Throwable problem) {}
        }.start();
        Phone.until(() -> ended.get() == 1);
        Phone.settle();
    }

    @Test
    public void whatIsDoneWithFilesOnTheUiThreadIsSeen() {
        new Handler(Looper.getMainLooper()).post(Device::megahertz); // every test fails in which there is more
        Phone.settle();
        assertFalse(Disk.onUiThread().isEmpty());
        Disk.forget();
    }

    // Score

    @Test
    public void theFirstStartTestsTheDevice() {
        ScoreActivity activity = Phone.start(ScoreActivity.class, new Intent());
        Phone.until(() -> activity.session.checking);
        assertEquals("Testing this device…", Phone.text(activity, R.id.step));
        assertFalse(Phone.shown(activity, R.id.cancel));
        Phone.until(() -> activity.session.golden != null);
        assertTrue(activity.session.golden.ok);
        assertFalse(Phone.shown(activity, R.id.notice));
        assertNotNull("kept for the next start", GoldenCheck.kept(activity));
        PhoneContext.updated = 2;
        assertNull("an update asks again", GoldenCheck.kept(activity));
    }

    @Test
    public void aDeviceThatIsOffIsToldSoAtEveryStart() {
        System.setProperty("assets", System.getProperty("off"));
        ScoreActivity activity = Phone.start(ScoreActivity.class, new Intent());
        Phone.until(() -> Phone.shown(activity, R.id.notice));
        assertTrue(Phone.text(activity, R.id.notice), Phone.text(activity, R.id.notice).startsWith("This device scores incorrectly"));
        Phone.finish(activity);
        ScoreActivity next = Phone.start(ScoreActivity.class, new Intent());
        Phone.until(() -> Phone.shown(next, R.id.notice));
        assertTrue(Phone.text(next, R.id.notice).startsWith("This device scores incorrectly"));
    }

    @Test
    public void aSharedPhotoGetsPythonsScore() {
        ScoreActivity activity = scored(GOOD);
        double expected = Double.parseDouble(System.getProperty("score.good.png"));
        assertEquals(expected, activity.session.first.score, SAME);
        assertEquals(String.format(Locale.ENGLISH, "%.3f", expected), Phone.text(activity, R.id.number));
        assertTrue(Phone.text(activity, R.id.details).contains("mobileiqa-small"));
        assertTrue("copying and checking count too", activity.session.first.readSeconds > 0);
        assertTrue(Phone.text(activity, R.id.details).startsWith("Read "));
        if (System.getProperty("spread").equals("None")) { // a model of one opinion
            assertNull(activity.session.first.spread);
        } else {
            double spread = Double.parseDouble(System.getProperty("spread"));
            assertEquals(spread, activity.session.first.spread, SAME);
            assertTrue(Phone.text(activity, R.id.details).contains(String.format(Locale.ENGLISH, "±%.3f", spread)));
        }
        assertTrue(Phone.shown(activity, R.id.photo));
        assertFalse(Phone.shown(activity, R.id.hint));
        Phone.until(() -> !Phone.shown(activity, R.id.busy)); // the self-test may come after the score
    }

    @Test
    public void turnedAndTransparentPhotosGetPythonsScore() {
        for (String name : System.getProperty("scored").split(",")) {
            ScoreActivity activity = scored("content://photos/" + name);
            double expected = Double.parseDouble(System.getProperty("score." + name));
            assertEquals(name, expected, activity.session.first.score, SAME);
            boolean upright = activity.session.preview.getHeight() > activity.session.preview.getWidth();
            assertEquals(name, name.matches("turned[5678]\\.png"), upright);
            Phone.finish(activity);
        }
    }

    @Test
    public void whatShowsOfAHeicFileIsScored() {
        ScoreActivity activity = scored("content://photos/part.heic");
        double expected = Double.parseDouble(System.getProperty("score.part.heic"));
        assertEquals(expected, activity.session.first.score, SAME);
        assertEquals(200, activity.session.preview.getWidth());
        assertEquals(400, activity.session.preview.getHeight());
        assertTrue(Phone.text(activity, R.id.details).contains("200 × 400 pixels"));
    }

    @Test
    public void aPhotoThatDoesNotFitIsDecodedSmallerAndSaidSo() {
        Build.VERSION.SDK_INT = 26;
        PhoneContext.availableMemory = 17L << 20;
        ScoreActivity activity = scored("content://photos/large.png");
        assertEquals(2, activity.session.first.sampleSize);
        assertTrue(Phone.text(activity, R.id.details).contains("because memory is short"));
        PhoneContext.availableMemory = 2L << 20;
        String tooLittle = sentence(R.string.problem_memory);
        assertEquals("what is left says nothing of the photo", tooLittle, notice("content://photos/large.png"));
    }

    @Test
    public void aLargeJpegIsDecodedReducedAsTheContractSays() {
        ScoreActivity activity = scored("content://photos/large.jpg");
        assertEquals(2, activity.session.first.sampleSize);
        assertTrue(activity.session.first.exact);
        assertTrue(Phone.text(activity, R.id.details).contains("1/2 of its size, as the model's contract allows"));
        assertTrue(Phone.text(activity, R.id.details).contains("2100 × 1500 pixels"));
    }

    @Test
    public void aScreenThatIsNotSeenIsNotDrawn() {
        ScoreActivity activity = Phone.start(ScoreActivity.class, share(GOOD));
        Phone.leave(activity);
        Phone.until(() -> activity.session.first != null && !activity.session.busy());
        assertFalse(Phone.shown(activity, R.id.result));
    }

    @Test
    public void turningThePhoneLosesNothing() {
        ScoreActivity first = Phone.start(ScoreActivity.class, share(GOOD));
        Phone.land = true;
        Phone.locale = Locale.GERMAN;
        ScoreActivity second = Phone.turn(first);
        Phone.until(() -> second.session.first != null && !second.session.busy());
        assertFalse("the old activity hears nothing", Phone.shown(first, R.id.result));
        assertTrue(Phone.shown(second, R.id.result));
        assertEquals("ausgezeichnet gut ordentlich mäßig schlecht".contains(
                Phone.text(second, R.id.band).split(",")[0]), true);
        assertTrue("a decimal comma", Phone.text(second, R.id.number).startsWith("0,"));
        ScoreActivity third = Phone.turn(second);
        assertTrue(Phone.shown(third, R.id.result));
        assertFalse("nothing is scored anew", third.session.busy());
    }

    @Test
    public void aKilledProcessReadsThePhotoAgain() {
        ScoreActivity before = scored(GOOD);
        double score = before.session.first.score;
        ScoreActivity after = Phone.killAndReturn(before);
        assertNull(after.session.first);
        Phone.until(() -> after.session.first != null);
        assertEquals(score, after.session.first.score, 0);
    }

    @Test
    public void cancellingStopsAndSaysNothing() {
        ScoreActivity activity = Phone.start(ScoreActivity.class, share(GOOD));
        Phone.press(activity, R.id.cancel);
        assertFalse(activity.session.busy());
        Phone.until(() -> activity.session.goldenProblem != null || activity.session.golden != null);
        Phone.settle();
        assertNull(activity.session.first);
        assertFalse(Phone.shown(activity, R.id.notice));
        assertFalse(Phone.shown(activity, R.id.busy));
    }

    @Test
    public void leavingForGoodStopsTheWork() {
        ScoreActivity activity = Phone.start(ScoreActivity.class, share(GOOD));
        Phone.finish(activity);
        Phone.settle();
        assertNull(activity.session.first);
    }

    @Test
    public void badPhotosBecomeSentences() {
        assertEquals(sentence(R.string.problem_broken), notice(CUT));
        assertEquals(sentence(R.string.problem_no_picture), notice("content://photos/text.txt"));
        assertEquals("This photo is 20 × 40 pixels: both sides must have at least 32.", notice("content://photos/tiny.png"));
        assertEquals(sentence(R.string.problem_gone), notice("content://photos/gone"));
        OtherApps.forbidden = true;
        assertEquals(sentence(R.string.problem_gone), notice(GOOD));
        OtherApps.forbidden = false;
        BitmapFactory_Delegate.outOfMemory = true;
        assertEquals(sentence(R.string.problem_memory), notice(GOOD));
    }

    @Test
    public void aPickedPhotoIsScored() {
        ScoreActivity activity = Phone.start(ScoreActivity.class, new Intent());
        Phone.press(activity, R.id.pick);
        assertEquals("android.intent.action.OPEN_DOCUMENT", Phone.asked.getAction());
        Build.VERSION.SDK_INT = 33;
        Phone.press(activity, R.id.pick);
        assertEquals("android.provider.action.PICK_IMAGES", Phone.asked.getAction());
        Phone.answer(activity, 0, null);
        assertFalse("nothing was picked", activity.session.busy());
        Phone.answer(activity, Activity.RESULT_OK, new Intent().setData(Uri.parse(GOOD)));
        Phone.until(() -> activity.session.first != null);
    }

    @Test
    public void withoutAPickerThereIsAWord() {
        ScoreActivity activity = Phone.start(ScoreActivity.class, new Intent());
        Build.VERSION.SDK_INT = 33;
        Phone.unanswered = "android.provider.action.PICK_IMAGES";
        Phone.press(activity, R.id.pick);
        assertEquals("android.intent.action.OPEN_DOCUMENT", Phone.asked.getAction());
        Phone.unanswered = "android.intent.action.OPEN_DOCUMENT";
        Phone.press(activity, R.id.import_model);
        assertEquals("There is no app to pick files with.", Phone.text(activity, R.id.notice));
        Phone.unanswered = "android.media.action.IMAGE_CAPTURE";
        Phone.press(activity, R.id.take);
        Phone.until(() -> Phone.text(activity, R.id.notice).equals("There is no app to take photos with."));
    }

    @Test
    public void theCameraMayOutliveTheProcess() throws IOException {
        ScoreActivity before = Phone.start(ScoreActivity.class, new Intent());
        take(before);
        Uri target = Phone.asked.getClipData().getItemAt(0).getUri();
        assertEquals(3, Phone.asked.getFlags() & 3); // FLAG_GRANT_READ_URI_PERMISSION and WRITE
        ScoreActivity after = Phone.killAndReturn(before);
        File file = takePhoto(target);
        Phone.answer(after, Activity.RESULT_OK, null);
        Phone.until(() -> after.session.first != null);
        take(after);
        Phone.answer(after, Activity.RESULT_CANCELED, null);
        Phone.until(() -> new File(after.getCacheDir(), "outbox").list().length == 1);
        assertTrue("nothing was taken in its place", file.exists());
        take(after);
        Uri next = Phone.asked.getClipData().getItemAt(0).getUri();
        File nextFile = takePhoto(next);
        Phone.answer(after, Activity.RESULT_OK, null);
        Phone.until(() -> !file.exists()); // one photo is kept at most
        assertTrue(nextFile.exists());
    }

    /** What the camera app does. */
    private static File takePhoto(Uri target) throws IOException {
        try (OutputStream out = new ParcelFileDescriptor.AutoCloseOutputStream(outbox().openFile(target, "rw"))) {
            Files.copy(new File(System.getProperty("photos"), "good.png").toPath(), out);
        }
        return new File(new File(Phone.context().getCacheDir(), "outbox"), target.getLastPathSegment());
    }

    /** Until the camera app is asked for. */
    private static void take(ScoreActivity activity) {
        Phone.asked = null;
        Phone.press(activity, R.id.take);
        Phone.until(() -> Phone.asked != null);
    }

    @Test
    public void hostileIntentsAreHarmless() {
        Intent file = new Intent(Intent.ACTION_SEND).putExtra(Intent.EXTRA_STREAM, Uri.parse("file:///data/data/secret"));
        Intent text = new Intent(Intent.ACTION_SEND).putExtra(Intent.EXTRA_STREAM, "no URI");
        Intent other = new Intent("anything").putExtra(Intent.EXTRA_STREAM, Uri.parse(GOOD));
        for (Intent intent : Arrays.asList(file, text, other, new Intent(Intent.ACTION_SEND))) {
            ScoreActivity activity = Phone.start(ScoreActivity.class, intent);
            assertFalse(activity.session.busy());
            Phone.finish(activity);
        }
    }

    @Test
    public void anImportedModelGivesASecondOpinion() {
        ScoreActivity activity = scored(GOOD);
        assertFalse(Phone.shown(activity, R.id.remove_model));
        pickModel(activity, MODEL);
        Phone.until(() -> activity.session.second != null && !activity.session.busy());
        assertEquals(Double.parseDouble(System.getProperty("score.second")), activity.session.second.score, SAME);
        assertTrue(Phone.text(activity, R.id.second), Phone.text(activity, R.id.second).contains(activity.session.second.model));
        Phone.press(activity, R.id.remove_model);
        Phone.until(() -> !activity.session.busy());
        assertNull(Models.importedName());
        assertFalse(Phone.shown(activity, R.id.remove_model));
    }

    @Test
    public void theReasonAndWhatIsNoPhotoAreTold() throws Exception {
        byte[] model = Files.readAllBytes(new File(System.getProperty("faulty")).toPath());
        OtherApps.PHOTOS.put(MODEL, model);
        ScoreActivity activity = scored("content://photos/white.png");
        pickModel(activity, MODEL);
        Phone.until(() -> activity.session.second != null && !activity.session.busy());
        String text = Phone.text(activity, R.id.second);
        assertTrue(text, text.contains("\nLens flare and too dark.\nTake it with more light.\nRead "));
        Assessment second = activity.session.second;
        assertEquals("lens flare and too dark", second.reason);
        assertEquals(Arrays.asList("lens_flare", "underexposure"), second.namedFaults);
        assertEquals(Advice.MORE_LIGHT, second.advice);
        assertEquals(Boolean.TRUE, second.isPhotograph);
        assertEquals("lens_flare", second.faults.keySet().iterator().next());
        activity.session.score(Uri.parse(GOOD)); // too dark for that model's photographs
        Phone.until(() -> activity.session.second != null && !activity.session.busy());
        assertTrue(Phone.text(activity, R.id.second).contains("\nThis is not a photo"));
        assertNull(activity.session.second.reason);
    }

    @Test
    public void aCancelledImportIsNotKept() {
        ScoreActivity activity = scored(GOOD);
        pickModel(activity, MODEL);
        Phone.press(activity, R.id.cancel);
        Phone.settle();
        assertNull(Models.importedName());
        assertTrue("the score stays", Phone.shown(activity, R.id.result));
    }

    @Test
    public void aModelThatCannotBeUsedIsNotKept() {
        ScoreActivity activity = scored(GOOD);
        OtherApps.PHOTOS.put(MODEL, "no model".getBytes(StandardCharsets.UTF_8));
        pickModel(activity, MODEL);
        Phone.until(() -> Phone.shown(activity, R.id.notice));
        assertTrue(Phone.text(activity, R.id.notice).startsWith("This model is damaged"));
        assertNull(Models.importedName());
        assertEquals(0, new File(activity.getFilesDir(), "models").list().length);
        assertTrue("the score stays", Phone.shown(activity, R.id.result));
    }

    @Test
    public void lowMemoryGivesTheModelsBack() {
        ScoreActivity activity = scored(GOOD);
        DemoApplication application = Phone.started(new DemoApplication());
        application.onTrimMemory(40);
        application.onLowMemory();
        activity.session.score(Uri.parse(WORSE));
        Phone.until(() -> activity.session.first != null);
    }

    // Compare

    @Test
    public void photosAreRankedAndABadOneIsARow() throws Exception {
        Intent intent = new Intent(Intent.ACTION_SEND_MULTIPLE)
                .putParcelableArrayListExtra(Intent.EXTRA_STREAM, new ArrayList<>(uris(CUT, WORSE, GOOD)));
        CompareActivity before = Phone.start(CompareActivity.class, intent);
        assertEquals("Photo 1 of 3…", Phone.text(before, R.id.step));
        CompareActivity activity = Phone.turn(before);
        Phone.until(() -> activity.session.done() == 3);
        ListAdapter list = ((ListView) activity.findViewById(R.id.list)).getAdapter();
        assertEquals(3, list.getCount());
        assertTrue(description(activity, list, 0).matches("1\\. 0\\.\\d{3}, \\w+(\\. .+)?, good\\.png"));
        assertTrue(description(activity, list, 1).matches("2\\. 0\\.\\d{3}, \\w+(\\. .+)?, worse\\.png"));
        assertEquals(" " + sentence(R.string.problem_broken) + ", cut.jpg", description(activity, list, 2));
        View row = list.getView(0, null, new ListView(activity));
        assertEquals("good.png", ((TextView) row.findViewById(R.id.name)).getText().toString());
        assertEquals("a_|b-|c.|jpg.png", RankingAdapter.breakable("a_b-c.jpg.png").replace('\u200b', '|'));
        assertNotNull("a crown", ((TextView) row.findViewById(R.id.rank)).getCompoundDrawables()[1]);
        View reused = list.getView(1, row, new ListView(activity));
        assertNull(((TextView) reused.findViewById(R.id.rank)).getCompoundDrawables()[1]);
        Phone.press(activity, R.id.share);
        Phone.until(() -> !Phone.STARTED.isEmpty());
        Intent chooser = Phone.STARTED.get(0);
        assertEquals("text/csv", shared(chooser).getType());
        assertTrue((chooser.getFlags() & Intent.FLAG_GRANT_READ_URI_PERMISSION) != 0);
        String csv = read(outbox().openFile(chooser.getClipData().getItemAt(0).getUri(), "r"));
        assertTrue(csv, csv.matches("(?s)rank,photo,score,band(,reason)?\r\n1,good\\.png,0\\..*"));
        assertEquals(3, csv.split("\r\n").length);
    }

    @Test
    public void cancellingAComparisonKeepsWhatIsDone() {
        CompareActivity activity = Phone.start(CompareActivity.class, new Intent());
        Phone.press(activity, R.id.pick);
        ClipData clip = ClipData.newRawUri(null, Uri.parse(GOOD));
        clip.addItem(new ClipData.Item(Uri.parse(WORSE)));
        clip.addItem(new ClipData.Item(Uri.parse(GOOD + "?2")));
        Intent picked = new Intent();
        picked.setClipData(clip);
        Phone.answer(activity, Activity.RESULT_OK, picked);
        Phone.until(() -> activity.session.done() == 1);
        Phone.press(activity, R.id.cancel);
        Phone.settle();
        assertEquals(1, activity.session.done());
        assertFalse(Phone.shown(activity, R.id.busy));
    }

    @Test
    public void aListWithoutScoresIsNotShared() {
        CompareActivity activity = Phone.start(CompareActivity.class, new Intent(Intent.ACTION_SEND_MULTIPLE)
                .putParcelableArrayListExtra(Intent.EXTRA_STREAM, new ArrayList<>(uris(CUT))));
        Phone.until(() -> activity.session.done() == 1);
        Phone.press(activity, R.id.share);
        assertEquals("No photo has a score yet.", Phone.text(activity, R.id.notice));
    }

    @Test
    public void aHundredPhotosAreEnough() {
        ArrayList<Uri> many = new ArrayList<>();
        for (int i = 0; i < 120; i++) {
            many.add(Uri.parse("content://photos/gone" + i));
        }
        CompareActivity activity = Phone.start(
                CompareActivity.class, new Intent(Intent.ACTION_SEND_MULTIPLE).putParcelableArrayListExtra(Intent.EXTRA_STREAM, many));
        Phone.until(() -> activity.session.done() == 100);
        assertEquals(sentence(R.string.too_many, 100), Phone.text(activity, R.id.notice));
        CompareActivity again = Phone.killAndReturn(activity);
        Phone.until(() -> again.session.done() == 100);
    }

    // Benchmark

    @Test
    public void aComputerMeasuresByIntent() throws Exception {
        Build.VERSION.SDK_INT = 31;
        File folder = folder();
        Files.copy(new File(System.getProperty("photos"), "good.png").toPath(), new File(folder, "p").toPath());
        Files.copy(Paths.get(System.getProperty("second")), new File(folder, "m.onnx").toPath());
        BenchmarkActivity activity = Phone.start(BenchmarkActivity.class, benchmark("o.json", 4)
                .putExtra("model", "m.onnx").putExtra("photo", "p").putExtra("threads", 2).putExtra("warmup", 1));
        assertTrue("the screen stays on", Phone.hasFlag(activity, WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON));
        Phone.until(() -> activity.session.result != null);
        assertFalse(Phone.hasFlag(activity, WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON));
        Map<?, ?> report = report("o.json");
        assertFalse(new File(folder, "o.json.part").exists());
        assertEquals("mobileiqa-benchmark", report.get("kind"));
        Map<?, ?> result = result(report);
        assertNull(result.get("error"));
        assertEquals("m.onnx", result.get("artifact"));
        assertEquals("onnx", result.get("runtime"));
        assertEquals(2L, result.get("threads"));
        assertEquals(new ArrayList<Object>(), result.get("flags"));
        assertEquals(true, ((Map<?, ?>) result.get("golden")).get("ok"));
        assertEquals(Double.parseDouble(System.getProperty("score.second")), (Double) result.get("score"), SAME);
        Map<?, ?> seconds = (Map<?, ?>) result.get("seconds");
        assertEquals(4, ((List<?>) ((Map<?, ?>) seconds.get("inference")).get("values")).size());
        assertEquals(5, ((List<?>) ((Map<?, ?>) seconds.get("decode")).get("values")).size());
        assertEquals(5, ((List<?>) ((Map<?, ?>) seconds.get("resize")).get("values")).size());
        assertEquals(3000L * 1024, ((Map<?, ?>) result.get("memory")).get("peak_pss_bytes"));
        assertTrue((Long) ((Map<?, ?>) result.get("memory")).get("peak_rss_bytes") > 0);
        Map<?, ?> environment = (Map<?, ?>) report.get("environment");
        assertEquals("Acme One", environment.get("machine"));
        assertEquals("board", environment.get("cpu"));
        assertEquals("armeabi-v7a", environment.get("abi"));
        assertEquals("Android 7, API 31", environment.get("os"));
        assertEquals(80L, environment.get("battery_percent"));
        assertEquals(false, environment.get("charging"));
        Map<?, ?> thermal = (Map<?, ?>) result.get("thermal");
        assertEquals("[0, 0, 30.5, 30.5]", Json.write(new ArrayList<Object>(thermal.values())));
        assertEquals("{\"declared\": \"cpu\", \"used\": \"cpu\", \"reason\": null}", Json.write(result.get("unit")));
        assertEquals(5, ((List<?>) ((Map<?, ?>) seconds.get("reload")).get("values")).size());
        byte[] model = Files.readAllBytes(Paths.get(System.getProperty("second")));
        assertEquals(Golden.sha256(model), result.get("sha256"));
        assertEquals("[runs, accuracy, cool-down]", reasons(result).toString());
        assertEquals("p", ((Map<?, ?>) report.get("settings")).get("photo"));
        assertTrue(Phone.text(activity, R.id.number).endsWith(" ms"));
        Phone.press(activity, R.id.share);
        Phone.until(() -> !Phone.STARTED.isEmpty());
        assertEquals("application/json", shared(Phone.STARTED.get(0)).getType());
    }

    @Test
    public void byTheRulesOfAValidResult() throws Exception {
        Intent intent = benchmark("o.json", 1024).putExtra("seconds", 1).putExtra("cool_down", 1)
                .putExtra("sustained", 1).putExtra("accuracy", true).putExtra("accelerator", "nnapi");
        BenchmarkActivity activity = Phone.start(BenchmarkActivity.class, intent);
        assertTrue(Phone.text(activity, R.id.step).startsWith("Loading"));
        Phone.until(() -> activity.session.step == R.string.step_cool);
        assertEquals("Cooling down, second 1 of 1…", Phone.text(activity, R.id.step));
        Phone.until(() -> activity.session.result != null);
        Map<?, ?> result = result(report("o.json"));
        assertNull(result.get("error"));
        double sum = 0;
        List<?> values = (List<?>) ((Map<?, ?>) ((Map<?, ?>) result.get("seconds")).get("inference")).get("values");
        for (Object value : values) {
            sum += (Double) value;
        }
        assertTrue("a second is enough, and not passed by more than a run", sum >= 1 && sum - (Double) values.get(values.size() - 1) < 1);
        assertEquals(100, ((List<?>) ((Map<?, ?>) result.get("accuracy")).get("scores")).size());
        assertEquals("cpu", ((Map<?, ?>) result.get("unit")).get("used"));
        assertFalse(((String) ((Map<?, ?>) result.get("unit")).get("reason")).isEmpty());
        assertEquals(1.0, result.get("cool_down_seconds"));
        assertEquals(1, ((List<?>) result.get("sustained")).size());
        Map<?, ?> battery = (Map<?, ?>) result.get("battery");
        assertEquals(1000L, battery.get("microampere_hours"));
        double joules = 1e-3 * 3600 * 4 / (Long) battery.get("photos");
        assertEquals(joules, (Double) result.get("energy_joules_per_photo"), 1e-9);
        assertTrue(reasons(result).containsAll(Arrays.asList("runs", "accuracy", "cool-down", "unit")));
        assertTrue(Phone.text(activity, R.id.details).contains("\n• accuracy: the scores of the pictures were not"));
        assertTrue(Phone.text(activity, R.id.details).contains("Battery used: 0 %"));
    }

    @Test
    public void byHandOneBoxAsksForAValidResult() {
        BenchmarkActivity activity = Phone.start(BenchmarkActivity.class, new Intent());
        Phone.check(activity, R.id.official);
        Phone.type(activity, R.id.minutes, "2");
        Phone.press(activity, R.id.start);
        assertEquals("1024", Phone.text(activity, R.id.runs));
        Phone.until(() -> activity.session.step == R.string.step_cool);
        assertTrue(Phone.text(activity, R.id.step).endsWith(" of 30…"));
        Phone.press(activity, R.id.cancel);
    }

    @Test
    public void whatMakesFiguresDoubtfulIsFlagged() throws Exception {
        Build.VERSION.SDK_INT = 29;
        PhoneContext.thermalStatus = 2;
        PhoneContext.isPowerSaveMode = true;
        BenchmarkActivity activity = Phone.start(BenchmarkActivity.class, benchmark("o.json", 3));
        Phone.leave(activity);
        Phone.until(() -> activity.session.result != null);
        List<?> flags = (List<?>) result(report("o.json")).get("flags");
        assertEquals(3, flags.size());
        List<Object> reasons = reasons(result(report("o.json")));
        assertTrue(reasons.containsAll(Arrays.asList("hot", "background", "battery-saver")));
    }

    @Test
    public void aPeakOfMemoryThatCannotStartAnewIsFlagged() throws Exception {
        Disk.refused = "/proc/self/clear_refs";
        BenchmarkActivity activity = Phone.start(BenchmarkActivity.class, benchmark("o.json", 1));
        Phone.until(() -> activity.session.result != null);
        assertNull(result(report("o.json")).get("error"));
        List<?> flags = (List<?>) result(report("o.json")).get("flags");
        assertEquals(1, flags.size());
        assertTrue(flags.toString(), ((String) flags.get(0)).startsWith("memory: "));
    }

    @Test
    public void whatCannotBeMeasuredIsAnOutputWithTheReason() throws Exception {
        File folder = folder();
        Files.createSymbolicLink(new File(folder, "link").toPath(), Paths.get("/etc/hostname"));
        Files.write(new File(folder, "broken.onnx").toPath(), new byte[] {1, 2, 3});
        Files.write(new File(folder, "text").toPath(), new byte[] {1, 2, 3});
        Map<Intent, String> wrong = new java.util.LinkedHashMap<>();
        wrong.put(benchmark("o", 1).putExtra("model", "absent.onnx"), "model absent.onnx is not in files/benchmark");
        wrong.put(benchmark("o", 1).putExtra("model", "../x"), "model must be a plain file name");
        wrong.put(benchmark("o", 1).putExtra("model", ""), "model must be a plain file name");
        wrong.put(benchmark("o", 1).putExtra("model", 7), "model must be a plain file name");
        wrong.put(benchmark("o", 1).putExtra("model", "link"), "model link is a link or a folder");
        wrong.put(benchmark("o", 1).putExtra("photo", "absent"), "photo absent is not in files/benchmark");
        wrong.put(benchmark("o", 1).putExtra("threads", 0), "threads must be 1 to 64, not 0");
        wrong.put(benchmark("o", 1).putExtra("warmup", -1), "warmup must be 0 to 1000, not -1");
        wrong.put(benchmark("o", 100001), "runs must be 1 to 100000, not 100001");
        wrong.put(benchmark("o", 1).putExtra("seconds", 3601), "seconds must be 0 to 3600, not 3601");
        wrong.put(benchmark("o", 1).putExtra("cool_down", -1), "cool_down must be 0 to 3600, not -1");
        wrong.put(benchmark("o", 1).putExtra("sustained", 86401), "sustained must be 0 to 86400, not 86401");
        wrong.put(benchmark("o", 1).putExtra("accelerator", "gpu"), "accelerator must be cpu, xnnpack or nnapi");
        wrong.put(benchmark("o", 1).putExtra("model", "broken.onnx"), "broken.onnx: This model is damaged");
        wrong.put(benchmark("o", 1).putExtra("photo", "text"), "text: This is not a picture");
        Phone.locale = Locale.GERMAN;
        for (Map.Entry<Intent, String> one : wrong.entrySet()) {
            BenchmarkActivity activity = Phone.start(BenchmarkActivity.class, one.getKey());
            Phone.until(() -> activity.session.result != null);
            String error = (String) result(report("o")).get("error");
            assertTrue(error + ", not " + one.getValue(), error.startsWith(one.getValue()));
            assertTrue("the screen says so", Phone.shown(activity, R.id.notice));
            assertFalse(Phone.shown(activity, R.id.result));
            Phone.finish(activity);
        }
    }

    @Test
    public void anOutputThatCouldLeaveTheFolderIsNotWritten() {
        for (String name : Arrays.asList("../o", "a/b", "", "a\nb")) {
            BenchmarkActivity activity = Phone.start(BenchmarkActivity.class, benchmark(name, 1));
            assertFalse(activity.session.busy());
            assertTrue(Phone.text(activity, R.id.notice).contains("output must be a plain file name"));
        }
        Phone.settle();
        assertEquals(0, folder().list().length);
    }

    @Test
    public void anOutputThatIsALinkIsNotWritten() throws IOException {
        Path target = new File(folder(), "target").toPath();
        Files.write(target, new byte[] {1});
        Files.createSymbolicLink(new File(folder(), "o.json").toPath(), target);
        BenchmarkActivity activity = Phone.start(BenchmarkActivity.class, benchmark("o.json", 1));
        Phone.until(() -> !activity.session.busy());
        assertTrue(Phone.text(activity, R.id.notice).contains("output o.json is a link or a folder"));
        assertNull(activity.session.result);
        assertEquals(1, Files.size(target));
    }

    @Test
    public void aSecondMeasurementIsRefusedAndTheFirstGoesOn() throws Exception {
        BenchmarkActivity activity = Phone.start(BenchmarkActivity.class, benchmark("one.json", 3));
        Phone.intent(activity, benchmark("two.json", 3));
        Phone.until(() -> activity.session.result != null && new File(folder(), "two.json").exists());
        assertNull(result(report("one.json")).get("error"));
        assertTrue(((String) result(report("two.json")).get("error")).startsWith("another measurement is going on"));
    }

    @Test
    public void aCancelledMeasurementTellsTheComputer() throws Exception {
        BenchmarkActivity activity = Phone.start(BenchmarkActivity.class, benchmark("o.json", 100000));
        Phone.until(() -> activity.session.run > 1);
        BenchmarkActivity turned = Phone.turn(activity);
        assertTrue(Phone.text(turned, R.id.step).matches("Run \\d+ of 100000…"));
        Phone.press(turned, R.id.cancel);
        Phone.until(() -> new File(folder(), "o.json").exists());
        assertEquals("the measurement was cancelled on the device", result(report("o.json")).get("error"));
    }

    @Test
    public void theDefaultsMeasureTheBundledModelAndOldOutputsGo() throws Exception {
        Files.write(new File(folder(), "benchmark.json").toPath(), new byte[] {1});
        BenchmarkActivity activity = Phone.start(BenchmarkActivity.class, new Intent(BenchmarkRequest.ACTION));
        Phone.until(() -> activity.session.result != null);
        Map<?, ?> report = report("benchmark.json");
        assertEquals("bundled", result(report).get("label"));
        assertEquals(3L, ((Map<?, ?>) report.get("settings")).get("warmup"));
        assertEquals(20L, ((Map<?, ?>) report.get("settings")).get("runs"));
        assertNull(((Map<?, ?>) report.get("settings")).get("photo"));
    }

    @Test
    public void whatWasAskedBeforeIsNotMeasuredAgainFromRecents() {
        Intent intent = benchmark("o.json", 3).addFlags(0x00100000); // FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY
        assertFalse(Phone.start(BenchmarkActivity.class, intent).session.busy());
    }

    @Test
    public void byHandNumbersAreBroughtIntoRange() {
        BenchmarkActivity activity = Phone.start(BenchmarkActivity.class, new Intent());
        assertFalse(activity.session.busy());
        Phone.type(activity, R.id.threads, "99999");
        Phone.type(activity, R.id.warmup, "");
        Phone.type(activity, R.id.runs, "0");
        Phone.press(activity, R.id.start);
        assertEquals("64", Phone.text(activity, R.id.threads));
        assertEquals("3", Phone.text(activity, R.id.warmup));
        assertEquals("1", Phone.text(activity, R.id.runs));
        assertFalse(Phone.shown(activity, R.id.start));
        Phone.until(() -> activity.session.result != null);
        assertEquals(1, activity.session.result.inferenceSeconds.length);
    }

    @Test
    public void theImportedModelIsMeasuredToo() {
        ScoreActivity score = Phone.start(ScoreActivity.class, new Intent());
        pickModel(score, MODEL);
        Phone.until(() -> !score.session.busy());
        BenchmarkActivity activity = Phone.start(BenchmarkActivity.class, new Intent());
        assertTrue(Phone.shown(activity, R.id.imported));
        Phone.check(activity, R.id.imported);
        Phone.type(activity, R.id.runs, "2");
        Phone.press(activity, R.id.start);
        Phone.until(() -> activity.session.result != null);
        assertEquals("imported.onnx", activity.session.result.artifact);
    }

    // About and the rest

    @Test
    public void aboutSaysWhatTheModelIs() {
        AboutActivity activity = Phone.start(AboutActivity.class, new Intent());
        Phone.until(() -> activity.session.contract != null);
        assertTrue(Phone.text(activity, R.id.golden).startsWith("This device scores correctly"));
        assertTrue(Phone.text(activity, R.id.contract).contains("Apache-2.0"));
        Phone.press(activity, R.id.replay);
        assertTrue(activity.session.busy());
        Phone.until(() -> !activity.session.busy());
        for (int button : new int[] {R.id.card, R.id.licence, R.id.third_party}) {
            Phone.press(activity, button);
            Intent started = Phone.STARTED.get(Phone.STARTED.size() - 1);
            assertEquals(DocumentActivity.class.getName(), started.getComponent().getClassName());
            DocumentActivity document = Phone.start(DocumentActivity.class, started);
            ListView list = (ListView) document.findViewById(R.id.list);
            assertNull("read on the UI thread", list.getAdapter());
            Phone.until(() -> list.getAdapter() != null);
            ListAdapter paragraphs = list.getAdapter();
            assertTrue(paragraphs.getCount() > 0);
            assertFalse(((TextView) paragraphs.getView(0, null, null)).getText().toString().isEmpty());
        }
    }

    @Test
    public void everyScreenLeadsToTheOthers() {
        List<Class<? extends Activity>> screens = Arrays.asList(
                ScoreActivity.class, CompareActivity.class, BenchmarkActivity.class, AboutActivity.class);
        int[] buttons = {R.id.go_score, R.id.go_compare, R.id.go_benchmark, R.id.go_about};
        for (boolean land : new boolean[] {false, true}) {
            Phone.land = land;
            for (int from = 0; from < buttons.length; from++) {
                Activity activity = Phone.start(screens.get(from), new Intent());
                for (int to = 0; to < buttons.length; to++) {
                    View button = activity.findViewById(buttons[to]);
                    assertEquals(from == to, button.isSelected());
                    if (from != to) {
                        button.performClick();
                        Intent started = Phone.STARTED.get(Phone.STARTED.size() - 1);
                        assertEquals(screens.get(to).getName(), started.getComponent().getClassName());
                    }
                }
                Phone.finish(activity);
            }
        }
    }

    @Test
    public void contentKeepsOffTheBars() {
        ScoreActivity activity = Phone.start(ScoreActivity.class, new Intent());
        View root = activity.findViewById(R.id.root);
        root.dispatchApplyWindowInsets(new WindowInsets(new Rect(5, 6, 7, 8)));
        assertEquals(new Rect(5, 6, 7, 0), padding(root));
        assertEquals(new Rect(0, 0, 0, 8), padding(activity.findViewById(R.id.navigation)));
        Build.VERSION.SDK_INT = 36;
        NewerInsets insets = new NewerInsets();
        root.dispatchApplyWindowInsets(insets);
        assertEquals(new Rect(1, 2, 3, 0), padding(root));
        assertEquals(new Rect(0, 0, 0, 4), padding(activity.findViewById(R.id.navigation)));
        assertEquals(0b10001111, insets.types);
    }

    @Test
    public void theNavigationAtTheSideReachesUnderTheBar() {
        Phone.land = true;
        ScoreActivity activity = Phone.start(ScoreActivity.class, new Intent());
        View root = activity.findViewById(R.id.root);
        root.dispatchApplyWindowInsets(new WindowInsets(new Rect(5, 6, 7, 8)));
        assertEquals(new Rect(0, 6, 7, 8), padding(root));
        assertEquals(new Rect(5, 0, 0, 0), padding(activity.findViewById(R.id.navigation)));
    }

    private static Rect padding(View view) {
        return new Rect(
                view.getPaddingLeft(), view.getPaddingTop(), view.getPaddingRight(), view.getPaddingBottom());
    }

    /** Android 11's. */
    public static final class NewerInsets extends WindowInsets {
        int types;

        NewerInsets() {
            super(new Rect());
        }

        public Edges getInsets(int asked) {
            types = asked;
            return new Edges();
        }
    }

    /** Android 10's Insets. */
    public static final class Edges {
        public final int left = 1;
        public final int top = 2;
        public final int right = 3;
        public final int bottom = 4;
    }

    private static List<Page.Block> page(String text) throws IOException {
        return Page.read(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), true);
    }

    @Test
    public void markdownBecomesAPage() throws IOException {
        List<Page.Block> page = page("# A card\n\n<!-- mark -->\nOne **bold**\nand `code`, [here](x.md).\n- first\n1. second\n"
                + "```\na  b\n```\n| a | b |\n|---|---|\n| x | `y` |\n");
        List<String> texts = new ArrayList<>();
        List<Page.Kind> kinds = new ArrayList<>();
        for (Page.Block block : page) {
            texts.add(block.text);
            kinds.add(block.kind);
        }
        assertEquals(Arrays.asList("A card", "One bold and code, here.", "first", "second", "a  b", "x\nb: y"), texts);
        assertEquals(Arrays.asList(Page.Kind.HEADING, Page.Kind.PARAGRAPH, Page.Kind.ITEM, Page.Kind.ITEM, Page.Kind.CODE,
                Page.Kind.PARAGRAPH), kinds);
        assertEquals("bold", part(page.get(1), 0));
        assertEquals(Page.Style.BOLD, page.get(1).spans.get(0).style);
        assertEquals("code", part(page.get(1), 1));
        assertEquals("x", part(page.get(5), 0));
    }

    private static String part(Page.Block block, int index) {
        Page.Span span = block.spans.get(index);
        return block.text.substring(span.start, span.end);
    }

    @Test
    public void newerAndroidsDecodeToSrgb() {
        Build.VERSION.SDK_INT = 26;
        scored(GOOD);
        assertEquals("SRGB", ((ColorSpace) BitmapFactory_Delegate.last.inPreferredColorSpace).named.name());
        assertFalse("straight alpha", BitmapFactory_Delegate.last.inPremultiplied);
    }

    @Test
    public void theOutboxGivesOnlyWhatLiesInIt() throws Exception {
        Context context = Phone.context();
        Uri uri = Outbox.write(context, "a.csv", "text");
        ContentProvider outbox = outbox();
        assertEquals("text", read(outbox.openFile(uri, "r")));
        assertEquals("text/csv", outbox.getType(uri));
        String base = "content://ai.mobileiqa.demo.outbox/";
        Files.write(new File(context.getFilesDir(), "secret").toPath(), new byte[] {1});
        for (String path : Arrays.asList("", "b.csv", "..", "..%2F..%2Ffiles%2Fsecret", "x/a.csv")) {
            try {
                outbox.openFile(Uri.parse(base + path), "r");
                fail(path);
            } catch (FileNotFoundException refused) {
                assertNotNull(refused.getMessage());
            }
        }
        assertTrue(outbox.query(uri, null, null, null, null).moveToFirst());
        assertFalse(outbox.query(Uri.parse(base + "b.csv"), null, null, null, null).moveToFirst());
    }

    // Providers of other apps

    @Test
    public void aProviderThatHangsHoldsUpNothing() throws InterruptedException {
        CountDownLatch read = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        OtherApps.STREAMS.put("content://slow/photo", new InputStream() {
            @Override
            public int read() {
                read.countDown();
                while (end.getCount() > 0) {
                    try {
                        end.await();
                    } catch (InterruptedException deaf) {
                        continue;
                    }
                }
                return -1;
            }
        });
        ScoreActivity activity = Phone.start(ScoreActivity.class, share("content://slow/photo"));
        read.await();
        Phone.press(activity, R.id.cancel);
        activity.session.score(Uri.parse(GOOD));
        Phone.until(() -> activity.session.first != null && !activity.session.busy());
        assertEquals(0, new File(activity.getCacheDir(), "mobileiqa-provided").list().length);
        end.countDown();
    }

    @Test
    public void aSettingOfAModelOfAnySizeIsUsed() throws Exception {
        for (String setting : new String[] {"fast", "high"}) {
            File model = new File(System.getProperty("free"));
            ScorerOptions options = ScorerOptions.DEFAULT.resolution(setting);
            try (QualityScorer scorer = QualityScorer.open(Phone.context(), model, options)) {
                Assessment assessment = scorer.assess(Uri.parse(GOOD), null);
                assertEquals(Double.parseDouble(System.getProperty("score." + setting)), assessment.score, 1e-6);
                assertEquals(new HashSet<>(Arrays.asList("blur", "noise")), assessment.faults.keySet());
                assertEquals(assessment.photo / 4, assessment.faults.get("blur"), 1e-6);
            }
        }
    }

    @Test
    public void aSettingThatAModelLacksIsRefused() throws Exception {
        try (QualityScorer scorer = QualityScorer.open(Phone.context(), ScorerOptions.DEFAULT.resolution("lavish"))) {
            fail(scorer.resolution().name);
        } catch (IllegalArgumentException refused) {
            assertTrue(refused.getMessage(), refused.getMessage().startsWith("unknown setting"));
        }
    }

    @Test
    public void anEndlessPhotoIsRefused() {
        OtherApps.STREAMS.put("content://endless/photo", new Endless());
        assertEquals(sentence(R.string.problem_file_large, Provided.MAX_PHOTO >> 20), notice("content://endless/photo"));
        assertEquals(0, new File(Phone.context().getCacheDir(), "mobileiqa-provided").list().length);
    }

    @Test
    public void anEndlessModelCanBeCancelled() {
        ScoreActivity activity = scored(GOOD);
        OtherApps.STREAMS.put("content://endless/model", new Endless());
        pickModel(activity, "content://endless/model");
        Phone.press(activity, R.id.cancel);
        activity.session.score(Uri.parse(WORSE));
        Phone.until(() -> activity.session.first != null && !activity.session.busy());
        Phone.until(() -> new File(activity.getCacheDir(), "mobileiqa-provided").list().length == 0);
    }

    @Test
    public void copiesOfAProcessThatEndedEarlyAreDeleted() throws IOException {
        File folder = new File(Phone.context().getCacheDir(), "mobileiqa-provided");
        assertTrue(folder.mkdirs());
        Files.write(new File(folder, "copy1.tmp").toPath(), new byte[] {1});
        Phone.started(new DemoApplication());
        Phone.until(() -> folder.list().length == 0);
    }

    @Test
    public void namesOfOtherAppsAreBoundedAndPrintable() {
        String name = new String(new char[100000]).replace("\0", "x") + "\u202e\u001b[31m.jpg";
        OtherApps.NAMES.put(GOOD, name);
        CompareActivity activity = Phone.start(CompareActivity.class, new Intent(Intent.ACTION_SEND_MULTIPLE)
                .putParcelableArrayListExtra(Intent.EXTRA_STREAM, new ArrayList<>(uris(GOOD))));
        Phone.until(() -> activity.session.done() == 1);
        String shown = activity.session.ranked().get(0).name;
        assertEquals(Provided.MAX_NAME, shown.length());
        assertTrue(shown, shown.endsWith("\\u202e\\x1b[31m.jpg"));
    }

    @Test
    public void addressesThatAreTooLongToKeepAreNotTaken() {
        String address = "content://photos/" + new String(new char[5000]).replace("\0", "x");
        assertFalse(Phone.start(ScoreActivity.class, share(address)).session.busy());
    }

    @Test
    public void whatWasSharedBeforeIsNotReadAgainFromRecents() {
        Intent intent = share(GOOD).addFlags(0x00100000); // FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY
        assertFalse(Phone.start(ScoreActivity.class, intent).session.busy());
        Intent several = new Intent(Intent.ACTION_SEND_MULTIPLE)
                .putParcelableArrayListExtra(Intent.EXTRA_STREAM, new ArrayList<>(uris(GOOD, WORSE)))
                .addFlags(0x00100000);
        assertFalse(Phone.start(CompareActivity.class, several).session.busy());
    }

    // Models

    @Test
    public void aModelThatFailedVerificationIsShownAsSuch() throws Exception {
        byte[] model = Files.readAllBytes(Paths.get(System.getProperty("unverified")));
        OtherApps.PHOTOS.put(MODEL, model);
        ScoreActivity activity = Phone.start(ScoreActivity.class, new Intent());
        pickModel(activity, MODEL);
        Phone.until(() -> activity.session.imported != null && !activity.session.busy());
        String failed = sentence(R.string.verification_failed) + "\n- it drifts";
        assertEquals(failed, Phone.text(activity, R.id.notice));
        activity.session.score(Uri.parse(GOOD));
        Phone.until(() -> activity.session.second != null && !activity.session.busy());
        assertTrue(Phone.text(activity, R.id.second), Phone.text(activity, R.id.second).endsWith("\n" + failed));
        assertFalse(Phone.text(activity, R.id.details).contains(failed));
        Files.write(new File(folder(), "m.onnx").toPath(), model);
        BenchmarkActivity measured =
                Phone.start(BenchmarkActivity.class, benchmark("o.json", 1).putExtra("model", "m.onnx"));
        Phone.until(() -> measured.session.result != null);
        assertEquals(1, ((List<?>) result(report("o.json")).get("flags")).size());
    }

    @Test
    public void changingTheModelDoesNotLoseThePhotoThatIsScored() {
        ScoreActivity activity = Phone.start(ScoreActivity.class, share(GOOD));
        activity.session.removeModel();
        Phone.until(() -> activity.session.first != null && !activity.session.busy());
        OtherApps.PHOTOS.put(MODEL, "not a model".getBytes(StandardCharsets.UTF_8));
        activity.session.score(Uri.parse(WORSE));
        pickModel(activity, MODEL);
        Phone.until(() -> activity.session.first != null && !activity.session.busy());
        assertTrue(Phone.text(activity, R.id.notice).startsWith("This model is damaged"));
    }

    @Test
    public void noMessageShowsAPathOfThePhone() {
        ScoreActivity activity = Phone.start(ScoreActivity.class, new Intent());
        OtherApps.PHOTOS.put(MODEL, "not a model".getBytes(StandardCharsets.UTF_8));
        pickModel(activity, MODEL);
        Phone.until(() -> Phone.shown(activity, R.id.notice));
        assertFalse(Phone.text(activity, R.id.notice), Phone.text(activity, R.id.notice).contains("/"));
    }

    @Test
    public void onlyAComputerMeasuresOnALockedPhone() {
        assertFalse(isOverLock(Phone.start(BenchmarkActivity.class, new Intent())));
        BenchmarkActivity activity = Phone.start(BenchmarkActivity.class, benchmark("o.json", 1));
        assertTrue(isOverLock(activity));
        Phone.until(() -> activity.session.result != null);
    }

    private static boolean isOverLock(Activity activity) {
        return Phone.hasFlag(activity, WindowManager.LayoutParams.FLAG_SHOW_WHEN_LOCKED);
    }

    @Test
    public void newerAndroidsAreAskedByTheirOwnMethods() {
        Build.VERSION.SDK_INT = 27;
        NewerActivity activity = new NewerActivity();
        Platform.showOverLock(activity);
        assertEquals(Arrays.asList("show", "turn on"), activity.asked);
        assertNull("Android 8.1 does not say", Platform.thermalStatus(Phone.context()));
        Build.VERSION.SDK_INT = 29;
        PhoneContext.thermalStatus = 3;
        assertEquals(3, (int) Platform.thermalStatus(Phone.context()));
        Build.VERSION.SDK_INT = 31;
        assertNull("this one has no such field", Platform.socModel());
        assertEquals("chip", Platform.named(NewerBuild.class, "SOC_MODEL"));
    }

    /** Android 8.1's. */
    public static final class NewerActivity extends Activity {
        final List<String> asked = new ArrayList<>();

        public void setShowWhenLocked(boolean on) {
            asked.add("show");
        }

        public void setTurnScreenOn(boolean on) {
            asked.add("turn on");
        }
    }

    /** Android 12's. */
    public static final class NewerBuild {
        public static final String SOC_MODEL = "chip";
    }

    @Test
    public void nothingIsDrawnWhileARunIsTimed() {
        BenchmarkActivity activity = Phone.start(BenchmarkActivity.class, benchmark("o.json", 20));
        assertTrue("while it loads", Phone.shown(activity, R.id.spinner));
        AtomicInteger drawn = new AtomicInteger();
        int[] last = {0};
        Phone.until(() -> {
            if (activity.session.run != last[0]) {
                last[0] = activity.session.run;
                drawn.incrementAndGet();
                assertFalse(Phone.shown(activity, R.id.spinner));
            }
            return activity.session.result != null;
        });
        double seconds = Arrays.stream(activity.session.result.inferenceSeconds).sum();
        assertTrue(drawn + " in " + seconds + " s", drawn.get() >= 1 && drawn.get() <= 2 + seconds);
    }

    /** A file of another app that never ends. */
    private static final class Endless extends InputStream {
        @Override
        public int read() {
            return 0;
        }

        @Override
        public int read(byte[] bytes) {
            return bytes.length;
        }
    }

    private static String sentence(int id, Object... values) {
        return Phone.context().getString(id, values);
    }

    private static ScoreActivity scored(String uri) {
        ScoreActivity activity = Phone.start(ScoreActivity.class, share(uri));
        Phone.until(() -> activity.session.first != null && !activity.session.busy());
        return activity;
    }

    private static String notice(String uri) {
        ScoreActivity activity = Phone.start(ScoreActivity.class, share(uri));
        Phone.until(() -> !activity.session.busy());
        assertNull(activity.session.first);
        String notice = Phone.text(activity, R.id.notice);
        Phone.finish(activity);
        return notice;
    }

    private static void pickModel(ScoreActivity activity, String uri) {
        Phone.press(activity, R.id.import_model);
        assertEquals("android.intent.action.OPEN_DOCUMENT", Phone.asked.getAction());
        Phone.answer(activity, Activity.RESULT_OK, new Intent().setData(Uri.parse(uri)));
    }

    private static Intent share(String uri) {
        return new Intent(Intent.ACTION_SEND).putExtra(Intent.EXTRA_STREAM, Uri.parse(uri));
    }

    /** The kinds of reason why a result is not valid, without those that a busy machine raises. */
    private static List<Object> reasons(Map<?, ?> result) {
        List<Object> kinds = new ArrayList<Object>();
        for (Object reason : (List<?>) ((Map<?, ?>) result.get("verdict")).get("reasons")) {
            Object kind = ((Map<?, ?>) reason).get("kind");
            if (!kind.equals("spread") && !kind.equals("slowdown")) {
                kinds.add(kind);
            }
        }
        return kinds;
    }

    private static Intent benchmark(String output, int runs) {
        return new Intent(BenchmarkRequest.ACTION).putExtra("output", output).putExtra("runs", runs);
    }

    private static List<Uri> uris(String... texts) {
        List<Uri> uris = new ArrayList<>();
        for (String text : texts) {
            uris.add(Uri.parse(text));
        }
        return uris;
    }

    private static String description(Activity activity, ListAdapter list, int row) {
        return list.getView(row, null, new ListView(activity)).getContentDescription().toString();
    }

    private static File folder() {
        File folder = BenchmarkRequest.folder(Phone.context());
        folder.mkdirs();
        return folder;
    }

    private static Map<?, ?> report(String name) throws Exception {
        return (Map<?, ?>) Json.parse(read(new File(folder(), name)));
    }

    private static Map<?, ?> result(Map<?, ?> report) {
        return (Map<?, ?>) ((List<?>) report.get("results")).get(0);
    }

    private static ContentProvider outbox() {
        return new Providers(Phone.context()).own();
    }

    /** What a share sheet was opened for. */
    private static Intent shared(Intent chooser) {
        return chooser.getParcelableExtra(Intent.EXTRA_INTENT);
    }

    private static String read(ParcelFileDescriptor opened) throws IOException {
        try (InputStream in = new ParcelFileDescriptor.AutoCloseInputStream(opened)) {
            byte[] bytes = new byte[1 << 16];
            return new String(bytes, 0, Math.max(0, in.read(bytes)), StandardCharsets.UTF_8);
        }
    }

    private static String read(File file) throws IOException {
        return new String(Files.readAllBytes(file.toPath()), StandardCharsets.UTF_8);
    }
}
