"""What can be said of the app's screens without a device: references, texts, colours and labels."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest

from . import toolbox

MAIN = toolbox.DEMO / "app/src/main"
RES = MAIN / "res"
ANDROID = "{http://schemas.android.com/apk/res/android}"
LAYOUTS = sorted(RES.glob("layout*/*.xml"))
JAVA = sorted([*(MAIN / "java").rglob("*.java"), *(toolbox.LIBRARY / "src/main/java").rglob("*.java")])
MANIFEST = MAIN / "AndroidManifest.xml"
TEXTS = sorted(RES.glob("values*/strings.xml"))


def parse(path: Path) -> ET.Element:
    return ET.parse(path).getroot()  # noqa: S314 - these files are ours


def ident(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def defined() -> set[str]:
    """Every resource as type/name."""
    actual = set()
    for path in RES.rglob("*.xml"):
        kind = path.parent.name.split("-")[0]
        if kind == "values":
            actual |= {f"{item.tag}/{item.get('name')}" for item in parse(path)}
        else:
            actual.add(f"{kind}/{path.stem}")
    for layout in LAYOUTS:
        actual |= {f"id/{name}" for name in ids(layout)}
    return actual


def ids(layout: Path) -> set[str]:
    return set(re.findall(r'android:id="@\+id/(\w+)"', layout.read_text()))


IN_XML = re.compile(r"""["'>]@\+?(?P<kind>\w+)/(?P<name>[\w.]+)["'<]""")
IN_JAVA = re.compile(r"(?<!android\.)\bR\.(?P<kind>\w+)\.(?P<name>\w+)")


def referred() -> list[tuple[str, str]]:
    """Every use of a resource of the app's own, and where."""
    uses = [(path, IN_XML) for path in [*RES.rglob("*.xml"), MANIFEST]] + [(path, IN_JAVA) for path in JAVA]
    return [
        (f"{match['kind']}/{match['name']}", ident(path))
        for path, pattern in uses
        for match in pattern.finditer(path.read_text())
    ]


def test_every_reference_leads_somewhere() -> None:
    known = defined()
    assert len(referred()) > 200
    assert [use for use in referred() if use[0] not in known] == []


def test_nothing_is_left_unused() -> None:
    used = {name for name, _ in referred()}
    implied = {"style/App", "style/Platform"}  # named by other styles as parents, and by the manifest
    parents = {f"style/{item.get('parent')}" for item in styles()} | {
        f"style/{item.get('name', '').rpartition('.')[0]}" for item in styles()
    }
    kinds = ("string", "color", "drawable", "layout", "style", "bool")
    assert {name for name in defined() if name.startswith(kinds)} - used - implied - parents == set()


def styles() -> list[ET.Element]:
    return [item for path in RES.glob("values*/themes.xml") for item in parse(path).iter("style")]


def strings(path: Path) -> dict[str, str]:
    return {
        item.get("name", ""): item.text or "" for item in parse(path) if item.get("translatable") != "false"
    }


@pytest.mark.parametrize("path", TEXTS, ids=ident)
def test_every_language_says_everything(path: Path) -> None:
    english = strings(RES / "values/strings.xml")
    here = strings(path)
    assert here.keys() == english.keys()
    for name, text in here.items():
        assert text.strip(), name
        placeholders = re.compile(r"%\d\$[.\d]*[sdf]|%\d\d\$[.\d]*[sdf]")
        assert sorted(placeholders.findall(text)) == sorted(placeholders.findall(english[name])), name
        assert not placeholders.sub("", text).count("%"), f"{name} has a % that String.format would take"
        assert not re.search(r"(?<!\\)'", text), f"{name} has an apostrophe that aapt2 would drop"


def test_there_is_a_translation() -> None:
    assert len(TEXTS) > 1


def formatted() -> list[tuple[str, int, str]]:
    """Calls of getString: name, how many values, where."""
    actual = []
    for path in JAVA:
        for match in re.finditer(r"getString\(\s*R\.string\.(\w+)", path.read_text()):
            rest = path.read_text()[match.end() :]
            depth, count, at = 1, 0, 0
            while depth:
                depth += {"(": 1, ")": -1}.get(rest[at], 0)
                count += depth == 1 and rest[at] == ","
                at += 1
            actual.append((match[1], count, path.name))
    return actual


def test_every_text_gets_its_values() -> None:
    english = {item.get("name", ""): item.text or "" for item in parse(RES / "values/strings.xml")}
    calls = formatted()
    assert len(calls) > 20
    for name, count, where in calls:
        expected = max([int(number) for number in re.findall(r"%(\d+)\$", english[name])], default=0)
        assert count == expected, f"{where}: {name} takes {expected} values, not {count}"


def linear(colour: str) -> np.ndarray:
    """Linear sRGB in [0, 1] of #RRGGBB."""
    levels = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    """WCAG 2.2's relative luminance of #RRGGBB."""
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


BANDS = [f"band_{name}" for name in ("bad", "poor", "fair", "good", "excellent")]
MEETINGS = [
    *product(["text", "text_secondary", "primary"], ["background", "card"]),
    *product(BANDS, ["card"]),
    ("on_primary", "primary"),
    ("on_notice", "notice"),
]


@pytest.mark.parametrize("theme", ["values", "values-night"])
@pytest.mark.parametrize(("text", "ground"), MEETINGS, ids=lambda name: name)
def test_texts_stand_out(theme: str, text: str, ground: str) -> None:
    colours = {item.get("name"): item.text or "" for item in parse(RES / theme / "colors.xml")}
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["values", "values-night"])
@pytest.mark.parametrize("ground", ["background", "card"])
def test_edges_of_buttons_stand_out(theme: str, ground: str) -> None:
    """WCAG 2.2, 1.4.11."""
    colours = {item.get("name"): item.text or "" for item in parse(RES / theme / "colors.xml")}
    assert contrast(colours["outline"], colours[ground]) >= 3


