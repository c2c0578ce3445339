"""Folders of pictures and truth masks, held in memory, small.

Must not know: networks, augmentation.
Complication: pictures are held out by a checksum of their name, so that
adding pictures never moves one from validation to training.

A folder has `images/NAME.jpg|png`, `truth/NAME.png` (grey, above 127 is a
person) and, if wanted, `ignore/NAME.png` (above 127: opinions differ,
this pixel is not measured and teaches little or nothing).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")
SIDE_MAX = 576          # pictures are kept with at most this longer side
PERSON_ABOVE = 127      # grey level in a mask
ROUGH_REACH = 3         # pixels to either side of an outline drawn by hand


class BadPicture(Exception):
    """A picture or mask that cannot be used; the text says which."""


@dataclass(frozen=True)
class Entry:
    """One picture on disk."""

    folder: str             # name of its folder, for reports
    image: Path
    truth: Path
    ignore: Path | None     # None: every pixel counts

    @property
    def name(self) -> str:
        """The name its files share."""
        return self.image.stem


@dataclass
class Picture:
    """One picture in memory."""

    folder: str
    name: str
    rgb: np.ndarray         # uint8 [h, w, 3]
    truth: np.ndarray       # uint8 [h, w], 0..255: share of person
    counts: np.ndarray      # uint8 [h, w], 255: counts, 0: ignored; 1 to
                            # 127: ignored, but teaches a little

    @property
    def has_people(self) -> bool:
        """Whether anything in it is a person."""
        return bool((self.truth > PERSON_ABOVE).any())


def list_folder(folder: Path) -> list[Entry]:
    """The pictures of a folder, by name; every one needs its truth."""
    images = sorted(p for p in (folder / "images").iterdir()
                    if p.suffix.lower() in IMAGE_SUFFIXES)
    if not images:
        raise BadPicture(f"{folder}/images: no pictures")
    entries = []
    for image in images:
        truth = folder / "truth" / f"{image.stem}.png"
        if not truth.exists():
            raise BadPicture(f"{truth}: missing")
        ignore = folder / "ignore" / f"{image.stem}.png"
        entries.append(Entry(folder.name, image, truth,
                             ignore if ignore.exists() else None))
    return entries


def is_held_out(name: str, one_in: int) -> bool:
    """Whether a picture is for validation; `one_in` 0: none is."""
    return one_in > 0 and zlib.crc32(name.encode()) % one_in == 0


def read(path: Path, flags: int) -> np.ndarray:
    """An image file as OpenCV reads it."""
    pixels = cv2.imread(str(path), flags)
    if pixels is None:
        raise BadPicture(f"{path}: not a readable image")
    return pixels


def load(entry: Entry, side_max: int = SIDE_MAX, doubt: float = 0.0
         ) -> Picture:
    """A picture, its longer side at most `side_max` (0: as it is).

    `doubt`: what an ignored pixel counts that truth calls a person.
    """
    assert 0 <= doubt < 0.5
    rgb = cv2.cvtColor(read(entry.image, cv2.IMREAD_COLOR),
                       cv2.COLOR_BGR2RGB)
    truth = read(entry.truth, cv2.IMREAD_GRAYSCALE)
    truth = np.where(truth > PERSON_ABOVE, 255, 0).astype(np.uint8)
    counts = np.full_like(truth, 255)
    if entry.ignore is not None:
        ignore = read(entry.ignore, cv2.IMREAD_GRAYSCALE)
        if ignore.shape != truth.shape:
            raise BadPicture(f"{entry.ignore}: not the truth's size")
        ignored = ignore > PERSON_ABOVE
        counts[ignored] = np.where(truth[ignored] > 0, round(255 * doubt), 0)
    if truth.shape != rgb.shape[:2]:
        raise BadPicture(f"{entry.truth}: not the picture's size")
    scale = side_max / max(truth.shape) if side_max else 1.0
    if scale < 1:
        size = (max(1, round(truth.shape[1] * scale)),
                max(1, round(truth.shape[0] * scale)))
        rgb, truth, counts = (
            cv2.resize(x, size, interpolation=cv2.INTER_AREA)
            for x in (rgb, truth, counts))
    return Picture(entry.folder, entry.name, rgb, truth, counts)


def forget_outline(picture: Picture) -> None:
    """Let the pixels about the outlines teach nothing.

    For truth made of polygons: it tells who is there, but the network
    draws outlines better than it does.
    """
    solid = (picture.truth > PERSON_ABOVE).astype(np.uint8)
    kernel = np.ones((2 * ROUGH_REACH + 1,) * 2, np.uint8)
    band = cv2.dilate(solid, kernel) != cv2.erode(solid, kernel)
    picture.counts[band] = 0


@dataclass
class Group:
    """The training pictures of one folder and how often they are shown."""

    name: str
    weight: float           # share of its folder among all, not per picture
    people: list[Picture]
    empty: list[Picture]


def parse_folder(text: str) -> tuple[Path, float]:
    """`PATH` or `PATH=WEIGHT`, as given on the command line."""
    path, _, weight = text.partition("=")
    value = float(weight) if weight else 1.0
    if not value > 0:
        raise BadPicture(f"{text}: the weight must be above 0")
    return Path(path), value


def load_groups(folders: list[tuple[Path, float]], hold_out: int,
                doubt: float, rough: list[str]) -> list[Group]:
    """All pictures that are for training.

    `rough`: names of the folders whose outlines are not to be learnt.
    """
    groups = []
    for path, weight in folders:
        pictures = [load(e, doubt=doubt) for e in list_folder(path)
                    if not is_held_out(e.name, hold_out)]
        if path.name in rough:
            for picture in pictures:
                forget_outline(picture)
        groups.append(Group(
            path.name, weight,
            [p for p in pictures if p.has_people],
            [p for p in pictures if not p.has_people]))
    return groups


def held_out(folders: list[Path], hold_out: int, most: int = 0
             ) -> list[Entry]:
    """Entries kept for validation, at most `most` a folder (0: all)."""
    chosen = []
    for folder in folders:
        kept = [e for e in list_folder(folder)
                if is_held_out(e.name, hold_out)]
        if most and len(kept) > most:
            step = len(kept) / most
            kept = [kept[int(i * step)] for i in range(most)]
        chosen += kept
    return chosen
