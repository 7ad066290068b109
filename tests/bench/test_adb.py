"""The conversation with a phone, against an adb that is a script: what is sent, what comes, what fails."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mobileiqa_bench import adb, errors, phone
from mobileiqa_bench.adb import measure
from mobileiqa_bench.cli import _on_phone
from mobileiqa_bench.configs import Config
from mobileiqa_bench.schema import Result, parse, read_document
from mobileiqa_sdk.errors import MobileIQAError, ModelNotFound, PhotoNotFound

FAKE = Path(__file__).with_name("fake_adb.py")
DOCUMENT = Path(__file__).parents[2] / "docs" / "android-benchmark.md"
pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake adb is started by its first line")

OPTIONS = {"official": False, "cool_down": 0.0, "minutes": 0.0, "accelerator": "cpu"}
RUN = {"median": 0.02, "p90": 0.021, "min": 0.019, "mad": 0.001, "values": [0.02, 0.019, 0.021]}
WRITTEN: dict[str, Any] = {
    "schema": 1,
    "kind": "mobileiqa-benchmark",
    "environment": {"machine": "Maker Phone 9", "os": "Android 15, API 35"},
    "settings": {"threads": [4], "warmup": 3, "runs": 3},
    "flags": [],
    "results": [
        {
            "label": "x.onnx",
            "artifact": "x.onnx",
            "model": "tiny",
            "version": "0.3",
            "runtime": "onnx",
            "precision": "fp32",
            "threads": 4,
            "error": None,
            "flags": ["battery saver on"],
            "size_bytes": 10,
            "golden": {"expected": 0.5, "found": 0.5, "tolerance": 1e-4, "ok": True},
            "score": 0.5,
            "seconds": {"load": 0.1, "first": 0.05, "inference": RUN, "decode": None, "resize": None},
            "memory": {
                "peak_rss_bytes": 9,
                "rss_after_load_bytes": 5,
                "private_bytes": None,
                "peak_pss_bytes": 7,
            },
            "throughput": None,
            "sustained": None,
            "energy_joules_per_photo": None,
        }
    ],
}


class Lab:
    """A fake phone at a fake adb, and two files to send."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.files = home / "phone"
        (self.files / "data/local/tmp").mkdir(parents=True)
        (self.files / "data/data/ai.mobileiqa.demo").mkdir(parents=True)
        self.artifact, self.photo = home / "my model.onnx", home / "photo; rm -rf $HOME.jpg"
        self.artifact.write_bytes(b"weights")
        self.photo.write_bytes(b"pixels")
        self.scenario()

    def scenario(self, **changes: Any) -> None:
        values = {"devices": [["PHONE1", "device"]], "app": "", "polls": 2, "document": WRITTEN, "log": ""}
        (self.home / "scenario.json").write_text(json.dumps({**values, **changes}))

    def calls(self) -> list[list[str]]:
        file = self.home / "calls.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def left_behind(self) -> list[Path]:
        return [path for path in self.files.rglob("*") if path.is_file()]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    program = tmp_path / "bin" / "adb"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable} -IS\n{FAKE.read_text()}")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setenv("FAKE_ADB", str(tmp_path))
    monkeypatch.delenv("ANDROID_SERIAL", raising=False)
    return Lab(tmp_path)


def ask(lab: Lab, **changes: Any) -> Result:
    options: dict[str, Any] = {"threads": 4, "warmup": 5, "runs": 30, "poll": 0.01}
    return measure(lab.artifact, lab.photo, **{**options, **changes})


def test_a_measurement(lab: Lab) -> None:
    lab.artifact.chmod(0o600)
    result = ask(lab)
    received = {
        name: hashlib.sha256(data).hexdigest() for name, data in (("model", b"weights"), ("photo", b"pixels"))
    }
    assert result.environment == {**WRITTEN["environment"], "received": received}
    assert result.artifact == str(lab.artifact)
    assert result.label == "my model.onnx on Maker Phone 9, 4 threads"
    assert result.flags == ("battery saver on",)
    assert result.seconds == parse(json.dumps(WRITTEN), "").results[0].seconds
    assert lab.left_behind() == []


