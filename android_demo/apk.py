"""Zip archives of Android.

- `apk.py pack FOLDER APK` writes an APK,
- `apk.py check APK` checks one and lists it,
- `apk.py zip FOLDER FILE` writes any other archive (AAR, JAR), all of it compressed.

Packing gives the same bytes for the same files: sorted names, one date, no attributes. In an APK, what
Android maps into memory is stored, not compressed: shared libraries at multiples of a page (16 KB on newer
phones), the model and the resource table at multiples of 4. Debian's zipalign knows pages of 4 KB only.
"""

from __future__ import annotations

import struct
import sys
import zipfile
from pathlib import Path

PAGE = 16384
STORED = (".so", ".onnx", ".arsc", ".png")
DATE = (1980, 1, 1, 0, 0, 0)

ALIGNMENT_FIELD = 0xD935
"""Extra field of an entry that says its alignment, by which apksigner keeps it (apksig, ZipUtils)."""

_LOCAL_HEADER = 30
_FIELD_HEADER = 6
_ELF_LOAD = 1


def alignment(name: str) -> int:
    """Bytes at a multiple of which the data of a stored entry begins."""
    return PAGE if name.endswith(".so") else 4


def pack(folder: Path, archive_path: Path, stored: tuple[str, ...] = STORED) -> None:
    """Writes every file under the folder into a new archive; names that end as listed are not compressed."""
    files = sorted(
        (path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file()
    )
    with zipfile.ZipFile(archive_path, "w") as archive:
        for name, path in files:
            entry = zipfile.ZipInfo(name, DATE)
            entry.create_system = 0
            if name.endswith(stored):
                entry.extra = _padding(archive.start_dir, name)
            else:
                entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes(), compresslevel=9)


def _padding(at: int, name: str) -> bytes:
    """The extra field that moves the data of an entry whose header lies at this offset."""
    multiple = alignment(name)
    data = at + _LOCAL_HEADER + len(name.encode()) + _FIELD_HEADER
    zeros = -data % multiple
    return struct.pack("<HHH", ALIGNMENT_FIELD, 2 + zeros, multiple) + bytes(zeros)


def faults(apk: Path) -> list[str]:
    """What would keep Android from mapping the stored entries, or from taking 16 KB pages."""
    found = []
    data = apk.read_bytes()
    with zipfile.ZipFile(apk) as archive:
        for entry in archive.infolist():
            if not entry.filename.endswith(STORED):
                continue
            if entry.compress_type != zipfile.ZIP_STORED:
                found.append(f"{entry.filename} is compressed")
            elif _data_offset(data, entry) % alignment(entry.filename):
                found.append(f"{entry.filename} is not aligned to {alignment(entry.filename)}")
            if entry.filename.endswith(".so"):
                found += [f"{entry.filename}: {fault}" for fault in elf_faults(archive.read(entry))]
    return found


def _data_offset(data: bytes, entry: zipfile.ZipInfo) -> int:
    name, extra = struct.unpack_from("<HH", data, entry.header_offset + 26)
    return int(entry.header_offset + _LOCAL_HEADER + name + extra)


def elf_faults(library: bytes) -> list[str]:
    """Loadable segments of a 64-bit little-endian ELF file that do not suit 16 KB pages."""
    if library[:6] != b"\x7fELF\x02\x01":
        return ["is no 64-bit little-endian ELF file"]
    table, size, count = struct.unpack_from("<Q14xHH", library, 32)
    found = []
    for i in range(count):
        kind, _, offset, address, _, _, _, align = struct.unpack_from("<IIQQQQQQ", library, table + i * size)
        if kind == _ELF_LOAD and (align % PAGE or align == 0 or (address - offset) % PAGE):
            found.append(f"its segment at {address:#x} is aligned to {align}, not to {PAGE}")
    return found


def listing(apk: Path) -> str:
    """A line for every entry: bytes in the archive, bytes, name; then the size of all."""
    with zipfile.ZipFile(apk) as archive:
        rows = [
            f"{entry.compress_size:>10} {entry.file_size:>10}  {entry.filename}"
            for entry in archive.infolist()
        ]
    return "\n".join([*rows, f"{apk.stat().st_size:>10}             {apk.name}"])


def main() -> int:
    """Exit 0 when all is fine, 1 for faults, 2 for wrong usage."""
    match sys.argv[1:]:
        case ["pack", folder, apk]:
            pack(Path(folder), Path(apk))
        case ["zip", folder, archive]:
            pack(Path(folder), Path(archive), stored=())
        case ["check", apk]:
            print(listing(Path(apk)))
            found = faults(Path(apk))
            print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
            return 1 if found else 0
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
