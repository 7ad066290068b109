"""CLIVE, the LIVE In the Wild Image Quality Challenge Database: Ghadiyaram and Bovik, Massive Online
Crowdsourced Study of Subjective and Objective Picture Quality, 2016.

1,162 photos of mobile devices with about 175 crowd ratings each; from live.ece.utexas.edu, as the folder
ChallengeDB_release::

    Images/3.bmp ...                Images/trainingImages/t1.bmp ... are those that observers practised on
    Data/AllImages_release.mat      AllImages_release: 1169 names, the first seven those of practice
    Data/AllMOS_release.mat         AllMOS_release: 1169 MOS (0..100) in the same order

MOS 0..100 becomes 0..1; the practice photos are left out, as is customary. There is no official split.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.io import loadmat

from mobileiqa_sdk._text import first_line

from ..errors import DatasetNotFound, TableInvalid
from .rated import ImageFolder, RatedPhoto, some
from .tables import scaled

IMAGES, DATA = "Images", "Data"
NAMES, MOS = "AllImages_release", "AllMOS_release"
PRACTICE = 7
SCALE = (0, 100)


def read(root: Path, split: str) -> list[RatedPhoto]:
    """Returns all photos except those of practice. Raises as `read_dataset` does."""
    names, opinions = (_vector(root / DATA / f"{variable}.mat", variable) for variable in (NAMES, MOS))
    if len(names) != len(opinions):
        raise TableInvalid(
            f"{root / DATA}: {NAMES} has {len(names)} entries and {MOS} {len(opinions)}; get a complete copy"
        )
    images = ImageFolder(root / IMAGES)
    photos = []
    for cell, value in list(zip(names, opinions, strict=True))[PRACTICE:]:
        name = str(cell.item() if isinstance(cell, np.ndarray) and cell.size == 1 else cell)
        opinion = scaled(float(value), SCALE) if np.isreal(value) else None
        if opinion is None:
            raise TableInvalid(f"{root / DATA / MOS}.mat: {name!r} has MOS {value}, not in 0..100")
        photos.append(RatedPhoto(images.find(name), opinion))
    if not photos:
        raise TableInvalid(f"{root / DATA / NAMES}.mat: names no photos beyond those of practice")
    return some(photos, f"{NAMES}.mat")


def _vector(path: Path, variable: str) -> npt.NDArray[Any]:
    if not path.is_file():
        raise DatasetNotFound(
            f"{path} is missing; {path.parents[1]} is not a copy of LIVE in the Wild; give the folder of one"
        )
    try:
        content = loadmat(path, variable_names=[variable])
    except MemoryError:
        raise
    # loadmat raises whatever its parsers raise on a damaged file.
    except Exception as error:
        raise TableInvalid(
            f"{path}: cannot be read as a MATLAB file ({first_line(error)}); get a complete copy"
        ) from error
    if variable not in content:
        raise TableInvalid(f"{path}: holds no variable {variable}; get a complete copy")
    values: npt.NDArray[Any] = np.asarray(content[variable]).ravel()
    return values
