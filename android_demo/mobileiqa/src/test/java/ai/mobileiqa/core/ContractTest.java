package ai.mobileiqa.core;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import org.junit.Test;

public class ContractTest {
    static final String CONTRACT = ("{'schema': 2,"
            + "'model': {'name': 'm', 'version': '1', 'family': 'f', 'licence': 'MIT', 'checkpoint_sha256': '00'},"
            + "'input': {'height': 512, 'width': 384, 'layout': 'NHWC', 'channels': 'RGB', 'dtype': 'uint8',"
            + " 'resample': 'pillow-bicubic', 'decode': 'jpeg-reduced'},"
            + "'output': {'minimum': 0.0, 'maximum': 1, 'higher_is_better': true, 'opinions': 1},"
            + "'precision': {'weights': 'fp32', 'compute': 'fp32'},"
            + "'golden': {'formula': 'triangles-1', 'height': 600, 'width': 800, 'score': 0.5,"
            + " 'tolerance': 1e-4, 'input_sha256': '"
            + new String(new char[64]).replace('\0', 'a')
            + "'}}").replace('\'', '"');

    @Test
    public void allOfIt() throws ContractException {
        Contract contract = Contract.parse(CONTRACT);
        assertEquals("m", contract.model.name);
        assertEquals(512, contract.input.height);
        assertEquals(384, contract.input.width);
        assertEquals(Decode.JPEG_REDUCED, contract.input.decode);
        assertEquals(1, contract.opinions().size);
        assertEquals(1e-4, contract.golden.tolerance, 0);
    }

    @Test
    public void howMuchSmallerAJpegIsDecoded() throws ContractException {
        Contract contract = Contract.parse(CONTRACT);
        // 1.4 * 384 = 537.6, 1.4 * 512 = 716.8
        assertEquals(1, contract.input.reduction(100, 100, null));
        assertEquals(1, contract.input.reduction(2 * 717, 2 * 538 - 1, null));
        assertEquals(2, contract.input.reduction(2 * 717, 2 * 538, null));
        assertEquals(4, contract.input.reduction(8 * 717, 4 * 538 + 3, null));
        assertEquals(8, contract.input.reduction(64 * 717, 64 * 538, null));
        assertEquals(1, Contract.parse(CONTRACT.replace("jpeg-reduced", "full")).input.reduction(90000, 90000, null));
    }

    @Test
    public void anErrorNamesTheKey() {
        refused(CONTRACT.replace("\"decode\"", "\"decoder\""), "input.decode is missing");
        refused(CONTRACT.replace("jpeg-reduced", "jpeg-tiny"), "input.decode is jpeg-tiny");
        refused(CONTRACT.replace("\"opinions\": 1", "\"opinions\": 0"), "size is 0");
        refused(CONTRACT.replace("\"schema\": 2", "\"schema\": 4"), "schema 4");
        refused(CONTRACT.substring(1), "not JSON");
    }

    private static void refused(String text, String message) {
        try {
            Contract.parse(text);
            fail(message);
        } catch (ContractException error) {
            assertTrue(error.getMessage(), error.getMessage().contains(message));
        }
    }
}