EYES = {
    "all cones": np.eye(3),
    "no red cones": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
    "no green cones": np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
}
"""What linear sRGB looks like: Viénot, Brettel and Mollon, Color Research and Application 24 (1999) 243."""
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
JUST_NOTICEABLE = 2.3


def lab(colour: str, eye: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b* of #RRGGBB as an eye sees it, under D65."""
    ratios = XYZ @ (eye @ linear(colour)).clip(0, 1) / XYZ.sum(axis=1)
    roots = np.where(ratios > (6 / 29) ** 3, np.cbrt(ratios), ratios / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * roots[1] - 16, 500 * (roots[0] - roots[1]), 200 * (roots[1] - roots[2])])


@pytest.mark.parametrize("theme", ["values", "values-night"])
@pytest.mark.parametrize("eye", EYES)
def test_everybody_can_tell_the_bands_apart(theme: str, eye: str) -> None:
    colours = {item.get("name"): item.text or "" for item in parse(RES / theme / "colors.xml")}
    for one, other in combinations(BANDS, 2):
        distance = np.linalg.norm(lab(colours[one], EYES[eye]) - lab(colours[other], EYES[eye]))
        assert distance > 5 * JUST_NOTICEABLE, f"{one} and {other}"


def test_the_distances_are_cie_s() -> None:
    assert lab("#FFFFFF", EYES["all cones"]) == pytest.approx([100, 0, 0], abs=0.01)
    assert lab("#FF0000", EYES["all cones"]) == pytest.approx([53.24, 80.09, 67.20], abs=0.1)
    for eye in EYES.values():
        assert lab("#808080", eye) == pytest.approx(lab("#808080", EYES["all cones"]), abs=0.1)


def test_the_contrast_is_wcag_s() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)


def test_both_themes_have_the_same_colours() -> None:
    light, dark = (
        {item.get("name") for item in parse(RES / theme / "colors.xml")}
        for theme in ("values", "values-night")
    )
    assert light - dark == {"launcher"}
    assert dark < light


