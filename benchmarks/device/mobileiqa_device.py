#!/usr/bin/env python3
"""Measure MobileIQA artifacts on this phone or board: one file, copy it over and run it.

    python3 mobileiqa_device.py model.onnx --photo photo.jpg --threads 1,4 --json result.json

It needs Python 3.8 or newer, numpy, pillow, and onnxruntime for .onnx files, ai-edge-litert or
tflite-runtime for .tflite files; the MobileIQA SDK is not needed. Each artifact and thread count is
measured in a fresh process of its own. Before a figure counts, the artifact's golden image is scored: where
resizing gives other bytes or the score is further off than the contract allows, the result says that it is
not to be believed, and the exit status is 1.

The JSON is "benchmark JSON, schema 1", as `mobileiqa benchmark` writes it. Exit status: 0 fine, 1 something
could not be measured or is not to be believed, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import contextlib
import glob
import hashlib
import io
import json
import math
import operator
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from statistics import median
from typing import Any, BinaryIO

METADATA_KEY = "mobileiqa.contract"
CONTRACT_SCHEMAS = (2, 3)
MAX_SIDE = 8192
# The rule "jpeg-reduced": a JPEG decoded smaller keeps this many times the sides of the model's input.
REDUCTION_MARGIN = 1.4
# Profiles that move no probed channel by more than this are taken for sRGB, as the SDK does.
ICC_IDENTITY = 2
PHOTO_RUNS = 5
WINDOW_SECONDS = 10.0
FEW_RUNS = 10
RELOADS = 5
BUSY = 0.1  # of all CPUs, by other processes
STOLEN = 0.02  # of all CPUs, by the hypervisor
SLOWER = 1.1  # last sustained window / first
# The rules of a valid result: docs/benchmark.md, "A valid result".
FEWEST_RUNS = 1024
FEWEST_SECONDS = 60.0
LEAST_COOL_DOWN = 30.0
WIDEST_SPREAD = 0.1  # MAD / median
MOST_SLOWDOWN = 0.1  # last quarter of the runs / first, minus 1
FLAG_REASONS = (
    "verification", "throttled", "other-load", "steal", "run-queue", "capped", "background", "battery-saver",
    "emulated",
)  # fmt: skip
# The pictures of the formula "waves-1": heights and widths of picture k are those of entry k mod 5.
PICTURES = "waves-1"
PICTURE_COUNT = 100
PICTURE_SIZES = ((240, 320), (320, 240), (384, 512), (448, 448), (480, 640))


class DeviceError(Exception):
    """What is wrong with which file, and what to do."""


# --- The artifact and its contract -----------------------------------------------------------------------


def find_artifact(path: str) -> str:
    """Returns the model file: the path itself, or the only one in an artifact's folder."""
    if os.path.isfile(path):
        return path
    if not os.path.isdir(path):
        raise DeviceError(f"{path}: no such file or folder")
    models = [name for name in sorted(os.listdir(path)) if name.endswith((".onnx", ".tflite"))]
    if len(models) != 1:
        names = ", ".join(models) or "none"
        raise DeviceError(
            f"{path}: an artifact folder has one model file, and this one has {names}; name the file"
        )
    return os.path.join(path, models[0])


def read_contract(text: str | bytes, source: str) -> dict[str, Any]:
    """Returns the contract as JSON values, after checking everything that this script relies on."""
    try:
        contract = json.loads(text, object_pairs_hook=without_repeats)
        if type(contract["schema"]) is not int or contract["schema"] not in CONTRACT_SCHEMAS:
            raise unknown(source, "schema", contract["schema"])
        contract = as_schema_2(contract, source) if contract["schema"] == 3 else with_types(contract)
        inputs, output, golden = contract["input"], contract["output"], contract["golden"]
        for section, key in (("model", "name"), ("model", "version"), ("precision", "compute")):
            if not str(contract[section][key]).isprintable():
                raise DeviceError(f"{source}: its contract has an unprintable {section}.{key}")
        rules = {
            "input.layout": (inputs["layout"], ("NHWC",)),
            "input.channels": (inputs["channels"], ("RGB",)),
            "input.dtype": (inputs["dtype"], ("uint8",)),
            "input.resample": (inputs["resample"], ("pillow-bicubic",)),
            "input.decode": (inputs["decode"], ("full", "jpeg-reduced")),
            "golden.formula": (golden["formula"], ("triangles-1",)),
        }
        for key, (value, known) in rules.items():
            if value not in known:
                raise unknown(source, key, value)
        sides = [golden["height"], golden["width"]]
        if inputs["fit"] == "stretch":
            sides += [inputs["height"], inputs["width"]]
        sane = (
            all(type(side) is int and 1 <= side <= MAX_SIDE for side in sides)
            and (inputs["fit"] == "stretch" or has_settings(inputs))
            and (output["minimum"], output["maximum"], output["higher_is_better"]) == (0, 1, True)
            and type(output["opinions"]) is int
            and 1 <= output["opinions"] <= 1024
            and all(isinstance(contract["model"][key], str) for key in ("name", "version"))
            and all(isinstance(contract["precision"][key], str) for key in ("weights", "compute"))
            and 0 <= golden["score"] <= 1
            and 0 < golden["tolerance"] < 1
            and re.fullmatch("[0-9a-f]{64}", golden["input_sha256"])
        )
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise DeviceError(
            f"{source}: its contract cannot be read ({error!r:.100}); export it again"
        ) from error
    if not sane:
        raise DeviceError(f"{source}: its contract has a value out of range; export it again")
    return dict(contract)


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Returns the pairs of a JSON object as a dict. Raises ValueError if a key is repeated."""
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key is repeated")
    return values


def as_schema_2(contract: dict[str, Any], source: str) -> dict[str, Any]:
    """Returns a contract of schema 3 under the keys of schema 2, which this script uses."""
    inputs, golden = contract["input"], contract["golden"]
    if inputs["fit"] not in ("stretch", "keep-aspect"):
        raise unknown(source, "input.fit", inputs["fit"])
    if inputs["detail"] is not None:
        raise unknown(source, "input.detail", inputs["detail"])
    precision, verification = contract["precision"], contract["verification"]
    if precision["activations"] not in ("float", "dynamic-int8", "static-int8"):
        raise unknown(source, "precision.activations", precision["activations"])
    if precision["weights"] not in ("fp32", "fp16", "int8", "int4"):
        raise unknown(source, "precision.weights", precision["weights"])
    if type(verification["passed"]) is not bool:
        raise ValueError("verification.passed is not true or false")
    if verification["passed"] == bool(verification["failures"]):
        raise ValueError("verification.passed and verification.failures contradict each other")
    return {
        **contract,
        "output": opinions_of(contract["outputs"], source),
        "precision": {**precision, "compute": precision["note"] or precision["activations"]},
        "golden": {**golden, **golden["cases"][0]},
    }


def opinions_of(outputs: list[dict[str, Any]], source: str) -> dict[str, Any]:
    """Returns the output whose mean is the score, with its size as ``opinions`` too; others are not used."""
    names, meanings = [output["name"] for output in outputs], [output["meaning"] for output in outputs]
    if set(meanings) - {"opinions", "faults", "photo"}:
        raise unknown(source, "outputs", meanings)
    if meanings.count("opinions") != 1 or len(set(meanings)) < len(meanings) or len(set(names)) < len(names):
        raise ValueError("outputs have the same name or meaning, or none has opinions")
    for output in outputs:
        if output["meaning"] == "photo" and output["size"] != 1:
            raise ValueError("the output photo has more than one value")
        if (output["minimum"], output["maximum"]) != (0, 1):
            raise unknown(source, "outputs", output)
    opinions = outputs[meanings.index("opinions")]
    return {**opinions, "opinions": opinions["size"]}


def with_types(contract: dict[str, Any]) -> dict[str, Any]:
    """Returns a contract of schema 2 with the types of schema 3, which schema 2 describes in prose."""
    compute = contract["precision"]["compute"]
    if not compute.startswith("int8"):
        activations = "float"
    elif compute.startswith("int8, ranges at run time"):
        activations = "dynamic-int8"
    else:
        activations = "static-int8"
    return {
        **contract,
        "outputs": [{"name": "score", "meaning": "opinions", "size": contract["output"]["opinions"]}],
        "input": {**contract["input"], "fit": "stretch"},
        "precision": {
            **contract["precision"],
            "activations": activations,
        },
        "verification": {"passed": not compute.endswith("; drift allowed")},
    }


def has_settings(inputs: dict[str, Any]) -> bool:
    """Whether the input of a model that takes any size has budgets of pixels that make sense."""
    if inputs["height"] is not None or inputs["width"] is not None or not inputs["settings"]:
        return False
    multiple = inputs["multiple"]
    if type(multiple) is not int or not 1 <= multiple <= 32:
        return False
    names = [setting["name"] for setting in inputs["settings"]]
    if "" in names or len(set(names)) < len(names):
        return False
    for setting in inputs["settings"]:
        budget = setting["max_pixels"]
        if type(budget) is not int or not 1024 <= budget <= 2**27:
            return False
        for height, width in setting["sizes"]:
            if height * width > budget or height % multiple or width % multiple:
                return False
    return True


def input_size(inputs: dict[str, Any], height: int, width: int) -> tuple[int, int]:
    """Returns the (height, width) that an upright photo is resized to: docs/contract.md, "The size of the
    input". A model with several settings is measured with the first.
    """
    if inputs["fit"] == "stretch":
        return inputs["height"], inputs["width"]
    setting, multiple = inputs["settings"][0], inputs["multiple"]
    if setting["sizes"]:
        return closest(height, width, [(size[0], size[1]) for size in setting["sizes"]])
    budget = setting["max_pixels"]
    if height * width > budget:
        height, width = math.isqrt(budget * height // width), math.isqrt(budget * width // height)
    if height < multiple:
        height, width = multiple, min(width, budget // multiple)
    elif width < multiple:
        height, width = min(height, budget // multiple), multiple
    return max(height // multiple, 1) * multiple, max(width // multiple, 1) * multiple


def closest(height: int, width: int, sizes: list[tuple[int, int]]) -> tuple[int, int]:
    """Returns the listed size closest to a photo's aspect ratio; one that enlarges it only if all do."""
    within = [size for size in sizes if size[0] <= height and size[1] <= width]

    def likeness(size: tuple[int, int]) -> tuple[Fraction, int]:
        products = size[1] * height, width * size[0]
        return Fraction(min(products), max(products)), size[0] * size[1]

    return max(within or sizes, key=likeness)


