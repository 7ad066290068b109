"""Recognises the raw files of cameras, so that they can be refused.

They hold what the sensor measured, which every raw developer turns into another picture, and a small preview.
The SDK scores neither: the score of a preview would be taken for that of the photo.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ._refusal import Refusal
from .errors import PhotoUnsupported

SUFFIXES = frozenset(
    (
        ".3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .fff .gpr .iiq .kdc .mef .mos .mrw .nef .nrw .orf .pef .raf "
        ".raw .rw2 .rwl .sr2 .srf .srw .x3f"
    ).split()
)
"""Suffixes of raw files. In a folder, they get a row, so that nobody assumes that they were scored."""

# Where in the file, what is there, and what the file is. Those at 8 are TIFF files as well.
_MAGIC = (
    (0, b"FUJIFILMCCD-RAW", "Fujifilm RAF"),
    (0, b"IIU\x00", "Panasonic RW2"),
    (0, b"IIRO", "Olympus ORF"),
    (0, b"IIRS", "Olympus ORF"),
    (0, b"MMOR", "Olympus ORF"),
    (0, b"\x00MRM", "Minolta MRW"),
    (0, b"FOVb", "Sigma X3F"),
    (4, b"ftypcrx ", "Canon CR3"),
    (6, b"HEAPCCDR", "Canon CRW"),
    (8, b"CR\x02", "Canon CR2"),
    (8, b"IIII", "Phase One IIQ"),
    (8, b"MMMM", "Phase One IIQ"),
    (25, b"ARECOYK", "Contax RAW"),
)

# Tags of TIFF (Exif 2.32, TIFF/EP, DNG 1.6).
_SUBFILE, _COMPRESSION, _PHOTOMETRIC, _MAKE = 254, 259, 262, 271
_TIFF_EP = 37398
_OLD_JPEG = 6
# Tags of sensors, and the formats that they are of.
_SENSOR_TAGS = {
    50706: "Adobe DNG",  # DNGVersion
    34310: "Leaf MOS",  # LeafData
    65024: "Kodak KDC",  # KDC_IFD
    33421: None,  # CFARepeatPatternDim
    33422: None,  # CFAPattern
    50740: None,  # DNGPrivateData
}
_SENSOR_PHOTOMETRICS = (32803, 34892)  # CFA, LinearRaw
_SENSOR_COMPRESSIONS = {
    262: "Kodak KDC",
    32767: "Sony ARW",
    32769: "a packed raw format",
    32770: "Samsung SRW",
    32772: "Samsung SRW",
    32867: "Kodak KDC",
    34713: "Nikon NEF",
    34892: "Adobe DNG",
    65000: "Kodak DCR",
    65535: "Pentax PEF",
}
_MAKERS = {
    "nikon": "Nikon NEF",
    "sony": "Sony ARW",
    "pentax": "Pentax PEF",
    "ricoh": "Pentax PEF",
    "samsung": "Samsung SRW",
    "hasselblad": "Hasselblad 3FR",
    "kodak": "Kodak DCR",
    "epson": "Epson ERF",
    "canon": "Canon CR2",
    "mamiya": "Mamiya MEF",
    "leaf": "Leaf MOS",
    "phase one": "Phase One IIQ",
}


def check_start(head: bytes) -> None:
    """Refuses a file whose first bytes announce a raw format.

    Raises:
        Refusal: a raw file.
    """
    for start, magic, name in _MAGIC:
        if head.startswith(magic, start):
            raise _refusal(name)


def check_directories(directories: Sequence[Mapping[int, object]]) -> None:
    """Refuses a TIFF file that holds what a sensor measured.

    Args:
        directories: tags of the first page, of the others and of what is below them: numbers, texts, tuples
            of numbers, or None for a value that is not known.

    Raises:
        Refusal: a raw file.
    """
    for directory in directories:
        compression = directory.get(_COMPRESSION)
        if compression in _SENSOR_COMPRESSIONS:
            raise _refusal(_SENSOR_COMPRESSIONS[compression])
        is_sensor = any(tag in directory for tag in _SENSOR_TAGS)
        if is_sensor or directory.get(_PHOTOMETRIC) in _SENSOR_PHOTOMETRICS:
            raise _refusal(_name(directories))
    first = directories[0] if directories else {}
    subfile = first.get(_SUBFILE)
    if _TIFF_EP in first and isinstance(subfile, int) and subfile & 1:  # a photo precedes its thumbnail
        raise _refusal(_name(directories))
    # A whole JPEG as the only strip, of colours that are not named: the preview with which a CR2 begins.
    is_past_colours = any(tag > _PHOTOMETRIC for tag in first)
    if first.get(_COMPRESSION) == _OLD_JPEG and _PHOTOMETRIC not in first and is_past_colours:
        raise _refusal(_name(directories, "Canon CR2"))


def _name(directories: Sequence[Mapping[int, object]], default: str = "a TIFF of sensor data") -> str:
    for tag, name in _SENSOR_TAGS.items():
        if name and any(tag in directory for directory in directories):
            return name
    makers = " ".join(str(directory.get(_MAKE, "")) for directory in directories).lower()
    return next((name for start, name in _MAKERS.items() if start in makers), default)


def _refusal(name: str) -> Refusal:
    return Refusal(
        PhotoUnsupported,
        f"is a camera's raw file ({name}), which has to be developed first; convert it to JPEG, PNG or TIFF",
    )