def test_what_is_sent_is_what_the_document_says(lab: Lab) -> None:
    ask(lab)
    calls = lab.calls()
    (start,) = [call for call in calls if "start" in call]
    extras = dict(zip(start[12::3], start[13::3], strict=True))
    assert {name: extras[name] for name in ("threads", "warmup", "runs")} == {
        "threads": "4",
        "warmup": "5",
        "runs": "30",
    }
    name = extras["output"].removesuffix(".json")
    assert re.fullmatch("[0-9a-f]{8}", name)
    assert (extras["model"], extras["photo"]) == (f"{name}.onnx", f"{name}.photo")
    said = DOCUMENT.read_text(encoding="utf-8").replace("\\\n", " ")
    block = re.findall(r"^adb .*$", said, re.MULTILINE)
    documented = [re.sub(r"\s+#.*", "", line).replace("ID", name) for line in block]
    documented = [" ".join(line.replace("SERIAL", "PHONE1").split()) for line in documented]
    sent = [" ".join(["adb", *call]).replace(str(lab.artifact), "model.onnx") for call in calls]
    for line in documented:
        expected = re.sub("--ei (threads|warmup|runs) [0-9]+", r"--ei \1 N", line)
        shown = [re.sub("--ei (threads|warmup|runs) [0-9]+", r"--ei \1 N", each) for each in sent]
        assert any(sorted(expected.split()) == sorted(each.split()) for each in shown), line


