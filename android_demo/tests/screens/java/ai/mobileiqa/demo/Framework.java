package ai.mobileiqa.demo;

import com.android.ide.common.rendering.api.*;
import com.android.ide.common.resources.*;
import com.android.ide.common.resources.configuration.*;
import com.android.io.FolderWrapper;
import com.android.layoutlib.bridge.Bridge;
import com.android.layoutlib.bridge.intensive.setup.*;
import com.android.resources.*;
import com.android.utils.NullLogger;
import java.io.File;
import java.util.HashMap;
import java.util.Map;

/**
 * Android 6's own code and resources on a JVM, as {@code screens.sh} has built them, and the app's resources. There is
 * one in a process. The system properties {@code platform} and {@code res} name their folders.
 */
public final class Framework {
    private static final int API = 23;

    final Bridge bridge = new Bridge();
    private final FrameworkResources framework;
    private final ResourceRepository app;

    /**
     * Starts Android.
     *
     * @param properties what this phone says of itself, in addition to build.prop
     */
    public Framework(Map<String, String> properties) throws Exception {
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
        Map<String, String> all = new HashMap<>(ConfigGenerator.loadProperties(new File(platform, "build.prop")));
        all.putAll(properties);
        bridge.init(
                all,
                new File(platform, "data/fonts"),
                ConfigGenerator.getEnumMap(new File(res, "values/attrs.xml")),
                new Strict());
    }

    /** A phone and what its owner has set: {@code width;height;dpi;day or night;language;ltr or rtl}. */
    public SessionParams screen(String settings, ILayoutPullParser layout) throws Exception {
        String[] cells = settings.split(";");
        int width = Integer.parseInt(cells[0]);
        int height = Integer.parseInt(cells[1]);
        Density density = Density.getEnum(Integer.parseInt(cells[2]));
        boolean isTablet = Math.min(width, height) * 160 / density.getDpiValue() >= 600;
        ConfigGenerator device = new ConfigGenerator()
                .setScreenWidth(width).setScreenHeight(height)
                .setXdpi(density.getDpiValue()).setYdpi(density.getDpiValue()).setDensity(density)
                .setOrientation(width > height ? ScreenOrientation.LANDSCAPE : ScreenOrientation.PORTRAIT)
                .setSize(isTablet ? ScreenSize.XLARGE : ScreenSize.NORMAL)
                .setSoftButtons(true).setNavigation(Navigation.NONAV);
        FolderConfiguration folders = device.getFolderConfig();
        folders.setVersionQualifier(new VersionQualifier(API));
        if (cells[3].equals("night")) {
            folders.setNightModeQualifier(new NightModeQualifier(NightMode.NIGHT));
        }
        folders.setLocaleQualifier(new LocaleQualifier(cells[4]));
        folders.setLayoutDirectionQualifier(
                new LayoutDirectionQualifier(cells[5].equals("rtl") ? LayoutDirection.RTL : LayoutDirection.LTR));
        ResourceResolver resolver = ResourceResolver.create(
                app.getConfiguredResources(folders), framework.getConfiguredResources(folders), "App", true);
        SessionParams params = new SessionParams(layout, SessionParams.RenderingMode.NORMAL, "app",
                device.getHardwareConfig(), resolver, new AppResources(), API, API, new Strict());
        params.setLocale(cells[4]);
        params.setRtlSupport(true);
        return params;
    }

    /** Warnings of layoutlib itself are of no use here; errors end the test. */
    private static final class Strict extends LayoutLog {
        @Override
        public void error(String tag, String message, Object data) {
            throw new AssertionError(tag + ": " + message);
        }

        @Override
        public void error(String tag, String message, Throwable cause, Object data) {
            throw new AssertionError(tag + ": " + message, cause);
        }
    }
}
