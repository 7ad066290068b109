package ai.mobileiqa.demo;

import ai.mobileiqa.core.ModelException;
import android.content.Context;

/** Why a photo cannot be scored: a sentence for people, in their language. */
final class PhotoProblem extends Exception {
    private static final long serialVersionUID = 1;

    private final int sentence;
    private final transient Object[] values;

    /** @param sentence a string resource that takes the values */
    PhotoProblem(int sentence, Object... values) {
        super("photo problem " + sentence);
        this.sentence = sentence;
        this.values = values;
    }

    /** The sentence for whatever was thrown; null for null. */
    static String say(Context context, Throwable problem) {
        if (problem == null) {
            return null;
        }
        if (problem instanceof PhotoProblem) {
            PhotoProblem photo = (PhotoProblem) problem;
            return context.getString(photo.sentence, photo.values);
        }
        if (problem instanceof OutOfMemoryError) {
            return context.getString(R.string.problem_memory);
        }
        if (problem instanceof LinkageError) {
            return context.getString(R.string.problem_native, String.valueOf(problem.getMessage()));
        }
        if (problem instanceof ModelException) {
            return context.getString(R.string.problem_model, problem.getMessage());
        }
        String reason = problem.getMessage() == null ? problem.getClass().getSimpleName() : problem.getMessage();
        return context.getString(R.string.problem_other, reason);
    }
}