def test_official(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The phone is asked for a valid result, and its scores are compared with this computer's."""
    scored = []

    def reference_scores(path: Path) -> list[float]:
        scored.append(path)
        return [0.25, 0.5001]

    monkeypatch.setattr(adb, "reference_scores", reference_scores)
    result = ask(lab, official=True, cool_down=30.0, minutes=0.5, accelerator="nnapi")
    assert scored == [lab.artifact]
    (start,) = [call for call in lab.calls() if "start" in call]
    extras = dict(zip(start[12::3], start[13::3], strict=True))
    assert {name: extras[name] for name in ("runs", "seconds", "cool_down", "sustained", "accuracy")} == {
        "runs": "1024",
        "seconds": "60",
        "cool_down": "30",
        "sustained": "30",
        "accuracy": "true",
    }
    assert extras["accelerator"] == "nnapi"
    assert result.accuracy is not None
    assert result.accuracy.reference == (0.25, 0.5001)
    assert result.verdict is not None
    assert [reason.kind for reason in result.verdict.reasons] == ["runs"]


def test_what_is_not_official_is_judged_too(lab: Lab) -> None:
    result = ask(lab)
    assert result.verdict is not None
    assert [reason.kind for reason in result.verdict.reasons] == ["runs", "accuracy", "cool-down"]


def test_the_bundled_model_and_the_golden_image(lab: Lab) -> None:
    result = measure(None, threads=1, poll=0.01)
    assert (result.artifact, (result.environment or {})["received"]) == ("bundled", {})
    assert not any("push" in call for call in lab.calls())
    assert lab.left_behind() == []


def test_the_phone_is_named_where_there_are_several(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.scenario(devices=[["ONE", "device"], ["TWO", "device"]])
    with pytest.raises(errors.SeveralPhones, match=r"ONE \(device\), TWO \(device\).*--adb SERIAL"):
        ask(lab)
    ask(lab, serial="TWO")
    assert {call[1] for call in lab.calls() if call[0] == "-s"} == {"TWO"}
    monkeypatch.setenv("ANDROID_SERIAL", "ONE")
    ask(lab)
    assert {call[1] for call in lab.calls() if call[0] == "-s"} == {"ONE", "TWO"}


def test_a_phone_that_is_not_ready_does_not_count(lab: Lab) -> None:
    lab.scenario(devices=[["ONE", "unauthorized"], ["TWO", "device"]])
    assert ask(lab).error is None


@pytest.mark.parametrize(
    ("devices", "error", "message"),
    [
        ([], errors.NoPhone, "adb devices"),
        ([["ONE", "unauthorized"]], errors.PhoneUnauthorized, "^ONE: "),
        ([["ONE", "offline"]], errors.NoPhone, r"^ONE: .*\(offline\)"),
        ([["ONE", "no permissions; see [http]"]], errors.NoPhone, r"^ONE: .*\(no permissions"),
    ],
)
def test_no_phone_to_measure_on(lab: Lab, devices: list[list[str]], error: type, message: str) -> None:
    lab.scenario(devices=devices)
    with pytest.raises(error, match=message):
        ask(lab)


def test_another_phone_than_the_one_asked_for(lab: Lab) -> None:
    with pytest.raises(errors.NoPhone, match=r"ONE .*PHONE1 \(device\)"):
        ask(lab, serial="ONE")


def test_adb_is_not_installed(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(lab.home))
    with pytest.raises(errors.AdbMissing, match="platform-tools"):
        ask(lab)


def test_adb_cannot_be_run(lab: Lab) -> None:
    (lab.home / "bin" / "adb").write_text("#!/nowhere\n")
    with pytest.raises(errors.AdbMissing, match="platform-tools"):
        ask(lab)


def test_adb_does_not_answer(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    (lab.home / "bin" / "adb").write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    monkeypatch.setattr(phone._adb, "__kwdefaults__", {"seconds": 0.3})
    with pytest.raises(errors.PhoneTimeout, match="adb devices"):
        ask(lab)


@pytest.mark.parametrize(
    ("app", "error", "message"),
    [
        ("missing", errors.AppMissing, "^PHONE1: .*README.md"),
        ("release", errors.AppMissing, "^PHONE1: .*debug.*README.md"),
        ("old", errors.AppMissing, "^PHONE1: .*README.md"),
        ("hangs", errors.PhoneTimeout, "^PHONE1: .*0 s"),
        ("unplugged", errors.NoPhone, r"^PHONE1: .*\(adb: device 'PHONE1' not found\)"),
    ],
)
def test_what_can_be_wrong_with_the_app(lab: Lab, app: str, error: type, message: str) -> None:
    lab.scenario(app=app)
    with pytest.raises(error, match=message):
        ask(lab, timeout=0.2)
    if app != "unplugged":
        assert lab.left_behind() == []
        assert [call[3:] for call in lab.calls() if "force-stop" in call] == [
            ["am", "force-stop", "ai.mobileiqa.demo"]
        ]


def test_a_crash_shows_the_end_of_the_log(lab: Lab) -> None:
    lines = [f"11-21 06:00:00 I/other: {number}" for number in range(50)]
    lines += [f"11-21 06:00:01 E/AndroidRuntime: frame {number}\x1b[31m" for number in range(30)]
    lab.scenario(app="crashes", log="\n".join(lines))
    with pytest.raises(errors.AppCrashed) as caught:
        ask(lab)
    assert str(caught.value).startswith("PHONE1: ")
    assert len(caught.value.log) == 20
    assert caught.value.log[-1].endswith(r"frame 29\x1b[31m")
    assert lab.left_behind() == []


def test_an_app_that_ends_after_its_result_did_not_crash(lab: Lab) -> None:
    lab.scenario(app="ends")
    assert ask(lab).error is None


def test_what_the_app_could_not_measure_is_a_result(lab: Lab) -> None:
    document = copy.deepcopy(WRITTEN)
    nothing = dict.fromkeys(("golden", "score", "seconds", "memory", "size_bytes"))
    document["results"][0].update(nothing, error="x.onnx: damaged; copy it again")
    lab.scenario(document=document)
    result = ask(lab)
    assert result.error == "x.onnx: damaged; copy it again"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("", "JSON"),
        ('{"schema": 1', "JSON"),
        ("[" * 100_000, "benchmark"),
        ([], "benchmark"),
        ({"kind": "other"}, "benchmark"),
        ({**WRITTEN, "schema": 2}, "schema 2"),
        ({**WRITTEN, "schema": True}, "schema True"),
        ({**WRITTEN, "results": []}, "one measurement"),
        ({**WRITTEN, "results": WRITTEN["results"] * 2}, "one measurement"),
        ({**WRITTEN, "environment": "Phone"}, "\\$\\.environment"),
    ],
)
def test_a_result_that_is_none(lab: Lab, document: Any, message: str) -> None:
    lab.scenario(document=document)
    with pytest.raises(adb.AppResultInvalid, match=message) as caught:
        ask(lab)
    assert isinstance(caught.value, MobileIQAError)
    assert lab.left_behind() == []


def test_files_that_cannot_be_sent(lab: Lab) -> None:
    (lab.home / "model.tflite").write_bytes(b"")
    with pytest.raises(adb.ArtifactUnsuitable, match=r"model\.tflite.*\.onnx"):
        measure(lab.home / "model.tflite", threads=1)
    with pytest.raises(ModelNotFound, match=r"none.onnx"):
        measure(lab.home / "none.onnx", threads=1)
    with pytest.raises(PhotoNotFound, match=r"none\.jpg"):
        measure(lab.artifact, lab.home / "none.jpg", threads=1)
    assert lab.calls() == []


def test_what_the_phone_refuses_is_told(lab: Lab) -> None:
    program = lab.home / "bin" / "adb"
    program.write_text(program.read_text().replace('case ["chmod"', 'case ["chmod-is-gone"'))
    message = "PHONE1: adb shell chmod 644 .*: exit status 127: .*chmod: inaccessible or not found"
    with pytest.raises(errors.AdbFailed, match=message):
        ask(lab)
    assert lab.left_behind() == []


def test_the_command_measures_here_and_on_the_phone(
    lab: Lab, run: Callable[..., Any], artifact: Path, tmp_path: Path
) -> None:
    quick = ("--rounds", 1, "--runs", 1, "--warmup", 0, "--threads", 1, "--no-throughput")
    actual = run("benchmark", artifact, *quick, "--json", tmp_path / "both.json", "--adb")
    assert actual.code == 0, actual.err
    document = read_document(tmp_path / "both.json")
    here, there = document.results
    assert here.label == "tiny onnx fp32"
    assert there.label == "model.onnx on Maker Phone 9, 1 thread"
    assert (there.environment or {})["machine"] == "Maker Phone 9"
    assert "Maker Phone 9" in actual.out


def test_without_a_phone_nothing_is_measured(lab: Lab, run: Callable[..., Any], artifact: Path) -> None:
    lab.scenario(devices=[])
    actual = run("benchmark", artifact, "--adb", "--rounds", 1)
    assert actual.code == 1
    assert actual.out == ""
    assert "no phone" in actual.err or "no device" in actual.err


def test_a_phone_is_looked_for_before_anything_is_exported(
    lab: Lab, run: Callable[..., Any], tmp_path: Path
) -> None:
    lab.scenario(devices=[])
    checkpoint = tmp_path / "student.pkl"
    checkpoint.write_bytes(b"no checkpoint, which nobody gets to know")
    actual = run("benchmark", "--checkpoint", checkpoint, "--adb")
    assert actual.code == 1
    assert "no phone" in actual.err


def test_what_the_app_cannot_run_is_measured_here_alone(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sent: list[Path] = []
    monkeypatch.setattr(adb, "measure", lambda path, *_, **__: sent.append(path))
    rows = [Config(name, "sdk", tmp_path / name, name, threads=1) for name in ("a.onnx", "b.tflite")]
    _on_phone(rows, None, "", {**OPTIONS, "warmup": 0, "runs": 1})
    assert sent == [tmp_path / "a.onnx"]
