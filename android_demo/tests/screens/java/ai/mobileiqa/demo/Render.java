package ai.mobileiqa.demo;

import com.android.SdkConstants;
import com.android.ide.common.rendering.api.*;
import com.android.ide.common.resources.*;
import com.android.ide.common.resources.configuration.*;
import com.android.io.FolderWrapper;
import com.android.layoutlib.bridge.Bridge;
import com.android.layoutlib.bridge.intensive.setup.*;
import com.android.resources.*;
import com.android.util.Pair;
import com.android.utils.NullLogger;
import java.io.*;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;
import javax.imageio.ImageIO;
import org.kxml2.io.KXmlParser;
import org.xmlpull.v1.XmlPullParser;

/**
 * Draws screens with Android's own layout code: {@code Render SCREENS OUT}. Writes OUT/NAME.png for each line
 * {@code name;screen;width;height;dpi;day or night;language;ltr or rtl;font scale} of the file SCREENS, and prints the
 * name, followed by an indented line for each fault that {@link Audit} sees.
 */
public final class Render {
    private static final int API = 23;
    private static final String ROOT = "<" + ScreenView.class.getName()
            + " xmlns:android=\"http://schemas.android.com/apk/res/android\" android:layout_width=\"match_parent\""
            + " android:layout_height=\"match_parent\"/>";

    private final FrameworkResources framework;
    private final ResourceRepository app;
    private final Bridge bridge = new Bridge();
    private final File out;

