"""What untrusted bytes are given to, and intact files to begin with.

A target may answer, or refuse with a `MobileIQAError` of one printable line. Whatever else happens, and
`InternalError`, is a bug.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, features

from mobileiqa_sdk import InternalError, MobileIQAError, Scorer
from mobileiqa_sdk._text import printable
from mobileiqa_sdk.contract import METADATA_KEY, ModelContract
from mobileiqa_sdk.library import digest_of
from mobileiqa_sdk.photo import read_photo
from mobileiqa_sdk.results import ResultsFile
from mobileiqa_sdk.runtimes.onnx_file import read_metadata
from mobileiqa_sdk.runtimes.tflite_file import attach, read_contract
from tests.sdk import artifacts


@dataclass(frozen=True)
class Target:
    """Something that reads untrusted bytes.

    Attributes:
        read: takes the bytes, and a folder for those that read files.
        seeds: returns intact inputs, small ones.
    """

    read: Callable[[bytes, Path], None]
    seeds: Callable[[], list[bytes]]


def check(target: Target, data: bytes, folder: Path) -> bool:
    """Gives bytes to a target; returns whether it took them.

    Raises:
        AssertionError: it refused them with text that may not reach a terminal.
        InternalError: it failed.
    """
    try:
        target.read(data, folder)
    except InternalError:
        raise
    except MobileIQAError as error:
        if str(error) != printable(str(error)):
            raise AssertionError(f"not printable: {str(error)!r}") from error
        return False
    return True


def _read_photo(data: bytes, folder: Path) -> None:
    for fit in (None, lambda height, width: (8, 8)):
        image = read_photo(data, fit=fit)
        assert image.mode == "RGB"
        assert image.tobytes()


def _photos() -> list[bytes]:
    ramp = np.linspace(0, 255, 32 * 40 * 3).reshape(32, 40, 3).astype(np.uint8)
    picture = Image.fromarray(ramp)
    deep = Image.fromarray(ramp[..., 0].astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    written = [
        _encoded(picture, "JPEG", exif=exif),
        _encoded(picture, "JPEG", progressive=True),
        _encoded(picture.convert("CMYK"), "JPEG"),
        _encoded(picture, "PNG"),
        _encoded(picture.convert("P"), "PNG"),
        _encoded(deep, "PNG"),
        _encoded(picture.convert("RGBA"), "WEBP", lossless=True),
        _encoded(picture, "TIFF", compression="tiff_lzw"),
        _encoded(deep, "TIFF"),
        _encoded(picture, "GIF"),
        _encoded(picture, "BMP"),
    ]
    if features.check("avif"):
        written.append(_encoded(picture, "AVIF"))
    return written


def _encoded(image: Image.Image, file_format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def _read_contract(data: bytes, folder: Path) -> None:
    contract = ModelContract.from_json(data, "fuzz")
    assert ModelContract.from_json(contract.to_json(), "fuzz") == contract


def _contracts() -> list[bytes]:
    made = (artifacts.contract(), artifacts.contract_v2(), artifacts.free_contract())
    return [json.dumps(values).encode() for values in made]


def _read_onnx(data: bytes, folder: Path) -> None:
    path = folder / "model.onnx"
    path.write_bytes(data)
    read_metadata(path, METADATA_KEY)


def _onnx_files() -> list[bytes]:
    return [artifacts.model(), artifacts.free_model()]


def _read_tflite(data: bytes, folder: Path) -> None:
    path = folder / "model.tflite"
    path.write_bytes(data)
    read_contract(path)


def _tflite_files() -> list[bytes]:
    return [attach(b"\x20\0\0\0TFL3" + bytes(24), json.dumps(artifacts.contract()))]


def _read_results(data: bytes, folder: Path) -> None:
    path = folder / "results.jsonl"
    path.write_bytes(data)
    results = ResultsFile(path, _scorer())
    try:
        results.missing(["a.jpg"])
        results.write([{"path": "a.jpg", "score": 0.5, "error": None}])
    finally:
        results.close()
    ResultsFile(path, _scorer()).close()  # what it wrote, it can read


def _results_files() -> list[bytes]:
    scorer = _scorer()
    contract = scorer.contract.model
    digest = digest_of(scorer.path)
    model = {"name": contract.name, "version": contract.version, "sha256": digest, "decode": scorer.decode}
    row = {"path": "a.jpg", "score": 0.5, "bytes": 1, "modified_ns": 2, "model": model}
    line = json.dumps(row).encode() + b"\n"
    return [b"", line, line + line[:30]]


@cache
def _scorer() -> Scorer:
    return Scorer(threads=1)


TARGETS = {
    "photo": Target(_read_photo, _photos),
    "contract": Target(_read_contract, _contracts),
    "onnx": Target(_read_onnx, _onnx_files),
    "tflite": Target(_read_tflite, _tflite_files),
    "results": Target(_read_results, _results_files),
}
