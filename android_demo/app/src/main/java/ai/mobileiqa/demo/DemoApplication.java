package ai.mobileiqa.demo;

import ai.mobileiqa.Provided;
import android.app.Application;

/** Tidies up at the start, and gives the models' memory back when the system needs it more. */
public final class DemoApplication extends Application {
    @Override
    public void onCreate() {
        super.onCreate();
        new Work() {
            @Override
            protected void run() {
                Provided.deleteLeftovers(DemoApplication.this);
            }

            @Override
            protected void done() {}

            @Override
            protected void failed(Throwable problem) {}
        }.start();
    }

    @Override
    public void onTrimMemory(int level) {
        super.onTrimMemory(level);
        if (level >= TRIM_MEMORY_BACKGROUND) {
            forgetModels();
        }
    }

    @Override
    public void onLowMemory() {
        super.onLowMemory();
        forgetModels();
    }

    private static void forgetModels() {
        new Work() {
            @Override
            protected void run() {
                Models.forget();
            }

            @Override
            protected void done() {}

            @Override
            protected void failed(Throwable problem) {}
        }.start();
    }
}
