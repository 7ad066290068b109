package android.app;

import ai.mobileiqa.demo.Framework;
import android.content.Context;
import android.content.res.Configuration;
import android.util.DisplayMetrics;
import android.view.BridgeInflater;
import android.view.IWindowManagerImpl;
import android.view.Surface;
import android.view.WindowManager;
import android.view.WindowManagerGlobal_Delegate;
import android.view.WindowManagerImpl;
import com.android.ide.common.rendering.api.HardwareConfig;
import com.android.ide.common.rendering.api.RenderResources;
import com.android.ide.common.rendering.api.SessionParams;
import com.android.layoutlib.bridge.Bridge;
import com.android.layoutlib.bridge.android.BridgeContext;
import com.android.layoutlib.bridge.impl.ParserFactory;
import com.android.layoutlib.bridge.impl.RenderAction;
import com.android.resources.ResourceType;
import java.lang.reflect.Field;
import java.util.Locale;
import java.util.Map;

/** Makes contexts of the app: Android's resources and the app's, as a phone's settings choose among them. */
final class Contexts {
    private static final String UPRIGHT = "1080;2160;480;day;%s;ltr";
    private static final String LAND = "2160;1080;480;day;%s;ltr";
    private static final int TARGET = 36;

    private final Framework framework;

    Contexts(Map<String, String> properties) {
        try {
            framework = new Framework(properties);
        } catch (Exception unbuilt) {
            throw new AssertionError(unbuilt);
        }
    }

    /** Returns the app's context; on any thread. */
    synchronized Context of(boolean land, Locale locale) {
        SessionParams screen;
        try {
            screen = framework.screen(String.format(land ? LAND : UPRIGHT, locale.getLanguage()), null);
        } catch (Exception unbuilt) {
            throw new AssertionError(unbuilt);
        }
        screen.getResources().setFrameworkResourceIdProvider(new Numbers());
        screen.getResources().setLogger(screen.getLog());
        ParserFactory.setParserFactory(screen.getLayoutlibCallback().getParserFactory());
        HardwareConfig device = screen.getHardwareConfig();
        BridgeContext resources = new BridgeContext("app", metrics(device), screen.getResources(), screen.getAssets(),
                screen.getLayoutlibCallback(), configuration(device, land, locale), TARGET, true);
        resources.initResources();
        resources.setBridgeInflater(new BridgeInflater(resources, screen.getLayoutlibCallback()));
        return new App(resources, land);
    }

    /** Makes themes read the resources of this context, and numbers be written in its language. */
    void show(Context context) {
        try {
            Field current = RenderAction.class.getDeclaredField("sCurrentContext");
            current.setAccessible(true);
            current.set(null, BridgeContext.getBaseContext(context));
        } catch (ReflectiveOperationException changed) {
            throw new AssertionError(changed);
        }
        Configuration configuration = context.getResources().getConfiguration();
        WindowManagerGlobal_Delegate.setWindowManagerService(new IWindowManagerImpl(
                configuration, context.getResources().getDisplayMetrics(), Surface.ROTATION_0, true));
        Locale.setDefault(configuration.locale);
    }

    private static DisplayMetrics metrics(HardwareConfig device) {
        DisplayMetrics metrics = new DisplayMetrics();
        metrics.densityDpi = device.getDensity().getDpiValue();
        metrics.noncompatDensityDpi = metrics.densityDpi;
        metrics.density = metrics.densityDpi / (float) DisplayMetrics.DENSITY_DEFAULT;
        metrics.noncompatDensity = metrics.density;
        metrics.scaledDensity = metrics.density;
        metrics.noncompatScaledDensity = metrics.density;
        metrics.widthPixels = device.getScreenWidth();
        metrics.noncompatWidthPixels = metrics.widthPixels;
        metrics.heightPixels = device.getScreenHeight();
        metrics.noncompatHeightPixels = metrics.heightPixels;
        metrics.xdpi = device.getXdpi();
        metrics.ydpi = device.getYdpi();
        return metrics;
    }

    private static Configuration configuration(HardwareConfig device, boolean land, Locale locale) {
        Configuration configuration = new Configuration();
        configuration.setLocale(locale);
        configuration.fontScale = 1;
        configuration.orientation = land ? Configuration.ORIENTATION_LANDSCAPE : Configuration.ORIENTATION_PORTRAIT;
        configuration.densityDpi = device.getDensity().getDpiValue();
        return configuration;
    }

    /** The app, as one setting of the phone shows it. */
    private final class App extends PhoneContext {
        private final boolean land;

        App(Context resources, boolean land) {
            super(resources);
            this.land = land;
        }

        @Override
        public Context createConfigurationContext(Configuration configuration) {
            return of(land, configuration.locale);
        }

        @Override
        public Object getSystemService(String name) {
            Object service = super.getSystemService(name);
            // layoutlib's cannot hold an activity's window.
            return name.equals(WINDOW_SERVICE)
                    ? new WindowManagerImpl(((WindowManager) service).getDefaultDisplay())
                    : service;
        }
    }

    /** The numbers of Android's own resources. */
    private static final class Numbers extends RenderResources.FrameworkResourceIdProvider {
        @Override
        public Integer getId(ResourceType kind, String name) {
            return Bridge.getResourceId(kind, name);
        }
    }
}
