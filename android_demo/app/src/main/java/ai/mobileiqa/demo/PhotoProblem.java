package ai.mobileiqa.demo;

import ai.mobileiqa.PhotoException;
import ai.mobileiqa.core.Contract;
import ai.mobileiqa.core.ContractException;
import ai.mobileiqa.core.ModelException;
import ai.mobileiqa.core.OpinionsInvalidException;
import ai.mobileiqa.core.Text;
import ai.mobileiqa.core.UnsupportedContractException;
import android.content.Context;

/** What went wrong: a sentence in the user's language. */
final class PhotoProblem extends Exception {
    private static final long serialVersionUID = 1;

    /** Characters of a reason in a sentence, at most. */
    private static final int MAX_REASON = 300;

    private final int sentence;
    private final transient Object[] values;

    /** @param sentence a string resource that takes the values */
    PhotoProblem(int sentence, Object... values) {
        super("photo problem " + sentence);
        this.sentence = sentence;
        this.values = values;
    }

    /** Returns the sentence for whatever was thrown, one printable text; null for null. */
    static String say(Context context, Throwable problem) {
        if (problem == null) {
            return null;
        }
        if (problem instanceof PhotoProblem) {
            PhotoProblem photo = (PhotoProblem) problem;
            return context.getString(photo.sentence, photo.values);
        }
        if (problem instanceof PhotoException) {
            return sentence(context, (PhotoException) problem);
        }
        if (problem instanceof OutOfMemoryError) {
            return context.getString(R.string.problem_memory);
        }
        if (problem instanceof LinkageError) {
            return context.getString(R.string.problem_native, reason(problem));
        }
        if (problem instanceof ModelException) {
            return context.getString(sentenceFor((ModelException) problem), reason(problem));
        }
        return context.getString(R.string.problem_other, reason(problem));
    }

    /** Returns a short printable line: the exception's message, or else its class. */
    static String reason(Throwable problem) {
        String message = problem.getMessage();
        return Text.oneLine(message == null ? problem.getClass().getSimpleName() : message, MAX_REASON);
    }

    private static String sentence(Context context, PhotoException problem) {
        switch (problem.reason) {
            case GONE:
                return context.getString(R.string.problem_gone);
            case NOT_A_PICTURE:
                return context.getString(R.string.problem_no_picture);
            case DAMAGED:
                return context.getString(R.string.problem_broken);
            case TOO_SMALL:
                return context.getString(
                        R.string.problem_small, problem.width, problem.height, Contract.MIN_PHOTO_SIDE);
            case TOO_LARGE:
                return context.getString(R.string.problem_large, problem.width, problem.height);
            case FILE_TOO_LARGE:
                return context.getString(R.string.problem_file_large, problem.limitBytes >> 20);
            case OUT_OF_MEMORY:
                return context.getString(R.string.problem_memory);
            default:
                return context.getString(R.string.problem_unreadable, reason(problem.getCause()));
        }
    }

    private static int sentenceFor(ModelException problem) {
        if (problem instanceof UnsupportedContractException) {
            return R.string.problem_model_newer;
        }
        if (problem instanceof ContractException) {
            return R.string.problem_model_contract;
        }
        return problem instanceof OpinionsInvalidException ? R.string.problem_model_answer : R.string.problem_model;
    }
}
