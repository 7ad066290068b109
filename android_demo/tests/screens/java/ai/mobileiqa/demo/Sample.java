package ai.mobileiqa.demo;

import ai.mobileiqa.core.Explanation;
import android.content.Context;
import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A picture in the folder of the property {@code samples}, and what the bundled model says of it. */
final class Sample {
    final String name;
    final double score;
    final Explanation explanation;

    /** Takes a line of answers.txt: {@code name;score;photograph;fault=severity;...}. */
    private Sample(String line) {
        String[] cells = line.split(";");
        name = cells[0];
        score = Double.parseDouble(cells[1]);
        Map<String, Float> severities = new LinkedHashMap<String, Float>();
        for (int i = 3; i < cells.length; i++) {
            String[] pair = cells[i].split("=");
            severities.put(pair[0], Float.parseFloat(pair[1]));
        }
        explanation = new Explanation(severities, score, Float.parseFloat(cells[2]));
    }

    /** Returns all, in the order of their file. */
    static List<Sample> all() {
        List<Sample> samples = new ArrayList<Sample>();
        try {
            for (String line : Files.readAllLines(file("answers.txt").toPath(), StandardCharsets.UTF_8)) {
                samples.add(new Sample(line));
            }
        } catch (IOException missing) {
            throw new AssertionError(missing);
        }
        return samples;
    }

    static Sample of(String name) {
        for (Sample sample : all()) {
            if (sample.name.equals(name)) {
                return sample;
            }
        }
        throw new AssertionError(name);
    }

    /** Returns a sentence in the language of the context; null if there is nothing to say. */
    String reason(Context context) {
        return Reasons.reason(context, explanation.isPhotograph, explanation.namedFaults);
    }

    Bitmap bitmap() {
        try (InputStream in = new FileInputStream(file(name + ".png"))) {
            return BitmapFactory.decodeStream(in);
        } catch (IOException missing) {
            throw new AssertionError(missing);
        }
    }

    private static File file(String name) {
        return new File(System.getProperty("samples"), name);
    }
}