def test_colours_are_named_in_one_place() -> None:
    for path in [
        *LAYOUTS,
        *(MAIN / "java/ai/mobileiqa/demo").glob("*.java"),
        *RES.glob("values*/themes.xml"),
        *RES.glob("drawable/[!i]*.xml"),
    ]:
        assert not re.search(r"#[0-9A-Fa-f]{6}|0x[fF]{2}[0-9a-fA-F]{6}", path.read_text()), ident(path)


@pytest.mark.parametrize("layout", LAYOUTS, ids=ident)
def test_people_can_read_and_reach_everything(layout: Path) -> None:
    for view in parse(layout).iter():
        for key in ("text", "contentDescription", "hint"):
            value = view.get(ANDROID + key)
            assert value is None or value.startswith("@string/"), f"{value!r} cannot be translated"
        size = view.get(ANDROID + "textSize")
        assert size is None or size.endswith("sp"), "the text would not grow"
        if view.tag in ("ImageView", "ProgressBar", "ImageButton"):
            labelled = view.get(ANDROID + "contentDescription")
            assert labelled or view.get(ANDROID + "importantForAccessibility") == "no", (
                "TalkBack has nothing to say"
            )
        if view.tag == "EditText":
            assert (
                f'android:labelFor="@+id/{view.get(ANDROID + "id", "").partition("/")[2]}"'
                in layout.read_text()
            )
        if view.tag in ("TextView", "Button", "CheckBox", "EditText"):
            assert view.get(ANDROID + "layout_height") in ("wrap_content", "match_parent"), (
                "large text would be cut"
            )
        if view.tag == "Button":
            assert view.get("style"), "which style makes it at least 48dp high?"
        for side in ("Left", "Right"):
            assert not [key for key in view.attrib if key.endswith(side)], (
                "languages run from right to left too"
            )


@pytest.mark.parametrize("layout", sorted(RES.glob("layout*/frame.xml")), ids=ident)
def test_words_that_do_not_grow_are_tooltips_too(layout: Path) -> None:
    """Android 8 and later show these in the size that people have set, after a long touch."""
    buttons = [view for view in parse(layout).iter() if view.get("style") == "@style/NavigationItem"]
    assert len(buttons) == len(SCREENS)
    for button in buttons:
        assert button.get(ANDROID + "tooltipText") == button.get(ANDROID + "text")


def test_buttons_are_high_enough_for_a_finger() -> None:
    heights = {item.get("name"): item for item in styles()}
    for name in ("Button", "NavigationItem", "NumberField"):
        height = next(item.text or "" for item in heights[name] if item.get("name") == "android:minHeight")
        assert int(height.removesuffix("dp")) >= 48


def test_texts_are_in_sp_in_styles() -> None:
    sizes = {
        style.get("name"): item.text or ""
        for style in styles()
        for item in style
        if item.get("name") == "android:textSize"
    }
    assert sizes.pop("NavigationItem").endswith("dp"), "four words in a row cannot grow"
    assert sizes
    assert all(size.endswith("sp") for size in sizes.values())


@pytest.mark.parametrize("name", sorted(path.name for path in RES.glob("layout-land/*.xml")))
def test_turned_screens_have_the_same_views(name: str) -> None:
    assert with_included(RES / "layout-land" / name) == with_included(RES / "layout" / name)


@pytest.mark.parametrize("name", sorted(path.name for path in RES.glob("layout-land/*.xml")))
def test_a_view_is_of_one_kind_however_the_phone_is_held(name: str) -> None:
    """Android restores views by their ids: the state of another kind of view would end the app."""
    upright, turned = kinds(RES / "layout" / name), kinds(RES / "layout-land" / name)
    assert {view: turned[view] for view in upright.keys() & turned.keys()} == {
        view: upright[view] for view in upright.keys() & turned.keys()
    }


