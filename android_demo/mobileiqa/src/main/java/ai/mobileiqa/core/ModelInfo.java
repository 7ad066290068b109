package ai.mobileiqa.core;

/** Which model an artifact was made from. */
public final class ModelInfo {
    /** As {@code mobileiqa models} lists it. */
    public final String name;

    /** As {@code mobileiqa models} lists it. */
    public final String version;

    /** The network's architecture, in words. */
    public final String family;

    /** An SPDX identifier, or {@code unknown}. */
    public final String license;

    /** Hex digest of the checkpoint file. */
    public final String checkpointSha256;

    ModelInfo(ContractReader in) throws ContractException {
        name = in.text("name");
        version = in.text("version");
        family = in.text("family");
        license = in.text("license");
        checkpointSha256 = in.text("checkpoint_sha256");
        in.end();
    }

    /** Returns name and version as one text. */
    @Override
    public String toString() {
        return name + " " + version;
    }
}
