package ai.mobileiqa.demo;

import com.android.SdkConstants;
import com.android.ide.common.rendering.api.*;
import com.android.layoutlib.bridge.intensive.setup.LayoutPullParser;
import com.android.resources.ResourceType;
import com.android.util.Pair;
import java.io.File;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.util.HashMap;
import java.util.Map;
import org.kxml2.io.KXmlParser;
import org.xmlpull.v1.XmlPullParser;

/** The app's classes and the numbers of its resources. */
final class AppResources extends LayoutlibCallback {
    private final Map<Integer, Pair<ResourceType, String>> byNumber = new HashMap<>();
    private final Map<ResourceType, Map<String, Integer>> byName = new HashMap<>();
    private int next = 0x7e000001;

    AppResources() throws IllegalAccessException {
        for (ResourceType kind : ResourceType.values()) {
            for (Field field : fields(kind)) {
                if (field.getType() == int.class) {
                    String name = field.getName();
                    put(kind, kind == ResourceType.STYLE ? name.replace('_', '.') : name, field.getInt(null));
                }
            }
        }
    }

    /** Asked for by name: classes from an APK no longer know which lie in which. */
    private static Field[] fields(ResourceType kind) {
        try {
            return Class.forName(R.class.getName() + "$" + kind.getName()).getDeclaredFields();
        } catch (ClassNotFoundException none) {
            return new Field[0];
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