def kinds(layout: Path) -> dict[str, str]:
    """The class of each view with an id."""
    views = ((view.get(ANDROID + "id", ""), view.tag) for view in parse(layout).iter())
    return {name.partition("/")[2]: kind for name, kind in views if name}


def test_a_measurement_s_verdict_stands_above_its_settings() -> None:
    order = [
        view.get(ANDROID + "id", "").partition("/")[2] for view in parse(RES / "layout/benchmark.xml").iter()
    ]
    assert order.index("start") < order.index("result") < order.index("settings")


def with_included(layout: Path) -> set[str]:
    actual = ids(layout)
    for included in re.findall(r'layout="@layout/(\w+)"', layout.read_text()):
        actual |= with_included(RES / "layout" / f"{included}.xml")
    return actual


SCREENS = {
    "ScoreActivity": "score",
    "CompareActivity": "compare",
    "BenchmarkActivity": "benchmark",
    "AboutActivity": "about",
}


@pytest.mark.parametrize("activity", SCREENS)
def test_a_screen_asks_only_for_views_it_has(activity: str) -> None:
    there = with_included(RES / "layout" / f"{SCREENS[activity]}.xml") | ids(RES / "layout/frame.xml")
    for source in (activity, "ScreenActivity"):
        text = next(path for path in JAVA if path.stem == source).read_text()
        assert set(re.findall(r"\bR\.id\.(\w+)", text)) <= there


def test_the_app_asks_for_no_permission_and_opens_no_more_than_it_must() -> None:
    root = parse(MANIFEST)
    assert not [element.tag for element in root.iter() if element.tag.startswith("uses-permission")]
    opened = {}
    for tag in ("activity", "provider", "service", "receiver"):
        for part in root.iter(tag):
            name = part.get(ANDROID + "name", "").removeprefix(".")
            assert part.get(ANDROID + "exported") in ("true", "false"), (
                f"{name} does not say whether it is exported"
            )
            assert (MAIN / f"java/ai/mobileiqa/demo/{name}.java").is_file()
            if part.get(ANDROID + "exported") == "true":
                opened[name] = part.get(ANDROID + "permission")
    assert opened == {
        "ScoreActivity": None,
        "CompareActivity": None,
        "BenchmarkActivity": "android.permission.DUMP",
    }


def test_nothing_is_backed_up_or_carried_to_another_phone() -> None:
    """From Android 12 on `allowBackup` does not forbid the transfer to another phone."""
    application = parse(MANIFEST).find("application")
    assert application is not None
    assert application.get(ANDROID + "allowBackup") == "false"
    rules = parse(named(application.get(ANDROID + "dataExtractionRules")))
    assert [transport.tag for transport in rules] == ["cloud-backup", "device-transfer"]
    for transport in rules:
        excluded = {(rule.tag, rule.get("domain")) for rule in transport}
        domains = {"root", "file", "database", "sharedpref", "external"}
        assert excluded == {("exclude", domain) for domain in domains}


def test_people_can_choose_every_language_that_the_app_has() -> None:
    application = parse(MANIFEST).find("application")
    assert application is not None
    offered = {
        locale.get(ANDROID + "name") for locale in parse(named(application.get(ANDROID + "localeConfig")))
    }
    assert offered == {"en", *(path.parent.name.removeprefix("values-") for path in TEXTS[1:])}


def named(reference: str | None) -> Path:
    """The file of a resource such as @xml/locales."""
    assert reference is not None
    return RES / f"{reference.removeprefix('@')}.xml"


def test_sources_keep_to_what_the_dexer_takes_and_the_core_to_the_jvm() -> None:
    for path in JAVA:
        text = path.read_text()
        assert not re.search(r"->|\w::\w", text), f"{path.name}: a lambda or a method reference"
        assert path.parent.name != "core" or "import android" not in text, f"{path.name} is to run on any JVM"


def test_resources_compile(tmp_path: Path) -> None:
    toolbox.need("aapt2")
    toolbox.run("aapt2", "compile", "--dir", RES, "-o", tmp_path / "resources.zip")
