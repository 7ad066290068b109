package ai.mobileiqa.core;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.fail;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.Test;

public class JsonTest {
    @Test
    public void everyKindOfValue() throws JsonException {
        Map<String, Object> wanted = new LinkedHashMap<String, Object>();
        wanted.put("list", Arrays.<Object>asList(1L, -2.5, true, false, null));
        wanted.put("text", "a\"\\/\b\f\n\r\t\u00e9\ud83d\ude00");
        wanted.put("empty", new LinkedHashMap<String, Object>());
        String text = " {\"list\":[1,-2.5,true,false,null],"
                + "\"text\":\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\",\"empty\":{}}\n";
        assertEquals(wanted, Json.parse(text));
        assertEquals(wanted, Json.parse(Json.write(wanted)));
    }

    @Test
    public void whatIsWrittenIsOneLineOfAscii() throws JsonException {
        assertEquals("[\"\\u000a\\u00fc\", 1, 0.5]", Json.write(Arrays.<Object>asList("\n\u00fc", 1, 0.5f)));
    }

    @Test
    public void whatCannotBeWritten() {
        List<Object> circle = new ArrayList<Object>();
        circle.add(circle);
        Object[] values = {
            Double.NaN, Float.POSITIVE_INFINITY, new Object(), Collections.singletonMap(1, 2), circle
        };
        for (int i = 0; i < values.length; i++) {
            try {
                Json.write(values[i]);
                fail("value " + i);
            } catch (JsonException expected) {
                // as it should be
            }
        }
    }

    @Test
    public void anErrorSaysWhere() {
        try {
            Json.parse("{\"a\": [1, x]}");
            fail();
        } catch (JsonException error) {
            assertEquals("unexpected U+0078 at character 10", error.getMessage());
        }
    }
}
