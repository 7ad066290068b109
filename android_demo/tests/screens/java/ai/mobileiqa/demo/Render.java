package ai.mobileiqa.demo;

import com.android.ide.common.rendering.api.RenderSession;
import com.android.ide.common.rendering.api.Result;
import com.android.layoutlib.bridge.intensive.setup.LayoutPullParser;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Collections;
import javax.imageio.ImageIO;

/**
 * Draws screens with Android's own layout code: {@code Render SCREENS OUT}. Writes OUT/NAME.png for each line
 * {@code name;screen;width;height;dpi;day or night;language;ltr or rtl;font scale} of the file SCREENS, and prints the
 * name, followed by an indented line for each fault that {@link Audit} sees.
 */
public final class Render {
    private static final int SETTINGS = 6;
    private static final float DPI_OF_A_DP = 160;
    private static final long TIMEOUT_MILLISECONDS = 50000;
    private static final String ROOT = "<" + ScreenView.class.getName()
            + " xmlns:android=\"http://schemas.android.com/apk/res/android\" android:layout_width=\"match_parent\""
            + " android:layout_height=\"match_parent\"/>";

    private final Framework framework = new Framework(Collections.emptyMap());
    private final File out;

    private Render(File out) throws Exception {
        this.out = out;
    }

    public static void main(String[] arguments) throws Exception {
        Render render = new Render(new File(arguments[1]));
        for (String line : Files.readAllLines(new File(arguments[0]).toPath(), StandardCharsets.UTF_8)) {
            if (!line.isEmpty() && !line.startsWith("#")) {
                render.screen(line.split(";"));
            }
        }
    }

    private void screen(String[] spec) throws Exception {
        ScreenView.screen = spec[1];
        ScreenView.fontScale = Float.parseFloat(spec[2 + SETTINGS]);
        String settings = String.join(";", Arrays.copyOfRange(spec, 2, 2 + SETTINGS));
        File layout = File.createTempFile("screen", ".xml");
        Files.write(layout.toPath(), ROOT.getBytes(StandardCharsets.UTF_8));
        System.out.println(spec[0]);
        RenderSession session = framework.bridge.createSession(framework.screen(settings, new LayoutPullParser(layout)));
        try {
            check(session.getResult());
            check(session.render(TIMEOUT_MILLISECONDS));
            ImageIO.write(session.getImage(), "png", new File(out, spec[0] + ".png"));
            new Audit(session.getImage(), Integer.parseInt(spec[4]) / DPI_OF_A_DP).look(ScreenView.last);
        } finally {
            session.dispose();
            layout.delete();
        }
    }

    private static void check(Result result) {
        if (!result.isSuccess()) {
            throw new AssertionError(result.getErrorMessage(), result.getException());
        }
    }
}