def unknown(source: str, key: str, value: object) -> DeviceError:
    return DeviceError(
        f"{source}: its contract has {key} {repr(value)[:60]}, which this script does not know; "
        "take the script that comes with the SDK that made the artifact"
    )


def onnx_contract(path: str) -> str | None:
    """Returns the contract in an ONNX file's metadata, without loading the model; None if it is damaged."""
    try:
        with open(path, "rb") as file:
            for entry in protobuf_fields(file, 14):  # ModelProto.metadata_props: key is 1, value is 2
                if METADATA_KEY.encode() in protobuf_fields(io.BytesIO(entry), 1):
                    return b"".join(protobuf_fields(io.BytesIO(entry), 2)).decode()
    except (OSError, ValueError, OverflowError):
        pass
    return None


def protobuf_fields(file: BinaryIO, number: int) -> Iterator[bytes]:
    """Yields the contents of a message's fields that have this number and hold bytes. Raises ValueError."""
    for _ in range(100_000):
        tag = varint(file)
        if tag is None:
            return
        kind = tag & 7
        if kind == 0:
            varint(file)
        elif kind in (1, 5):
            file.seek(8 if kind == 1 else 4, os.SEEK_CUR)
        elif kind == 2:
            length = varint(file) or 0
            if tag >> 3 != number:
                file.seek(length, os.SEEK_CUR)
            elif length > 1 << 20:
                raise ValueError("longer than any metadata")
            elif len(content := file.read(length)) < length:
                raise ValueError("cut off")
            else:
                yield content
        else:
            raise ValueError("not a protobuf")


def varint(file: BinaryIO) -> int | None:
    """Returns a number stored in groups of seven bits, lowest first; None at the end. Raises ValueError."""
    value = 0
    for shift in range(0, 64, 7):
        byte = file.read(1)
        if not byte:
            return None
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise ValueError("not a protobuf")


def tflite_contract(path: str) -> dict[str, Any]:
    """Returns the contract behind a TFLite flatbuffer, after checking its digest: see docs/contract.md."""
    with open(path, "rb") as file:
        if file.read(8)[4:] != b"TFL3":
            raise DeviceError(f"{path}: is not a TFLite model")
        try:
            with zipfile.ZipFile(file) as archive:
                entries = [archive.getinfo(name) for name in (METADATA_KEY + ".json", "mobileiqa.sha256")]
                if any(e.file_size > 1 << 20 or e.compress_type != zipfile.ZIP_STORED for e in entries):
                    raise DeviceError(f"{path}: the files attached to it are too large or compressed")
                text, promised = [archive.read(entry) for entry in entries]
                end = min(entry.header_offset for entry in archive.infolist())
        except DeviceError:
            raise
        # A damaged archive makes zipfile raise half a dozen classes: struct.error, EOFError, and more.
        except Exception as error:
            raise DeviceError(
                f"{path}: a TFLite model, but without an intact MobileIQA contract ({error}); make it with "
                "`mobileiqa export`"
            ) from error
        actual = sha256_of_head(file, end)
    if promised.strip() != actual.encode():
        raise DeviceError(f"{path}: damaged, its SHA-256 is not the one noted in it; copy it again")
    return read_contract(text, path)


def sha256_of_head(file: BinaryIO, end: int) -> str:
    """Returns the hex digest of the first ``end`` bytes."""
    digest = hashlib.sha256()
    file.seek(0)
    while end > 0:
        piece = file.read(min(end, 1 << 20))
        if not piece:
            break
        digest.update(piece)
        end -= len(piece)
    return digest.hexdigest()


# --- Runtimes: contract, and run(pixels uint8 [height, width, 3]) -> score ---------------------------------