    private Render(File out) throws Exception {
        this.out = out;
        File platform = new File(System.getProperty("platform"));
        File res = new File(platform, "data/res");
        framework = new FrameworkResources(new FolderWrapper(res));
        framework.loadResources();
        framework.loadPublicResources(new NullLogger());
        app = new ResourceRepository(new FolderWrapper(System.getProperty("res")), false) {
            @Override
            protected ResourceItem createResourceItem(String name) {
                return new ResourceItem(name);
            }
        };
        app.loadResources();
        bridge.init(
                ConfigGenerator.loadProperties(new File(platform, "build.prop")),
                new File(platform, "data/fonts"),
                ConfigGenerator.getEnumMap(new File(res, "values/attrs.xml")),
                new Log());
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
        int width = Integer.parseInt(spec[2]);
        int height = Integer.parseInt(spec[3]);
        Density density = Density.getEnum(Integer.parseInt(spec[4]));
        boolean isTablet = Math.min(width, height) * 160 / density.getDpiValue() >= 600;
        ConfigGenerator device = new ConfigGenerator()
                .setScreenWidth(width).setScreenHeight(height)
                .setXdpi(density.getDpiValue()).setYdpi(density.getDpiValue()).setDensity(density)
                .setOrientation(width > height ? ScreenOrientation.LANDSCAPE : ScreenOrientation.PORTRAIT)
                .setSize(isTablet ? ScreenSize.XLARGE : ScreenSize.NORMAL)
                .setSoftButtons(true).setNavigation(Navigation.NONAV);
        FolderConfiguration folders = device.getFolderConfig();
        folders.setVersionQualifier(new VersionQualifier(API));
        if (spec[5].equals("night")) {
            folders.setNightModeQualifier(new NightModeQualifier(NightMode.NIGHT));
        }
        folders.setLocaleQualifier(new LocaleQualifier(spec[6]));
        folders.setLayoutDirectionQualifier(
                new LayoutDirectionQualifier(spec[7].equals("rtl") ? LayoutDirection.RTL : LayoutDirection.LTR));
        ScreenView.screen = spec[1];
        ScreenView.fontScale = Float.parseFloat(spec[8]);
        ResourceResolver resolver = ResourceResolver.create(
                app.getConfiguredResources(folders), framework.getConfiguredResources(folders), "App", true);
        File layout = File.createTempFile("screen", ".xml");
        Files.write(layout.toPath(), ROOT.getBytes(StandardCharsets.UTF_8));
        SessionParams params = new SessionParams(new LayoutPullParser(layout), SessionParams.RenderingMode.NORMAL, "app",
                device.getHardwareConfig(), resolver, new App(), API, API, new Log());
        params.setLocale(spec[6]);
        params.setRtlSupport(true);
        System.out.println(spec[0]);
        RenderSession session = bridge.createSession(params);
        try {
            check(session.getResult());
            check(session.render(50000));
            ImageIO.write(session.getImage(), "png", new File(out, spec[0] + ".png"));
            new Audit(session.getImage(), density.getDpiValue() / 160f).look(ScreenView.last);
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

    /** Warnings of layoutlib itself are of no use here; errors end the rendering. */
    private static final class Log extends LayoutLog {
        @Override
        public void error(String tag, String message, Object data) {
            throw new AssertionError(tag + ": " + message);
        }

        @Override
        public void error(String tag, String message, Throwable cause, Object data) {
            throw new AssertionError(tag + ": " + message, cause);
        }
    }

    /** The app's classes and the numbers of its resources. */
    private static final class App extends LayoutlibCallback {
        private final Map<Integer, Pair<ResourceType, String>> byNumber = new HashMap<>();
        private final Map<ResourceType, Map<String, Integer>> byName = new HashMap<>();
        private int next = 0x7e000001;

        App() throws IllegalAccessException {
            for (Class<?> type : R.class.getDeclaredClasses()) {
                ResourceType kind = ResourceType.getEnum(type.getSimpleName());
                for (Field field : type.getDeclaredFields()) {
                    if (kind != null && field.getType() == int.class) {
                        String name = field.getName();
                        put(kind, kind == ResourceType.STYLE ? name.replace('_', '.') : name, field.getInt(null));
                    }
                }
            }
        }

        private void put(ResourceType kind, String name, int number) {
            byName.computeIfAbsent(kind, ignored -> new HashMap<>()).put(name, number);
            byNumber.put(number, Pair.of(kind, name));
        }

        @Override
        public Object loadView(String name, Class[] signature, Object[] arguments) throws Exception {
            Constructor<?> constructor = Class.forName(name).getConstructor(signature);
            constructor.setAccessible(true);
            return constructor.newInstance(arguments);
        }

        @Override
        public String getNamespace() {
            return String.format(SdkConstants.NS_CUSTOM_RESOURCES_S, "ai.mobileiqa.demo");
        }

        @Override
        public Pair<ResourceType, String> resolveResourceId(int number) {
            return byNumber.get(number);
        }

        @Override
        public String resolveResourceId(int[] numbers) {
            return null;
        }

        @Override
        public Integer getResourceId(ResourceType kind, String name) {
            Map<String, Integer> names = byName.get(kind);
            if (names == null || !names.containsKey(name)) {
                put(kind, name, next++);
            }
            return byName.get(kind).get(name);
        }

        @Override
        public ILayoutPullParser getParser(String name) {
            return null;
        }

        @Override
        public ILayoutPullParser getParser(ResourceValue value) {
            return new LayoutPullParser(new File(value.getValue()));
        }

        @Override
        public Object getAdapterItemValue(ResourceReference view, Object cookie, ResourceReference item, int full,
                int type, int parentFull, int parentType, ResourceReference ref, ViewAttribute attribute, Object value) {
            return null;
        }

        @Override
        public AdapterBinding getAdapterBinding(ResourceReference view, Object cookie, Object value) {
            return null;
        }

        @Override
        public ActionBarCallback getActionBarCallback() {
            return new ActionBarCallback();
        }

        @Override
        public boolean supports(int feature) {
            return false;
        }

        @Override
        public ParserFactory getParserFactory() {
            return new ParserFactory() {
                @Override
                public XmlPullParser createParser(String name) {
                    return new KXmlParser();
                }
            };
        }
    }
}
