package ai.mobileiqa.demo;

import ai.mobileiqa.core.Contract;
import ai.mobileiqa.core.Model;
import android.content.Context;

/** The bundled model's contract, and whether this device keeps it. */
final class AboutSession extends Session {
    /** Null until the model is loaded. */
    Contract contract;

    /** onnxruntime's; null until it is loaded. */
    String runtime;

    /** Null until it was replayed. */
    GoldenCheck golden;

    private final Context context;

    AboutSession(Context context) {
        this.context = context.getApplicationContext();
        start(new Look(false), R.string.step_golden);
    }

    void replay() {
        start(new Look(true), R.string.step_golden);
    }

    private final class Look extends Work {
        private final boolean anew;
        private Contract bundled;
        private GoldenCheck check;
        private String version;

        Look(boolean anew) {
            this.anew = anew;
        }

        @Override
        protected void run() throws Exception {
            bundled = Models.bundled(context).contract();
            version = Model.runtimeVersion();
            check = anew ? null : GoldenCheck.kept(context);
            if (check == null) {
                check = GoldenCheck.replay(context);
            }
        }

        @Override
        protected void done() {
            contract = bundled;
            runtime = version;
            golden = check;
            ended(null);
        }

        @Override
        protected void failed(Throwable problem) {
            ended(problem);
        }
    }
}
