package android.content.res;

import android.util.DisplayMetrics;
import java.io.File;
import java.lang.reflect.Field;
import java.util.HashMap;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The app's own resources, read from their sources under the system property {@code res}. */
public class Resources {
    private static final String R = "ai.mobileiqa.demo.R$"; // by name: the library's tests have no app
    private static final Map<String, Element> FILES = new HashMap<>();
    private final Configuration configuration;

    public Resources(Configuration configuration) {
        this.configuration = configuration;
    }

    public Configuration getConfiguration() {
        return configuration;
    }

    /** The app has one: whether its navigation stands at the side. */
    public boolean getBoolean(int id) {
        return configuration.land;
    }

    public DisplayMetrics getDisplayMetrics() {
        return new DisplayMetrics();
    }

    /** The number of {@code @type/name}. */
    public int identifier(String reference) {
        String[] parts = reference.substring(1).split("/");
        try {
            return Class.forName(R + parts[0]).getField(parts[1]).getInt(null);
        } catch (ReflectiveOperationException missing) {
            throw new AssertionError(reference, missing);
        }
    }

    public Element layout(int id) {
        String name = name("layout", id);
        File land = new File(System.getProperty("res"), "layout-land/" + name + ".xml");
        return configuration.land && land.exists() ? parse(land) : parse("layout/" + name + ".xml");
    }

    public String text(int id) {
        String name = name("string", id);
        String text = text("values-" + configuration.locale.getLanguage() + "/strings.xml", name);
        return text == null ? text("values/strings.xml", name) : text;
    }

    private String text(String file, String name) {
        if (!new File(System.getProperty("res"), file).exists()) {
            return null;
        }
        NodeList strings = parse(file).getElementsByTagName("string");
        for (int i = 0; i < strings.getLength(); i++) {
            Element string = (Element) strings.item(i);
            if (string.getAttribute("name").equals(name)) {
                return string.getTextContent().replace("\\n", "\n").replace("\\'", "'");
            }
        }
        return null;
    }

    private static String name(String type, int id) {
        try {
            for (Field field : Class.forName(R + type).getFields()) {
                if (field.getInt(null) == id) {
                    return field.getName();
                }
            }
        } catch (ReflectiveOperationException impossible) {
            throw new AssertionError(impossible);
        }
        throw new AssertionError("no " + type + " " + id);
    }

    private static Element parse(String file) {
        return parse(new File(System.getProperty("res"), file));
    }

    private static synchronized Element parse(File file) {
        Element known = FILES.get(file.getPath());
        if (known == null) {
            try {
                DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
                factory.setNamespaceAware(true);
                known = factory.newDocumentBuilder().parse(file).getDocumentElement();
            } catch (Exception broken) {
                throw new AssertionError(file.getPath(), broken);
            }
            FILES.put(file.getPath(), known);
        }
        return known;
    }
}
