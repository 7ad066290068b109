package ai.mobileiqa.core;

/** A model that runs on the accelerator that was asked for if that gives right scores, and else on the CPU. */
public final class AcceleratedModel {
    /** Opens the same model on any accelerator. */
    public interface Opener {
        /** Opens the model. */
        Model open(Accelerator accelerator) throws ModelException;
    }

    /** The opened model. */
    public final Model model;

    /** What computes it. Parts that an accelerator cannot do stay on the CPU; see {@link Model#nodes}. */
    public final Accelerator used;

    /** Why it does not run on the accelerator that was asked for, one English sentence; null if it does. */
    public final String refusal;

    private AcceleratedModel(Model model, Accelerator used, String refusal) {
        this.model = model;
        this.used = used;
        this.refusal = refusal;
    }

    /**
     * Opens a model on an accelerator, and lets the model's golden image decide whether it may be used.
     *
     * @throws ModelException the model cannot be opened on the CPU either
     */
    public static AcceleratedModel open(Opener opener, Accelerator wish) throws ModelException {
        if (wish == Accelerator.CPU) {
            return new AcceleratedModel(opener.open(wish), wish, null);
        }
        Model model = null;
        String refusal;
        try {
            model = opener.open(wish);
            refusal = refusal(model, wish);
        } catch (ModelException error) {
            refusal = error.getMessage();
        }
        if (refusal == null) {
            return new AcceleratedModel(model, wish, null);
        }
        if (model != null) {
            model.close();
        }
        return new AcceleratedModel(opener.open(Accelerator.CPU), Accelerator.CPU, refusal);
    }

    private static String refusal(Model model, Accelerator wish) throws ModelException {
        Replay replay = Golden.replay(model);
        if (!replay.ok()) {
            return wish + " scores the golden image wrong: " + replay.measured + " instead of " + replay.expected;
        }
        return model.nodes(wish) == 0 ? wish + " can compute no part of this model" : null;
    }
}
