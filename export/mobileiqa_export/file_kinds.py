"""Recognises files that are mistaken for checkpoints, by their first bytes."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

_FIRST = 4096
_SIGNATURES = (
    (b"\x93NUMPY", "an array of numpy"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras and h5py write"),
    (b"GGUF", "a GGUF file of llama.cpp"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "compressed by gzip; unpack it first"),
    (b"BZh", "compressed by bzip2; unpack it first"),
    (b"\xfd7zXZ", "compressed by xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"version https://git-lfs", "a pointer of Git LFS; fetch the file itself by git lfs pull"),
)


def other_kind(path: Path) -> str:
    """Returns what a file is if it is known not to be a checkpoint, and what to do; empty for others."""
    with open(path, "rb") as file:
        first = file.read(_FIRST)
    for signature, kind in _SIGNATURES:
        if first.startswith(signature):
            return kind
    if first[4:8] == b"TFL3":
        return "a TFLite model"
    if first[257:262] == b"ustar":
        return "a tar archive; unpack it first"
    text = first.lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page; download the file itself"
    if text.startswith(b"{"):
        return _json_kind(path)
    # Its first field is the version of the format; a checkpoint begins with PK or a pickle's 0x80.
    if first[:1] == b"\x08" and b"\0" < first[1:2] < b"\x20":
        return "an ONNX model; its weights are taken from the PyTorch checkpoint that it was made from"
    return _archive_kind(path) if first.startswith(b"PK") else ""


def is_safetensors(path: Path) -> bool:
    """Returns whether a file begins like ``.safetensors``: the length of a JSON object, then that object."""
    with open(path, "rb") as file:
        first = file.read(9)
    length = int.from_bytes(first[:8], "little")
    return first[8:] == b"{" and length < path.stat().st_size


def _json_kind(path: Path) -> str:
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return ""
    if isinstance(content, dict) and "weight_map" in content:
        return "the index of weights in several files; join them, and save one state_dict"
    return "JSON text"


def _archive_kind(path: Path) -> str:
    """Returns what a zip archive holds instead of a state_dict."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
    except Exception:  # a damaged archive makes zipfile raise nearly anything
        return ""
    inner = {name.partition("/")[2] for name in names}
    if "constants.pkl" in inner:
        return "a TorchScript program, not a state_dict; save torch.save(model.state_dict(), path)"
    if "archive_format" in inner:
        return "a torch.export program, not a state_dict; save torch.save(model.state_dict(), path)"
    if "data.pkl" in inner or not names:
        return ""
    if all(name.endswith(".npy") for name in names):
        return "an archive of numpy arrays (.npz); save them as tensors by torch.save"
    return "a zip archive of other files; unpack it first"
