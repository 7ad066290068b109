package ai.mobileiqa.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A test that the artifact carries: image, resized bytes, answers. */
public final class GoldenSpec {
    /** Rows of the image before resizing. */
    public final int height;

    /** Columns of the image before resizing. */
    public final int width;

    /** In (0, 1): the largest allowed distance of any value from the reference's. */
    public final double tolerance;

    /** One for {@link Fit#STRETCH}; one for each setting, in their order, for {@link Fit#KEEP_ASPECT}. */
    public final List<Case> cases;

    /** What the reference network answers for the golden image. */
    public static final class Case {
        /** Lower-case hex digest of the resized RGB bytes. */
        public final String inputSha256;

        /** In [0, 1]: the mean of the opinions. */
        public final double score;

        /** In [0, 1]: a severity for each label; empty without the output {@code faults}. */
        public final List<Double> faults;

        /** In [0, 1]: the value of the output {@code photo}; null without one. */
        public final Double photo;

        /** Name of the setting; empty for {@link Fit#STRETCH}. */
        public final String setting;

        Case(ContractReader in) throws ContractException {
            inputSha256 = in.digest("input_sha256");
            score = in.unit("score");
            faults = in.units("faults");
            photo = in.unitOrNull("photo");
            setting = in.text("setting");
            in.end();
        }
    }

    GoldenSpec(ContractReader in) throws ContractException {
        height = in.whole("height", Contract.MIN_PHOTO_SIDE, Contract.MAX_SIDE);
        width = in.whole("width", Contract.MIN_PHOTO_SIDE, Contract.MAX_SIDE);
        tolerance = in.real("tolerance");
        if (!(tolerance > 0 && tolerance < 1)) {
            throw in.wrong("tolerance", tolerance, "above 0 and below 1");
        }
        in.rule("formula", Golden.FORMULA);
        List<Case> answers = new ArrayList<Case>();
        for (ContractReader answer : in.sections("cases")) {
            answers.add(new Case(answer));
        }
        if (answers.isEmpty()) {
            throw in.wrong("cases", answers, "a list of one case or more");
        }
        cases = Collections.unmodifiableList(answers);
        in.end();
    }

    void check(InputSpec input, OutputSpec faults, OutputSpec photo) throws ContractException {
        List<String> settings = new ArrayList<String>();
        for (Setting setting : input.settings) {
            settings.add(setting.name);
        }
        if (settings.isEmpty()) {
            settings.add("");
        }
        List<String> answered = new ArrayList<String>();
        int severities = faults == null ? 0 : faults.size;
        for (Case answer : cases) {
            answered.add(answer.setting);
            Contract.require(answer.faults.size() == severities, "the golden faults do not fit the outputs");
            Contract.require((answer.photo != null) == (photo != null), "the golden photo does not fit the outputs");
        }
        Contract.require(answered.equals(settings), "the golden cases are not those of the settings");
    }
}
