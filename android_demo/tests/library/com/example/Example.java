package com.example;

import ai.mobileiqa.*;
import ai.mobileiqa.core.ModelException;
import android.content.Context;
import android.graphics.Bitmap;
import android.net.Uri;
import java.io.File;

/** An app in a few lines; the recipe is README's. */
public final class Example {
    public static double score(Context context, Bitmap bitmap) throws Exception {
        //recipe
        return score;
    }

    public static String band(Context context, File model, Uri photo) {
        try (QualityScorer scorer = QualityScorer.open(context, model, ScorerOptions.DEFAULT)) {
            return scorer.assess(photo, null).band.name();
        } catch (PhotoException problem) {
            return problem.reason.name();
        } catch (ModelException problem) {
            return problem.getMessage();
        }
    }
}
