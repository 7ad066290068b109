package ai.mobileiqa.core;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.fail;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.Test;

/** Statistics, bands, rankings and reports. */
public class FiguresTest {
    private static final double[] VALUES = {4, 1, 3, 2, 10};

    @Test
    public void statistics() {
        assertEquals(3, Statistics.median(VALUES), 0);
        assertEquals(2.5, Statistics.median(new double[] {4, 1, 3, 2}), 0);
        assertEquals(7.6, Statistics.p90(VALUES), 1e-12);
        assertEquals(1, Statistics.min(VALUES), 0);
        assertEquals(1, Statistics.mad(VALUES), 0);
        assertEquals(4, VALUES[0], 0);
    }

    @Test
    public void bands() {
        assertEquals(Band.BAD, Band.of(0));
        assertEquals(Band.POOR, Band.of(0.2));
        assertEquals(Band.EXCELLENT, Band.of(1));
        for (double none : new double[] {-0.01, 1.01, Double.NaN}) {
            try {
                Band.of(none);
                fail();
            } catch (IllegalArgumentException expected) {
                // as it should be
            }
        }
    }

    @Test
    public void theBestPhotoIsFirstAndEqualsKeepTheirOrder() {
        Ranking ranking = new Ranking();
        ranking.add("b", 0.25, null);
        ranking.add("a", 0.25, null);
        ranking.add("@sum, \"x\"", 0.9f, null);
        StringBuilder order = new StringBuilder();
        for (Ranking.Row row : ranking.rows()) {
            order.append(row.name).append(' ');
        }
        assertEquals("@sum, \"x\" b a ", order.toString());
        assertEquals(
                "1,\"'@sum, \"\"x\"\"\"," + (double) 0.9f + ",excellent", ranking.csv().split("\r\n")[1]);
    }

    private static Map<?, ?> result(BenchmarkRun run) throws JsonException {
        String json = BenchmarkReport.json(
                Collections.singletonMap("device", "a phone"), Collections.singletonMap("runs", 3), run,
                Collections.<String>emptyList());
        Map<?, ?> report = (Map<?, ?>) Json.parse(json);
        assertEquals("mobileiqa-benchmark", report.get("kind"));
        return (Map<?, ?>) ((List<?>) report.get("results")).get(0);
    }

    @Test
    public void aReport() throws JsonException, ContractException {
        BenchmarkRun run = new BenchmarkRun();
        run.contract = Contract.parse(ContractTest.CONTRACT);
        run.loadSeconds = 1.0;
        run.firstSeconds = 2.0;
        run.inferenceSeconds = VALUES;
        Map<?, ?> result = result(run);
        assertEquals("m", result.get("model"));
        Map<?, ?> seconds = (Map<?, ?>) result.get("seconds");
        assertEquals(3.0, ((Map<?, ?>) seconds.get("inference")).get("median"));
        assertEquals(new ArrayList<Object>(java.util.Arrays.<Object>asList(4.0, 1.0, 3.0, 2.0, 10.0)),
                ((Map<?, ?>) seconds.get("inference")).get("values"));
        assertNull(seconds.get("decode"));
    }

    @Test
    public void aFailureIsAReportToo() throws JsonException {
        BenchmarkRun run = new BenchmarkRun();
        run.error = "no such file";
        assertEquals("no such file", result(run).get("error"));
        assertNull(result(run).get("seconds"));
        assertEquals("", result(run).get("label"));
    }

    @Test(expected = IllegalArgumentException.class)
    public void noFiguresAndNoErrorIsAMistake() throws JsonException {
        result(new BenchmarkRun());
    }
}
