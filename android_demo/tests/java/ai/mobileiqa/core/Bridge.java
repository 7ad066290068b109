package ai.mobileiqa.core;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Lets Python call the core: a JSON object a line on stdin, the answer or the exception a line on stdout. */
final class Bridge {
    private final Map<Long, Model> models = new HashMap<Long, Model>();
    private Map<?, ?> call;

    public static void main(String[] arguments) throws Exception {
        Bridge bridge = new Bridge();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            Map<String, Object> reply = new LinkedHashMap<String, Object>();
            try {
                bridge.call = (Map<?, ?>) Json.parse(line);
                reply.put("answer", bridge.answer());
            } catch (Exception error) {
                reply.put("error", error.getClass().getSimpleName());
                reply.put("message", String.valueOf(error.getMessage()));
            }
            out.println(Json.write(reply));
        }
    }

    private Object answer() throws Exception {
        switch (text("op")) {
            case "resize":
                return picture(Bicubic.resize(pixels(), whole("to_width"), whole("to_height")));
            case "resize_digest":
                return Golden.sha256(Bicubic.resize(pixels(), whole("to_width"), whole("to_height")).rgb);
            case "orientation":
                return Orientation.read(new ByteArrayInputStream(bytes("file")));
            case "aperture":
                return aperture();
            case "orientation_of_file":
                try (InputStream in = new FileInputStream(text("path"))) {
                    return Orientation.read(in);
                }
            case "apply":
                return picture(Orientation.apply(pixels(), whole("orientation")));
            case "json":
                return Json.parse(text("text"));
            case "contract":
                return contract(Contract.parse(text("text")));
            case "reduction":
                InputSpec input = Contract.parse(text("text")).input;
                return input.reduction(whole("height"), whole("width"), input.setting((String) call.get("setting")));
            case "band":
                return Band.of(real("score")).name();
            case "explanation":
                return explanation();
            case "statistics":
                return statistics(reals("values"));
            case "golden_image":
                return Golden.sha256(Golden.image(whole("width"), whole("height")).rgb);
            case "png_colours":
                byte[] rgb = bytes("rgb");
                ColourConversion conversion = PngColours.read(new ByteArrayInputStream(bytes("file")));
                if (conversion != null) {
                    conversion.apply(rgb, 0, rgb.length / 3);
                }
                return Base64.getEncoder().encodeToString(rgb);
            case "png_without_colours":
                return withoutColours();
            case "picture":
                return picture(Pictures.make(whole("number")));
            case "verdict":
                return new ArrayList<Object>(Verdict.reasons(run()).keySet());
            case "csv":
                return csv();
            case "report":
                return report();
            case "plan":
                return plan();
            case "preview":
                return DecodePlan.preview(whole("width"), whole("height"), whole("side"));
            case "plain_name":
                return PlainName.is(text("name"));
            case "ends_early":
                return Truncation.endsEarly(new ByteArrayInputStream(bytes("file")));
            case "file_ends_early": // providers hand out FileInputStreams, which skip beyond the end
                try (InputStream in = new FileInputStream(text("path"))) {
                    return Truncation.endsEarly(in);
                }
            case "fit":
                return fit();
            default:
                return answerOfModel();
        }
    }

    /** Read in pieces of odd lengths, as decoders do. */
    private String withoutColours() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (InputStream in = new PngWithoutColours(new ByteArrayInputStream(bytes("file")))) {
            byte[] piece = new byte[7];
            int count = in.read();
            while (count >= 0) {
                out.write(count);
                count = in.read(piece, 1, 6);
                out.write(piece, 1, Math.max(count, 0));
                count = in.read();
            }
        }
        return Base64.getEncoder().encodeToString(out.toByteArray());
    }

    /** Returns [height, width]. */
    private Object fit() {
        List<Size> sizes = new ArrayList<Size>();
        for (Object item : (List<?>) call.get("sizes")) {
            List<?> sides = (List<?>) item;
            sizes.add(new Size(((Long) sides.get(0)).intValue(), ((Long) sides.get(1)).intValue()));
        }
        Setting setting = new Setting("any", whole("max_pixels"), sizes);
        Size size = Fit.fitted(whole("height"), whole("width"), setting, whole("multiple"));
        List<Object> sides = new ArrayList<Object>();
        sides.add(size.height);
        sides.add(size.width);
        return sides;
    }

    private Object plan() throws Exception {
        Contract contract = Contract.parse(text("text"));
        Setting setting = contract.input.setting((String) call.get("setting"));
        DecodePlan plan = DecodePlan.of(
                text("mime"), whole("width"), whole("height"), contract.input, setting, whole("budget"));
        Map<String, Object> values = new LinkedHashMap<String, Object>();
        values.put("sample_size", plan.sampleSize);
        values.put("exact", plan.exact);
        return values;
    }

    private Object answerOfModel() throws Exception {
        switch (text("op")) {
            case "version":
                return Model.runtimeVersion();
            case "open":
                long id = models.size() + 1;
                int threads = whole("threads");
                models.put(id, call.containsKey("path") ? Model.open(text("path"), threads)
                        : Model.open(bytes("file"), threads, Accelerator.CPU));
                return id;
            case "open_accelerated":
                return openAccelerated();
            case "run":
                return model().run(pixels());
            case "opinions":
                return opinions(model().answers(pixels()).opinions);
            case "run_together":
                return runTogether();
            case "race":
                return race();
            case "model_contract":
                return contract(model().contract());
            case "replay":
                Replay replay = Golden.replay(model());
                Map<String, Object> result = new LinkedHashMap<String, Object>();
                result.put("input_matches", replay.inputMatches);
                result.put("expected", replay.expected);
                result.put("found", replay.measured);
                result.put("tolerance", replay.tolerance);
                result.put("ok", replay.ok());
                return result;
            case "close":
                model().close();
                return null;
            default:
                throw new IllegalArgumentException("no such op: " + text("op"));
        }
    }

    private Object openAccelerated() throws Exception {
        final String path = text("path");
        Accelerator wish = Accelerator.valueOf(text("accelerator"));
        // An accelerator that this machine lacks may be played by the CPU.
        final boolean pretends = Boolean.TRUE.equals(call.get("pretends"));
        AcceleratedModel opened = AcceleratedModel.open(new AcceleratedModel.Opener() {
            @Override
            public Model open(Accelerator accelerator) throws ModelException {
                return Model.open(path, 1, pretends ? Accelerator.CPU : accelerator);
            }
        }, wish);
        long id = models.size() + 1;
        models.put(id, opened.model);
        Map<String, Object> values = new LinkedHashMap<String, Object>();
        values.put("model", id);
        values.put("used", opened.used.name());
        values.put("refusal", opened.refusal);
        return values;
    }

    private static List<Object> opinions(float[] values) {
        List<Object> list = new ArrayList<Object>();
        for (float value : values) {
            list.add(value);
        }
        return list;
    }

    /** The scores of the same picture from several threads at once. */
    private List<Object> runTogether() throws Exception {
        final Model model = model();
        final Pixels pixels = pixels();
        List<Object> scores = new ArrayList<Object>();
        for (Future<Object> future : submit(whole("count"), new Callable<Object>() {
            @Override
            public Object call() throws Exception {
                return model.run(pixels);
            }
        })) {
            scores.add(future.get());
        }
        return scores;
    }

    /** Closes a model while others run it: each run answers or says that it is closed. */
    private List<Object> race() throws Exception {
        final Model model = model();
        final Pixels pixels = pixels();
        List<Future<Object>> futures = submit(whole("count"), new Callable<Object>() {
            @Override
            public Object call() throws Exception {
                try {
                    return model.run(pixels);
                } catch (IllegalStateException closed) {
                    return "closed";
                }
            }
        });
        model.close();
        model.close();
        List<Object> outcomes = new ArrayList<Object>();
        for (Future<Object> future : futures) {
            outcomes.add(future.get());
        }
        return outcomes;
    }

    private static List<Future<Object>> submit(int count, Callable<Object> work) {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        List<Future<Object>> futures = new ArrayList<Future<Object>>();
        for (int i = 0; i < count; i++) {
            futures.add(pool.submit(work));
        }
        pool.shutdown();
        return futures;
    }

    private String csv() {
        Ranking ranking = new Ranking();
        for (Object row : (List<?>) call.get("rows")) {
            List<?> values = (List<?>) row;
            String reason = values.size() > 2 ? (String) values.get(2) : null;
            ranking.add((String) values.get(0), ((Number) values.get(1)).doubleValue(), reason);
        }
        return ranking.csv();
    }

    @SuppressWarnings("unchecked")
    private Object report() throws Exception {
        BenchmarkRun run = new BenchmarkRun();
        run.label = text("label");
        run.artifact = "model.onnx";
        run.runtime = "onnxruntime";
        run.threads = 2;
        run.error = (String) call.get("failure");
        if (run.error == null) {
            run.contract = Contract.parse(text("contract"));
            run.sizeBytes = 1234L;
            run.golden = new Replay(true, 0.25, 0.2500001, 1e-7, 1e-4);
            run.score = 0.5;
            run.loadSeconds = 0.1;
            run.firstSeconds = 0.2;
            run.inferenceSeconds = reals("values");
            run.peakPssBytes = 5000L;
            run.sha256 = new String(new char[32]).replace("\0", "0f");
            run.unitDeclared = "nnapi";
            run.unitUsed = "cpu";
            run.unitReason = "wrong";
            run.coolDownSeconds = 30;
            run.thermalBefore = 0;
            run.thermalAfter = 1;
            run.celsiusAfter = 30.5;
            run.reloadSeconds = new double[] {0.05};
            run.accuracyScores = new double[] {0.25, 0.5};
            run.sustained.add(new Window(10, new double[] {0.2, 0.4}, 31.0, null));
            run.drain = new Drain(false, 1, 1000, 4.0, 20);
        }
        Map<String, Object> empty = new LinkedHashMap<String, Object>();
        return BenchmarkReport.json(empty, empty, run, new ArrayList<String>());
    }

    /** A case of tests/vectors/reasons.json. */
    private Map<String, Object> explanation() {
        Map<String, Float> severities = new LinkedHashMap<String, Float>();
        for (Object item : (List<?>) call.get("faults")) {
            List<?> pair = (List<?>) item;
            severities.put((String) pair.get(0), ((Number) pair.get(1)).floatValue());
        }
        Number photograph = (Number) call.get("photograph");
        Explanation explanation =
                new Explanation(severities, real("score"), photograph == null ? null : photograph.floatValue());
        Map<String, Object> answer = new LinkedHashMap<String, Object>();
        answer.put("worst_first", new ArrayList<Object>(explanation.faults.keySet()));
        answer.put("named", new ArrayList<Object>(explanation.namedFaults));
        answer.put("reason", explanation.reason);
        answer.put("advice", explanation.advice == null ? null : explanation.advice.name().toLowerCase(Locale.ROOT));
        answer.put("is_photograph", explanation.isPhotograph);
        return answer;
    }

    /** A case of tests/vectors/verdict.json. */
    private BenchmarkRun run() {
        BenchmarkRun run = new BenchmarkRun();
        run.error = (String) call.get("error");
        run.inferenceSeconds = reals("seconds");
        for (Object flag : (List<?>) call.get("flags")) {
            run.flags.add((String) flag);
        }
        double tolerance = real("tolerance");
        Object isRight = call.get("golden_ok");
        run.golden = isRight == null ? null : new Replay((Boolean) isRight, 0.5, 0.5, 0, tolerance);
        List<?> thermal = (List<?>) call.get("thermal");
        if (thermal != null && thermal.get(0) != null) {
            run.thermalBefore = ((Long) thermal.get(0)).intValue();
            run.thermalAfter = ((Long) thermal.get(1)).intValue();
        }
        run.coolDownSeconds = real("cool_down");
        List<?> unit = (List<?>) call.get("unit");
        run.unitDeclared = unit == null ? null : (String) unit.get(0);
        run.unitUsed = unit == null ? null : (String) unit.get(1);
        run.accuracyScores = call.get("scores") == null ? null : reals("scores");
        run.accuracyReference = call.get("reference") == null ? null : reals("reference");
        return run;
    }

    private static Map<String, Object> statistics(double[] values) {
        Map<String, Object> all = new LinkedHashMap<String, Object>();
        all.put("median", Statistics.median(values));
        all.put("p90", Statistics.p90(values));
        all.put("p99", Statistics.p99(values));
        all.put("min", Statistics.min(values));
        all.put("mad", Statistics.mad(values));
        return all;
    }

    private static Map<String, Object> contract(Contract contract) throws IllegalAccessException {
        return fields(contract);
    }

    /** The public fields of an object, and of those inside it. */
    private static Map<String, Object> fields(Object object) throws IllegalAccessException {
        Map<String, Object> fields = new LinkedHashMap<String, Object>();
        for (java.lang.reflect.Field field : object.getClass().getFields()) {
            if (!java.lang.reflect.Modifier.isStatic(field.getModifiers())) {
                fields.put(field.getName(), value(field.get(object)));
            }
        }
        return fields;
    }

    private static Object value(Object value) throws IllegalAccessException {
        if (value instanceof Enum) {
            return ContractReader.nameOf((Enum<?>) value);
        }
        if (value instanceof List) {
            List<Object> list = new ArrayList<Object>();
            for (Object item : (List<?>) value) {
                list.add(value(item));
            }
            return list;
        }
        boolean plain = value == null || value instanceof String || value instanceof Number || value instanceof Boolean;
        return plain ? value : fields(value);
    }

    /** Left, top, width and height; null for all of the picture. */
    private List<Object> aperture() throws Exception {
        CleanAperture part =
                CleanAperture.read(new ByteArrayInputStream(bytes("file")), whole("width"), whole("height"));
        return part == null ? null : Arrays.<Object>asList(part.left, part.top, part.width, part.height);
    }

    private static Map<String, Object> picture(Pixels pixels) {
        Map<String, Object> picture = new LinkedHashMap<String, Object>();
        picture.put("width", pixels.width);
        picture.put("height", pixels.height);
        picture.put("rgb", Base64.getEncoder().encodeToString(pixels.rgb));
        return picture;
    }

    private Model model() {
        return models.get((Long) call.get("model"));
    }

    private Pixels pixels() throws Exception {
        return new Pixels(whole("width"), whole("height"), bytes("rgb"));
    }

    /** In base64 under the key, or in a file whose path is under "KEY_path". */
    private byte[] bytes(String key) throws Exception {
        Object path = call.get(key + "_path");
        return path == null
                ? Base64.getDecoder().decode(text(key))
                : Files.readAllBytes(Paths.get((String) path));
    }

    private String text(String key) {
        return (String) call.get(key);
    }

    private int whole(String key) {
        return ((Long) call.get(key)).intValue();
    }

    private double real(String key) {
        return ((Number) call.get(key)).doubleValue();
    }

    private double[] reals(String key) {
        List<?> list = (List<?>) call.get(key);
        double[] values = new double[list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = ((Number) list.get(i)).doubleValue();
        }
        return values;
    }
}
