package com.example

import ai.mobileiqa.*
import ai.mobileiqa.core.ModelException
import android.content.Context
import android.graphics.Bitmap
import java.io.File

/** The same app in Kotlin. That it compiles says that what is never null is known to be so. */
object KotlinExample {
    @JvmStatic
    fun score(context: Context, bitmap: Bitmap): Double {
        val scorer: QualityScorer = QualityScorer.open(context, ScorerOptions.DEFAULT.threads(1).resolution(null))
        return scorer.use {
            check(it.assess(bitmap).faults.values.all { severity -> severity in 0.0..1.0 })
            it.score(bitmap)
        }
    }

    @JvmStatic
    fun open(context: Context, model: File): String = try {
        QualityScorer.open(context, model, ScorerOptions.DEFAULT).use { it.contract().model.name }
    } catch (problem: ModelException) {
        problem.message ?: ""
    }
}