class OnnxModel:
    """Runs a model in onnxruntime on the CPU, with the options that the SDK sets."""

    runtime = "onnx"

    def __init__(self, path: str, threads: int) -> None:
        self._path, self._threads = path, threads
        text = onnx_contract(path)
        if text is None:
            self._open(prepacking=False)  # says what else may be wrong with it
            raise DeviceError(
                f"{path}: an ONNX model, but without an intact MobileIQA contract; "
                "make it with `mobileiqa export`"
            )
        self.contract = read_contract(text, path)
        precision = self.contract["precision"]
        # Otherwise the weights would be laid out anew for every photo.
        packed = precision["weights"] == "int4" or precision["activations"] != "float"
        self._session = self._open(prepacking=packed)
        inputs = self._session.get_inputs()
        check_input(self.contract, [(i.type[7:-1], list(i.shape)) for i in inputs], path)
        outputs = self._session.get_outputs()
        names = [o.name for o in outputs]
        place = score_output(names, [o.type == "tensor(float)" for o in outputs], self.contract, path)
        self._input, self._output = inputs[0].name, names[place]

    def _open(self, prepacking: bool) -> Any:
        onnxruntime = import_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.enable_mem_pattern = False
        options.execution_order = onnxruntime.ExecutionOrder.PRIORITY_BASED
        options.add_session_config_entry("session.disable_prepacking", "0" if prepacking else "1")
        try:
            return onnxruntime.InferenceSession(self._path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # a dozen classes of its own
            raise DeviceError(f"{self._path}: onnxruntime cannot load it ({one_line(error)})") from error

    def run(self, pixels: Any) -> float:
        (opinions,) = self._session.run([self._output], {self._input: pixels[None]})
        return score_of(opinions, self.contract, self._path)


class TFLiteModel:
    """Runs a model in LiteRT, or in tflite-runtime, with the default delegate, XNNPACK."""

    runtime = "litert"

    def __init__(self, path: str, threads: int) -> None:
        self._path = path
        self.contract = tflite_contract(path)
        try:
            self._interpreter = tflite_interpreter()(model_path=path, num_threads=threads)
            self._interpreter.allocate_tensors()
        except Exception as error:  # ValueError, RuntimeError, UnicodeDecodeError, and more
            raise DeviceError(f"{path}: LiteRT cannot load it ({one_line(error)})") from error
        inputs = self._interpreter.get_input_details()
        actual = [(i["dtype"].__name__, [int(side) for side in i["shape_signature"]]) for i in inputs]
        check_input(self.contract, actual, path)
        outputs = self._interpreter.get_output_details()
        names = signature_names(self._interpreter, [str(o["name"]) for o in outputs])
        place = score_output(names, [o["dtype"].__name__ == "float32" for o in outputs], self.contract, path)
        self._input, self._output = inputs[0]["index"], outputs[place]["index"]
        self._shape = [int(side) for side in inputs[0]["shape"]]

    def run(self, pixels: Any) -> float:
        shape = [1, *pixels.shape]
        if shape != self._shape:  # a model that takes any size
            self._interpreter.resize_tensor_input(self._input, shape)
            self._interpreter.allocate_tensors()
            self._shape = shape
        self._interpreter.set_tensor(self._input, pixels[None])
        self._interpreter.invoke()
        return score_of(self._interpreter.get_tensor(self._output), self.contract, self._path)


def tflite_interpreter() -> Any:
    """Returns the class Interpreter of whichever package is installed."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as missing:
        try:
            from tflite_runtime.interpreter import Interpreter
        except ImportError:
            raise missing from None
    return Interpreter


def check_input(contract: dict[str, Any], actual: list[tuple[str, list[Any]]], path: str) -> None:
    """Raises DeviceError unless the model has the one input that its contract promises."""
    inputs = contract["input"]
    promised = ("uint8", [1, inputs["height"], inputs["width"], 3])
    taken = [
        (kind, [side if type(side) is int and side > 0 else None for side in shape]) for kind, shape in actual
    ]
    if taken != [promised]:
        raise DeviceError(f"{path}: its contract promises input {promised}, the model has {actual}")


def signature_names(interpreter: Any, tensors: list[str]) -> list[str]:
    """Returns what a TFLite model calls its outputs: by its only signature if it has one, else by tensor."""
    signatures = interpreter.get_signature_list()
    if len(tensors) == 1 or len(signatures) != 1:
        return tensors
    details = interpreter.get_signature_runner(next(iter(signatures))).get_output_details()
    names = {str(tensor["name"]): name for name, tensor in details.items()}
    return [names.get(tensor, tensor) for tensor in tensors]


def score_output(names: list[str], floats: list[bool], contract: dict[str, Any], path: str) -> int:
    """Returns which of a model's outputs has the opinions.

    A single output is the promised one whatever it is called, since converters choose names of their own.

    Args:
        names: of the model's outputs.
        floats: whether each of them is of floats.
        contract: of the model.
        path: of the model, for errors.

    Raises:
        DeviceError: the outputs are not those that the contract promises.
    """
    promised = [output["name"] for output in contract["outputs"]]
    if not all(floats):
        raise DeviceError(f"{path}: the outputs of a model must be floats; export it again")
    if len(names) == len(promised) == 1:
        return 0
    if sorted(names) != sorted(promised):
        raise DeviceError(
            f"{path}: its contract promises the outputs {', '.join(promised)}, "
            f"the model has {', '.join(names) or 'none'}; export it again"
        )
    return names.index(contract["output"]["name"])


def score_of(values: Any, contract: dict[str, Any], path: str) -> float:
    """Returns the mean of the model's opinions, computed as in the SDK."""
    opinions = [float(value) for value in values.reshape(-1)]
    for opinion in opinions:
        check_score(opinion, path)
    expected = contract["output"]["opinions"]
    if len(opinions) != expected:
        raise DeviceError(
            f"{path}: its contract promises {expected} opinions, the model gave {len(opinions)}"
        )
    return math.fsum(opinions) / len(opinions)


def import_onnxruntime() -> Any:
    """Imports onnxruntime with its telemetry switched off."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


RUNTIMES: dict[str, tuple[Any, Callable[[], Any], str]] = {
    ".onnx": (OnnxModel, import_onnxruntime, "onnxruntime"),
    ".tflite": (TFLiteModel, tflite_interpreter, "ai-edge-litert"),
}


def runtime_for(path: str) -> Any:
    """Returns the class for this file, after importing its package."""
    suffix = os.path.splitext(path)[1]
    if suffix not in RUNTIMES:
        raise DeviceError(f"{path}: is not an .onnx or .tflite file")
    model, load, package = RUNTIMES[suffix]
    try:
        load()
    except ImportError as error:
        raise DeviceError(
            f"{path}: needs {package}, which cannot be imported ({one_line(error)}); pip install {package}"
        ) from error
    return model


# --- Photos ----------------------------------------------------------------------------------------------


def golden_pixels(contract: dict[str, Any]) -> Any:
    """Returns the golden image, uint8 RGB [height, width, 3], by the formula in docs/contract.md."""
    import numpy as np

    def triangle(n: Any) -> Any:
        return np.abs(n % 510 - 255)

    y, x = np.ogrid[: contract["golden"]["height"], : contract["golden"]["width"]]
    channels = [
        4 * triangle((c + 1) * x + 100 * c)
        + 3 * triangle(2 * (c + 1) * y + x)
        + triangle(37 * x + 61 * (c + 1) * y)
        for c in range(3)
    ]
    return (np.stack(channels, axis=-1) // 8).astype(np.uint8)


def make_picture(number: int) -> Any:
    """Returns picture ``number``, uint8 RGB [height, width, 3], by "waves-1" in docs/benchmark.md."""
    import numpy as np

    height, width = PICTURE_SIZES[number % len(PICTURE_SIZES)]
    y, x = (axis.astype(np.int32) for axis in np.ogrid[:height, :width])
    grain, contrast = number // 3 % 8, 255 - 20 * (number % 11)
    channels = []
    for c in range(3):
        wave = np.abs(((1 + number % 7) * x + (1 + number // 7 % 9) * y + 40 * c * number) % 510 - 255)
        noise = ((31 * x + 57 * y * (c + 1) + x * y + number) % 4093) ** 2 // 13 & 255
        channels.append(128 + contrast * (((8 - grain) * wave + grain * noise) // 8 - 128) // 255)
    return np.stack(channels, axis=-1).astype(np.uint8)


def decode(path: str, contract: dict[str, Any]) -> tuple[Any, tuple[int, int]]:
    """Reads a photo file as the SDK does.

    Returns an upright 8-bit sRGB image of mode RGB, and the (height, width) to resize it to.
    """
    from PIL import Image, ImageOps

    try:
        image = Image.open(path)
        size = input_size(contract["input"], *upright_size(image))
        if contract["input"]["decode"] == "jpeg-reduced" and image.format in ("JPEG", "MPO"):
            factor = reduction(image, contract["input"])
            image.draft(None, (image.width // factor, image.height // factor))
        image.load()
        upright = ImageOps.exif_transpose(image)
    except Exception as error:  # damaged bytes make decoders raise anything
        raise DeviceError(f"{path}: cannot be decoded ({one_line(error)})") from error
    if image.mode not in ("RGB", "L") or "transparency" in image.info:
        raise DeviceError(f"{path}: has mode {image.mode}; pass a photo of 8-bit colour or grey, opaque")
    profile = image.info.get("icc_profile")
    return (to_srgb(upright, profile) if profile else upright.convert("RGB")), size


def upright_size(image: Any) -> tuple[int, int]:
    """Returns the (height, width) of an opened photo once it is turned upright."""
    width, height = image.size
    if image.getexif().get(0x0112, 1) in (5, 6, 7, 8):  # EXIF 2.32, 4.6.4 A: rows and columns are swapped
        return width, height
    return height, width


def reduction(image: Any, inputs: dict[str, Any]) -> int:
    """Returns by how much both sides of a JPEG are divided: the largest of 8, 4, 2 that leaves the margin,
    or 1.
    """
    height, width = upright_size(image)
    input_height, input_width = input_size(inputs, height, width)
    for factor in (8, 4, 2):
        wide_enough = width // factor >= REDUCTION_MARGIN * input_width
        if wide_enough and height // factor >= REDUCTION_MARGIN * input_height:
            return factor
    return 1


def to_srgb(image: Any, profile: bytes) -> Any:
    """Converts by an embedded RGB profile other than sRGB: relative colorimetric, black point compensated."""
    import numpy as np
    from PIL import Image

    image = image.convert("RGB")
    try:
        from PIL import ImageCms

        how: Any = {"intent": 1, "flags": 0x2000}  # older Pillows have no names for these
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != "RGB":
            return image
        transform = ImageCms.ImageCmsTransform(
            source, ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")), "RGB", "RGB", **how
        )
    except Exception:  # no littlecms, or a broken profile: the profile is ignored, as in browsers
        return image
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    probe = np.concatenate([ramp, np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 3)])
    moved = np.asarray(transform.apply(Image.fromarray(probe[None])))[0].astype(np.int16) - probe
    return transform.apply(image) if np.abs(moved).max() > ICC_IDENTITY else image


def resize(image: Any, size: tuple[int, int]) -> Any:
    """Resizes to (height, width) by the rule "pillow-bicubic": rows first, whatever order Pillow would
    choose.
    """
    import numpy as np
    from PIL import Image

    bicubic = getattr(Image, "Resampling", Image).BICUBIC
    height, width = size
    if image.width != width:
        image = image.resize((width, image.height), bicubic)
    if image.height != height:
        image = image.resize((width, height), bicubic)
    return np.array(image, dtype=np.uint8, order="C")


# --- What the system says --------------------------------------------------------------------------------


class System:
    """Readings of /proc and /sys; None for whatever is missing or may not be read."""

    def __init__(self, proc: str = "/proc", sys_: str = "/sys") -> None:
        self._proc, self._sys = proc, sys_

    @staticmethod
    def _text(path: str) -> str | None:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                return file.read().strip("\0\n ") or None
        except OSError:
            return None

    def _numbers(self, pattern: str) -> list[float]:
        texts = [self._text(path) for path in sorted(glob.glob(os.path.join(self._sys, pattern)))]
        return [float(text) for text in texts if text and re.fullmatch(r"-?\d+", text)]

    def status_bytes(self, field: str) -> int | None:
        """Returns the memory of this process in bytes; VmHWM is its peak, VmRSS the current value."""
        return self._kilobytes("self/status", field)

    def _kilobytes(self, name: str, *fields: str) -> int | None:
        text = self._text(os.path.join(self._proc, name)) or ""
        matches = [re.search(rf"^{field}:\s+(\d+) kB", text, re.MULTILINE) for field in fields]
        values = [int(match.group(1)) * 1024 for match in matches if match]
        return sum(values) if len(values) == len(fields) else None

    def private_bytes(self) -> int | None:
        """Returns the memory that no other process shares, in bytes."""
        return self._kilobytes("self/smaps_rollup", "Private_Clean", "Private_Dirty")

    def memory_bytes(self) -> int | None:
        return self._kilobytes("meminfo", "MemTotal")

    def temperature_c(self) -> float | None:
        """Returns the degrees Celsius of the hottest CPU zone, or of all zones if none is named so."""
        zones = []
        for folder in glob.glob(os.path.join(self._sys, "class/thermal/thermal_zone*")):
            text = self._text(os.path.join(folder, "temp"))
            if text and re.fullmatch(r"-?\d+", text):
                # Millidegrees, says the kernel; some vendors' kernels give degrees.
                degrees = int(text) / 1000 if abs(int(text)) >= 1000 else float(text)
                zones.append(((self._text(os.path.join(folder, "type")) or "").lower(), degrees))
        zones = [zone for zone in zones if 0 < zone[1] < 150]  # unconnected sensors say -274 or 200
        cpus = [degrees for kind, degrees in zones if "cpu" in kind or "x86_pkg" in kind]
        return max(cpus or [degrees for _, degrees in zones], default=None)

    def mhz(self) -> float | None:
        """Returns the highest current frequency of any CPU, in MHz."""
        khz = self._numbers("devices/system/cpu/cpu[0-9]*/cpufreq/scaling_cur_freq")
        return max(khz) / 1000 if khz else None

    def frequency_caps(self) -> list[float]:
        """Returns the highest frequency that each CPU may use now, in kHz: thermal drivers lower it."""
        return self._numbers("devices/system/cpu/cpu[0-9]*/cpufreq/scaling_max_freq")

    def governors(self) -> list[str]:
        pattern = os.path.join(self._sys, "devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor")
        return sorted({text for text in map(self._text, glob.glob(pattern)) if text})

    def pi_throttled(self) -> int:
        """Returns the Raspberry Pi's bits: 0 to 3 low voltage, capped, throttled, soft limit now; 16 to 19
        since boot.
        """
        paths = glob.glob(os.path.join(self._sys, "devices/platform/soc*/soc*firmware/get_throttled"))
        texts = [text for text in map(self._text, paths) if text and re.fullmatch("[0-9a-fA-F]+", text)]
        return int(texts[0], 16) if texts else 0

    def cpu_seconds(self) -> tuple[float, float] | None:
        """Returns busy and stolen seconds of all CPUs since boot; Android hides them from apps."""
        first = (self._text(os.path.join(self._proc, "stat")) or "").partition("\n")[0].split()
        if len(first) < 9 or first[0] != "cpu":
            return None
        user, nice, system, _, _, irq, softirq, steal = (
            int(n) / os.sysconf("SC_CLK_TCK") for n in first[1:9]
        )
        return user + nice + system + irq + softirq, steal

    def emulated(self) -> bool:
        """Returns whether qemu runs this process: the kernel knows it under qemu's name."""
        return (self._text(os.path.join(self._proc, "self/comm")) or "").startswith("qemu-")

    def machine(self) -> str:
        """Returns Android's manufacturer and model, or the board's name, or the architecture."""
        phone = [android_property(f"ro.product.{name}") for name in ("manufacturer", "model")]
        if any(phone):
            return " ".join(phone).strip()
        names = ("firmware/devicetree/base/model", "devices/virtual/dmi/id/product_name")
        boards = (self._text(os.path.join(self._sys, name)) for name in names)
        return next(filter(None, boards), platform.machine())

    def cpu(self) -> str:
        """Returns the CPU's name; on ARM, where the kernel gives none, implementer and part numbers of the
        cores.
        """
        text = self._text(os.path.join(self._proc, "cpuinfo")) or ""
        names = re.findall(r"^(?:model name|Hardware)\s*:\s*(.+)$", text, re.MULTILINE)
        parts = re.findall(
            r"^CPU implementer\s*:\s*(\S+)$.*?^CPU part\s*:\s*(\S+)$", text, re.MULTILINE | re.DOTALL
        )
        cores = [f"{parts.count(part)} x ARM {'/'.join(part)}" for part in dict.fromkeys(parts)]
        return ", ".join([*dict.fromkeys(names), *cores]) or platform.processor() or platform.machine()

    def environment(self) -> dict[str, Any]:
        """Returns what the figures were measured on."""
        return {
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": self.machine(),
            "cpu": self.cpu(),
            "architecture": platform.machine(),
            "cpus": usable_cpus(),
            "memory_bytes": self.memory_bytes(),
            "os": android_version() or linux_name(),
            "kernel": platform.release(),
            "python": platform.python_version(),
            "packages": packages(),
            "governor": ", ".join(self.governors()) or None,
            "temperature_c": self.temperature_c(),
            "emulated": self.emulated(),
        }


def android_property(name: str) -> str:
    tool = shutil.which("getprop")
    if not tool:
        return ""
    done = subprocess.run(  # noqa: S603 - Android's own tool
        [tool, name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    return done.stdout.decode(errors="replace").strip()


def android_version() -> str:
    release = android_property("ro.build.version.release")
    return release and f"Android {release}, API {android_property('ro.build.version.sdk')}"


def linux_name() -> str:
    try:
        with open("/etc/os-release", encoding="utf-8") as file:
            match = re.search(r'^PRETTY_NAME="?(.*?)"?$', file.read(), re.MULTILINE)
    except OSError:
        match = None
    return match.group(1) if match else platform.system()


def packages() -> dict[str, str]:
    """Versions of what takes part."""
    from importlib import metadata

    versions = {}
    for name in ("numpy", "pillow", "onnxruntime", "ai-edge-litert", "tflite-runtime"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return versions


def usable_cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# --- Measuring one artifact, in a process of its own --------------------------------------------------------


def counted(call: Callable[[], Any], options: argparse.Namespace) -> tuple[list[float], Any]:
    """Returns the seconds of the counted runs and the last answer: ``--runs`` of them, with ``--official``
    until a round's share of 1,024 runs or of 60 s is done.
    """
    if not options.official:
        return timed(call, options.runs)
    values: list[float] = []
    while not values or (len(values) < options.enough_runs and sum(values) < options.enough_seconds):
        seconds, answer = timed(call, 1)
        values += seconds
    return values, answer


def timed(call: Callable[[], Any], runs: int) -> tuple[list[float], Any]:
    """Returns the seconds of each run, and what the last one returned."""
    values, answer = [], None
    for _ in range(runs):
        started = time.perf_counter()
        answer = call()
        values.append(time.perf_counter() - started)
    return values, answer


def statistics(rounds: list[list[float]]) -> dict[str, Any]:
    """Returns median, p90 (linear between neighbours), minimum, MAD (not scaled), values, and medians of
    rounds.
    """
    values = [value for one in rounds for value in one]
    middle = median(values)
    return {
        "median": middle,
        "p90": percentile(values, 0.9),
        "p99": percentile(values, 0.99),
        "min": min(values),
        "mad": median(abs(value - middle) for value in values),
        "values": values,
        "rounds": [median(one) for one in rounds],
    }


def percentile(values: list[float], share: float) -> float:
    ranked = sorted(values)
    place = share * (len(ranked) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (place - low) * (ranked[high] - ranked[low])


def measure(path: str, threads: int, options: argparse.Namespace, system: System) -> dict[str, Any]:
    """Measures a round: a result of the JSON in which seconds are still lists of values.

    Raises DeviceError.
    """
    model_class = runtime_for(path)
    result = measure_model(model_class, path, threads, options, system)
    # After all else, so that two of them are never in memory.
    result["seconds"]["reload"] = timed(lambda: model_class(path, threads), RELOADS)[0]
    return result


def measure_model(
    model_class: Any, path: str, threads: int, options: argparse.Namespace, system: System
) -> dict[str, Any]:
    """Does all of `measure` but loading again. Raises DeviceError."""
    from PIL import Image

    started = time.perf_counter()
    model = model_class(path, threads)
    load = time.perf_counter() - started
    rss_after_load = system.status_bytes("VmRSS")
    contract, result = model.contract, empty_result(path, threads)
    golden = golden_pixels(contract)
    pixels = resize(Image.fromarray(golden), input_size(contract["input"], *golden.shape[:2]))
    (first,), score = timed(lambda: model.run(pixels), 1)
    check_score(score, path)
    result["golden"] = golden_verdict(contract, pixels, score)
    decoded, resized = None, None
    if options.photo:
        decoded, resized, pixels = photo_steps(options.photo, contract)
    before = Moment(system)
    timed(lambda: model.run(pixels), options.warmup)
    celsius = system.temperature_c()
    values, score = counted(lambda: model.run(pixels), options)
    check_score(score, path)
    thermal = dict.fromkeys(("status_before", "status_after"))
    thermal.update(celsius_before=celsius, celsius_after=system.temperature_c())
    memory = {"peak_rss_bytes": system.status_bytes("VmHWM"), "private_bytes": system.private_bytes()}
    if options.minutes:
        result["sustained"] = list(sustained(lambda: model.run(pixels), 60 * options.minutes, system))
    result.update(
        model=contract["model"]["name"],
        version=contract["model"]["version"],
        runtime=model.runtime,
        precision=contract["precision"]["weights"],
        compute=contract["precision"]["compute"],
        score=score,
        seconds={"load": load, "first": first, "inference": values, "decode": decoded, "resize": resized},
        memory={**memory, "rss_after_load_bytes": rss_after_load, "peak_pss_bytes": None},
        flags=list(before.flags()),
        unit={"declared": "cpu", "used": "cpu"},  # the only one that the script gives the runtimes
        cool_down_seconds=options.cool_down,
        thermal=thermal,
    )
    if options.official:
        result["accuracy"] = accuracy(model, contract, path, options.reference)
    if not contract["verification"]["passed"]:
        result["flags"].append("verification: failed when the artifact was exported")
    return result


def accuracy(model: Any, contract: dict[str, Any], path: str, reference: str | None) -> dict[str, Any]:
    """Returns the scores of the set of pictures, and Python's if the file ``reference`` has those of this
    very artifact.

    Raises DeviceError.
    """
    from PIL import Image

    scores = []
    for number in range(PICTURE_COUNT):
        picture = make_picture(number)
        pixels = resize(Image.fromarray(picture), input_size(contract["input"], *picture.shape[:2]))
        scores.append(model.run(pixels))
    return {
        "pictures": PICTURES,
        "scores": scores,
        "reference": reference and reference_scores(reference, sha256_of(path)),
        "tolerance": contract["golden"]["tolerance"],
    }


def reference_scores(path: str, digest: str) -> list[float] | None:
    """Returns the SDK's scores of the pictures by the artifact with this digest; None if the benchmark file
    has none.

    Raises DeviceError.
    """
    try:
        with open(path, encoding="utf-8") as file:
            results = json.load(file)["results"]
        for result in results:
            scores = result.get("accuracy")
            if result.get("sha256") == digest and scores and scores["pictures"] == PICTURES:
                return [float(score) for score in scores["reference"] or scores["scores"]]
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise DeviceError(f"{path}: is not a benchmark file ({one_line(error)})") from error
    return None


def sha256_of(path: str) -> str:
    with open(path, "rb") as file:
        return sha256_of_head(file, os.path.getsize(path))


def joined(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns one result for several rounds: all values, the largest memory, all flags; or an error."""
    failed = [one for one in rounds if one["error"]]
    if failed:
        return failed[0]
    result, seconds = dict(rounds[-1]), [one["seconds"] for one in rounds]
    result["seconds"] = {
        **{step: median(each[step] for each in seconds) for step in ("load", "first")},
        **{
            step: statistics([each[step] for each in seconds]) if seconds[0][step] else None
            for step in ("inference", "decode", "resize", "reload")
        },
    }
    if result["thermal"]:
        result["thermal"]["celsius_before"] = rounds[0]["thermal"]["celsius_before"]
    result["memory"] = {
        key: max((one["memory"][key] for one in rounds if one["memory"][key] is not None), default=None)
        for key in result["memory"]
    }
    result["golden"] = next((one["golden"] for one in rounds if not one["golden"]["ok"]), result["golden"])
    flags = [*flags_of(result), *(flag for one in rounds for flag in one["flags"])]
    if len({one["score"] for one in rounds}) > 1:
        flags.append("golden: the score is another one in each process")
        result["golden"] = {**result["golden"], "ok": False}
    result["flags"] = list(dict.fromkeys(flags))
    return result


def verdict(result: dict[str, Any]) -> dict[str, Any]:
    """Returns whether a result is valid, and why not: docs/benchmark.md, "A valid result"."""
    reasons: dict[str, str] = {}
    if result["error"] or not result["seconds"]:
        reasons["error"] = result["error"] or "nothing was measured"
    else:
        reasons.update(time_reasons(result["seconds"]["inference"]))
        if result["golden"]:
            if not result["golden"]["ok"]:
                reasons["golden"] = "the golden score is wrong"
            reasons.update(accuracy_reasons(result["accuracy"]))
        thermal, unit = result["thermal"] or {}, result["unit"]
        highest = max(thermal.get("status_before") or 0, thermal.get("status_after") or 0)
        if highest:
            reasons["hot"] = f"the thermal status reached {highest}"
        if result["cool_down_seconds"] < LEAST_COOL_DOWN:
            reasons["cool-down"] = (
                f"{result['cool_down_seconds']:g} s without work before a run; "
                f"{LEAST_COOL_DOWN:g} s are required"
            )
        if unit and unit["used"] != unit["declared"]:
            reasons["unit"] = f"{unit['used']} ran in place of {unit['declared']}"
    for flag in result["flags"]:
        name, _, text = flag.partition(":")
        if name in FLAG_REASONS:
            reasons.setdefault(name, text.strip())
    return {"valid": not reasons, "reasons": [{"kind": kind, "text": reasons[kind]} for kind in reasons]}


def time_reasons(inference: dict[str, Any]) -> Iterator[tuple[str, str]]:
    values = inference["values"]
    if len(values) < FEWEST_RUNS and sum(values) < FEWEST_SECONDS:
        yield (
            "runs",
            f"{len(values)} runs in {sum(values):.1f} s; {FEWEST_RUNS} runs or {FEWEST_SECONDS:g} s are "
            "required",
        )
    if inference["mad"] > WIDEST_SPREAD * inference["median"]:
        yield "spread", f"MAD is {inference['mad'] / inference['median']:.0%} of the median"
    quarter = len(values) // 4
    if quarter:
        slower = median(values[-quarter:]) / median(values[:quarter]) - 1
        if slower > MOST_SLOWDOWN:
            yield "slowdown", f"the last quarter of the runs was {slower:.0%} slower"


def accuracy_reasons(scored: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    if not scored:
        yield "accuracy", "the set of pictures was not scored"
    elif not scored["reference"] or len(scored["reference"]) != len(scored["scores"]):
        yield "accuracy", "the scores of the pictures were not compared with Python's"
    else:
        largest = max(map(abs, map(operator.sub, scored["scores"], scored["reference"])))
        if largest > scored["tolerance"]:
            yield (
                "accuracy",
                f"a score differs from Python's by {largest:.2g}; {scored['tolerance']:.2g} is allowed",
            )


def photo_steps(path: str, contract: dict[str, Any]) -> tuple[list[float], list[float], Any]:
    """Returns the seconds of decoding, the seconds of resizing, and the model's input."""
    decoded, (image, size) = timed(lambda: decode(path, contract), PHOTO_RUNS)
    resized, pixels = timed(lambda: resize(image, size), PHOTO_RUNS)
    return decoded, resized, pixels


def check_score(score: float, path: str) -> None:
    """Raises DeviceError unless the score is from 0 to 1, as every contract promises."""
    if not 0 <= score <= 1:  # NaN is not
        raise DeviceError(
            f"{path}: the model answered {score}, but its contract promises 0 to 1; export it again"
        )


def label(path: str, threads: int) -> str:
    noun = "thread" if threads == 1 else "threads"
    return f"{os.path.basename(path)}, {threads} {noun}"


def empty_result(path: str, threads: int, error: str | None = None) -> dict[str, Any]:
    """Returns a result in which nothing has been measured yet."""
    keys = (
        "golden", "score", "seconds", "memory", "throughput", "sustained", "energy_joules_per_photo", "unit",
        "thermal", "accuracy",
    )  # fmt: skip
    return {
        "label": label(path, threads),
        "artifact": path,
        "model": "",
        "version": "",
        "runtime": {".onnx": "onnx", ".tflite": "litert"}.get(os.path.splitext(path)[1], ""),
        "precision": "",
        "threads": threads,
        "error": error,
        "flags": [],
        "size_bytes": os.path.getsize(path) if os.path.isfile(path) else None,
        "sha256": sha256_of(path) if os.path.isfile(path) else None,
        "cool_down_seconds": 0.0,
        **dict.fromkeys(keys),
    }


def golden_verdict(contract: dict[str, Any], pixels: Any, score: float) -> dict[str, Any]:
    """Returns whether resizing gives the promised bytes here, and the model the promised score."""
    golden = contract["golden"]
    exact = hashlib.sha256(pixels.tobytes()).hexdigest() == golden["input_sha256"]
    near = abs(score - golden["score"]) <= golden["tolerance"]
    return {
        "expected": golden["score"],
        "found": score,
        "tolerance": golden["tolerance"],
        "resize_exact": exact,
        "ok": exact and near,
    }


def sustained(run: Callable[[], Any], seconds: float, system: System) -> Iterator[dict[str, Any]]:
    """Runs without a pause and yields, for each window, median, p90, temperature and frequency."""
    started = time.perf_counter()
    window = min(WINDOW_SECONDS, seconds)
    while time.perf_counter() - started < seconds:
        opened = time.perf_counter()
        values: list[float] = []
        while not values or time.perf_counter() - opened < window:
            values.extend(timed(run, 1)[0])
        row = {
            "second": time.perf_counter() - started,
            "median": median(values),
            "p90": percentile(values, 0.9),
            "temperature_c": system.temperature_c(),
            "mhz": system.mhz(),
        }
        print_line(describe(row))
        yield row


def flags_of(result: dict[str, Any]) -> Iterator[str]:
    """Yields the reasons why a result should not be believed, from its own figures."""
    golden, inference, windows = result["golden"], result["seconds"]["inference"], result["sustained"]
    if not golden["resize_exact"]:
        yield "golden: resizing gives other bytes than the contract promises"
    elif not golden["ok"]:
        yield "golden: scored {found:.6g}, expected {expected:.6g}".format(**golden)
    count = len(inference["values"])
    if count < FEW_RUNS:
        yield f"runs: only {count}"
    if inference["mad"] > WIDEST_SPREAD * inference["median"]:
        yield f"spread: MAD is {inference['mad'] / inference['median']:.0%} of the median"
    if windows and windows[-1]["median"] > SLOWER * windows[0]["median"]:
        slower = windows[-1]["median"] / windows[0]["median"] - 1
        yield f"slowdown: by {slower:.0%} in {windows[-1]['second']:.0f} s"


class Moment:
    """The state of the machine when timing began, to tell later what disturbed it."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._caps, self._throttled = system.frequency_caps(), system.pi_throttled()
        self._cpu = system.cpu_seconds()
        self._wall, self._own = time.perf_counter(), time.process_time()

    def flags(self) -> Iterator[str]:
        """Yields what happened to the machine since then."""
        system = self._system
        if system.emulated():
            yield "emulated: by qemu; the scores count, times and memory mean nothing"
        governors = [name for name in system.governors() if name != "performance"]
        if governors:
            yield f"governor: {', '.join(governors)}, not performance"
        caps, throttled = system.frequency_caps(), system.pi_throttled()
        if len(caps) == len(self._caps) and any(map(operator.lt, caps, self._caps)):
            yield "throttled: the highest allowed frequency was lowered"
        if throttled & 0xF or throttled >> 16 & ~(self._throttled >> 16):
            yield f"throttled: or too little voltage, says the firmware (0x{throttled:x})"
        yield from self._load()

    def _load(self) -> Iterator[str]:
        cpu, elapsed = self._system.cpu_seconds(), time.perf_counter() - self._wall
        if cpu is None or self._cpu is None or elapsed < 1:  # the kernel counts in hundredths of a second
            return
        capacity = elapsed * (os.cpu_count() or 1)
        others = (cpu[0] - self._cpu[0] - (time.process_time() - self._own)) / capacity
        stolen = (cpu[1] - self._cpu[1]) / capacity
        if others > BUSY:
            yield f"other-load: other processes used {others:.0%} of the CPUs"
        if stolen > STOLEN:
            yield f"steal: the hypervisor gave {stolen:.0%} of the CPUs to others"


# --- The command -----------------------------------------------------------------------------------------


def in_fresh_process(path: str, threads: int, options: argparse.Namespace, system: System) -> dict[str, Any]:
    """Runs `measure` in a child process, so that artifacts do not share memory and a crash ends one row
    only.
    """
    source, sink = os.pipe()
    # Forked: nothing is loaded yet, and under qemu-user no program can be started by its path.
    child = os.fork()
    if child == 0:
        os.close(source)
        with os.fdopen(sink, "wb") as pipe:
            pipe.write(json.dumps(measured(path, threads, options, system)).encode())
        os._exit(0)
    os.close(sink)
    with os.fdopen(source, "rb") as pipe:
        answer = pipe.read()
    status = os.waitpid(child, 0)[1]
    if status == 0:
        return dict(json.loads(answer))
    how = f"with exit status {status >> 8}"
    if status & 0x7F:
        how = f"by {signal.Signals(status & 0x7F).name}"
    hint = "; likely out of memory" if status & 0x7F == signal.SIGKILL else ""
    return empty_result(path, threads, f"{path}: the process was ended {how}{hint}")


def measured(path: str, threads: int, options: argparse.Namespace, system: System) -> dict[str, Any]:
    os.dup2(2, 1)  # whatever native code prints is not data
    try:
        return measure(path, threads, options, system)
    except DeviceError as error:
        return empty_result(path, threads, str(error))
    except MemoryError:
        return empty_result(path, threads, f"{path}: out of memory")
    except KeyboardInterrupt:
        os._exit(130)
    except Exception as error:
        return empty_result(path, threads, f"{path}: {type(error).__name__}: {one_line(error)}")


def verdict_lines(judged: dict[str, Any]) -> list[str]:
    if judged["valid"]:
        return ["  valid      yes"]
    return [f"  not valid  {reason['kind']}: {reason['text']}" for reason in judged["reasons"]]


def table(environment: dict[str, Any], results: list[dict[str, Any]], official: bool) -> str:
    """Returns the results as a table, in milliseconds and megabytes, with the verdict if it is official."""
    lines = ["{machine}; {cpu}; {cpus} CPUs; {os}; Python {python}".format(**environment)]
    lines.append(", ".join(f"{name} {version}" for name, version in environment["packages"].items()))
    for result in results:
        lines += ["", result["label"]]
        if not result["error"]:
            lines[-1] += ": {model} {version}, weights {precision}, arithmetic {compute}".format(**result)
        lines += [f"  error      {result['error']}"] if result["error"] else figures(result)
        lines += [f"  flag       {flag}" for flag in result["flags"]]
        if official:
            lines += verdict_lines(result["verdict"])
    return "\n".join(lines)


def figures(result: dict[str, Any]) -> Iterator[str]:
    """Yields the lines of a result that was measured."""
    golden, seconds, memory = result["golden"], result["seconds"], result["memory"]
    verdict = "ok" if golden["ok"] else "OFF"
    yield f"  golden     {golden['found']:.6f} for {golden['expected']:.6f}: {verdict}"
    yield f"  score      {result['score']:.6f}"
    yield f"  load       {1e3 * seconds['load']:9.2f} ms    first {1e3 * seconds['first']:.2f}"
    for step in ("reload", "decode", "resize", "inference"):
        if seconds[step]:
            keys = ("median", "p90", "p99", "min", "mad")
            middle, p90, p99, least, mad = (1e3 * seconds[step][key] for key in keys)
            tail = f"p90 {p90:.2f}  p99 {p99:.2f}  min {least:.2f}  MAD {mad:.2f}"
            yield f"  {step:10} {middle:9.2f} ms    {tail}"
    if memory["peak_rss_bytes"] and memory["rss_after_load_bytes"]:
        peak, after = memory["peak_rss_bytes"] / 1e6, memory["rss_after_load_bytes"] / 1e6
        yield f"  memory     {peak:9.1f} MB    after load {after:.1f}"
    yield from map(describe, result["sustained"] or [])


def describe(window: dict[str, Any]) -> str:
    """Returns a line for a window of a sustained run."""
    line = f"  {window['second']:8.0f} s {1e3 * window['median']:9.2f} ms    p90 {1e3 * window['p90']:.2f}"
    if window["temperature_c"] is not None:
        line += f"  {window['temperature_c']:.1f} C"
    return line + (f"  {window['mhz']:.0f} MHz" if window["mhz"] else "")


def one_line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    # Control characters and stray surrogates are shown as escapes.
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return text if len(text) <= 300 else text[:300] + "..."


def print_line(line: str) -> None:
    """Prints progress, if someone is watching."""
    if sys.stderr.isatty():
        print(line, file=sys.stderr)


def whole(minimum: int, maximum: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isdecimal() and minimum <= int(text) <= maximum):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {minimum} to {maximum}")
        return int(text)

    return number


def thread_counts(text: str) -> list[int]:
    return [whole(1, 1024)(part.strip()) for part in text.split(",")]


def minutes(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 1440:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes above 0 and up to 1440")
    return value


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 3600")
    return value


def default_threads() -> int:
    """Returns OMP_NUM_THREADS, else the number of CPUs that this process may use."""
    value = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(value) if value.isdecimal() and 1 <= int(value) <= 1024 else usable_cpus()


def arguments() -> argparse.Namespace:
    about, _, details = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=about, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("artifacts", nargs="+", metavar="ARTIFACT", help=".onnx or .tflite file, or the folder of one")
    add(
        "--photo",
        help="time decoding and resizing of this photo too, and score it (default: the golden image)",
    )
    add("--threads", type=thread_counts, help="one or more: 1,2,4 (default: OMP_NUM_THREADS, else all CPUs)")
    add("--warmup", type=whole(0, 1000), default=3, help="inferences before those that count (default: 3)")
    add("--rounds", type=whole(1, 1000), default=3, help="fresh processes of each, in turn (default: 3)")
    add("--runs", type=whole(1, 100000), default=10, help="inferences of a round that count (default: 10)")
    add(
        "--minutes",
        type=minutes,
        help="then go on for so long without a pause: medians of 10-second windows, temperature, frequency",
    )
    add(
        "--official",
        action="store_true",
        help="measure by the rules of a valid result: 1024 runs or 60 s over all rounds, a pause of 30 s "
        "before each, and the scores of 100 pictures; the exit status is 1 without validity",
    )
    add("--cool-down", type=seconds, help="idle seconds before each round (default: 0, with --official 30)")
    add(
        "--reference", metavar="FILE", help="benchmark JSON of `mobileiqa benchmark --official` on a computer"
    )
    add("--json", metavar="FILE", help="write benchmark JSON here; - is stdout instead of the table")
    add("--sys", default="/sys", help="where temperatures and frequencies are read (default: /sys)")
    options = parser.parse_args()
    if options.cool_down is None:
        options.cool_down = LEAST_COOL_DOWN if options.official else 0.0
    return options


def write(text: str, path: str) -> None:
    if path == "-":
        print(text)
        return
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(text + "\n")
    os.replace(path + ".part", path)


def all_rounds(options: argparse.Namespace, counts: list[int], system: System) -> list[list[dict[str, Any]]]:
    """Measures all rounds of each artifact and thread count, in turn: a phone that slows down affects all of
    them.
    """
    configurations = [(given, threads) for given in options.artifacts for threads in counts]
    rounds: list[list[dict[str, Any]]] = [[] for _ in configurations]
    minutes = options.minutes
    for number in range(1, options.rounds + 1):
        options.minutes = minutes if number == options.rounds else None
        for (given, threads), done in zip(configurations, rounds):  # noqa: B905 - Python 3.8 knows no strict
            print_line(f"round {number} of {options.rounds}: {label(given, threads)}")
            time.sleep(options.cool_down)
            if options.official:
                set_shares(options, done, options.rounds - number + 1)
            try:
                done.append(in_fresh_process(find_artifact(given), threads, options, system))
            except DeviceError as error:
                done.append(empty_result(given, threads, str(error)))
    options.minutes = minutes
    return rounds


def set_shares(options: argparse.Namespace, done: list[dict[str, Any]], rounds_left: int) -> None:
    """Sets how many runs, or seconds, of a round are enough for all rounds together to be valid."""
    values = [value for one in done if one["seconds"] for value in one["seconds"]["inference"]]
    options.enough_runs = max(-(-(FEWEST_RUNS - len(values)) // rounds_left), 1)
    options.enough_seconds = max((FEWEST_SECONDS - sum(values)) / rounds_left, 0.0)


def is_failed(result: dict[str, Any]) -> bool:
    """Returns whether a result could not be measured or is not to be believed."""
    if result["error"] or not result["golden"]["ok"]:
        return True
    return any(flag.startswith("verification:") for flag in result["flags"])


def main() -> int:
    options = arguments()
    system = System(sys_=options.sys)
    environment = system.environment()
    counts = options.threads or [default_threads()]
    results = [joined(rounds) for rounds in all_rounds(options, counts, system)]
    for result in results:
        result["verdict"] = verdict(result)
    failed = [result for result in results if is_failed(result)]
    settings = {
        "threads": counts,
        "runs": options.runs,
        "warmup": options.warmup,
        "rounds": options.rounds,
        "minutes": options.minutes,
        "official": options.official,
        "cool_down": options.cool_down,
        "photo": options.photo,
    }
    flags = [f"{len(failed)} of {len(results)} results failed or are not to be believed"] if failed else []
    document = {
        "schema": 1,
        "kind": "mobileiqa-benchmark",
        "environment": environment,
        "settings": settings,
        "results": results,
        "flags": flags,
    }
    if options.json != "-":
        print(table(environment, results, options.official))
    if options.json:
        try:
            write(json.dumps(document, indent=2, allow_nan=False), options.json)
        except OSError as error:
            print(f"{options.json}: cannot be written ({error})", file=sys.stderr)
            return 1
    invalid = options.official and not all(result["verdict"]["valid"] for result in results)
    return 1 if failed or invalid else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
