"""Training samples out of few pictures: crops, composites, rows, nobody.

Must not know: files, networks.
Complication: everything random is drawn from the generator handed in, so
that a step of training can be repeated; sizes follow the canvas, which is
the same for all samples of a batch.

A sample is (rgb float32 [h, w, 3] in 0..255, truth float32 [h, w] in 0..1,
counts float32 [h, w] in 0..1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from data import Group, Picture

Sample = tuple[np.ndarray, np.ndarray, np.ndarray]
Random = np.random.Generator

CUTOUT_HEIGHT_MIN = 96      # pixels; smaller people are too coarse to paste
CUTOUT_SHARE_MIN = 0.01     # of their picture's area
CUTOUT_IGNORED_MAX = 0.1    # share of ignored pixels (bags) in a cut-out
WINDOW_TRIES = 12           # attempts at a window without people


@dataclass(frozen=True)
class Mix:
    """How often each kind of sample is made; they need not add up to 1."""

    real: float = 0.52          # a picture with people, cropped
    composite: float = 0.24     # cut-out people on a background
    row: float = 0.06           # two or three pictures side by side
    nobody: float = 0.18        # a picture, or a part of one, without people


@dataclass
class Cutout:
    """One person, or a group that touches, free of the background."""

    rgba: np.ndarray        # uint8 [h, w, 4]
    counts: np.ndarray      # uint8 [h, w], 0 where opinions differ
    cut_below: bool         # the legs end at the picture's edge


def uniform_log(rng: Random, low: float, high: float) -> float:
    """Between `low` and `high`, each doubling as likely as any other."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def resize(image: np.ndarray, h: int, w: int) -> np.ndarray:
    """Area mean when it shrinks, bilinear when it grows."""
    shrinks = image.shape[0] >= h and image.shape[1] >= w
    return cv2.resize(image, (w, h), interpolation=(
        cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR))


def cut_people(picture: Picture) -> list[Cutout]:
    """People of a picture whose outline is mostly agreed upon."""
    solid = (picture.truth > 127).astype(np.uint8)
    count, label, stats, _ = cv2.connectedComponentsWithStats(solid)
    found = []
    for i in range(1, count):
        x, y, w, h, area = stats[i]
        if h < CUTOUT_HEIGHT_MIN or area < CUTOUT_SHARE_MIN * solid.size:
            continue
        box = (slice(y, y + h), slice(x, x + w))
        mine = label[box] == i
        if (picture.counts[box][mine] < 128).mean() > CUTOUT_IGNORED_MAX:
            continue
        alpha = np.where(mine, picture.truth[box], 0)
        rgba = np.dstack([picture.rgb[box], alpha.astype(np.uint8)])
        found.append(Cutout(rgba, picture.counts[box].copy(),
                            y + h >= solid.shape[0] - 2))
    return found


def painted(rng: Random, h: int, w: int) -> np.ndarray:
    """A background nobody photographed: clouds of colour, or shapes."""
    canvas = np.full((h, w, 3), rng.integers(0, 256, 3), np.float32)
    if rng.random() < 0.5:
        for cells in (2, 4, 8, 16, 32):
            noise = rng.normal(0, 1, (cells, cells, 3)).astype(np.float32)
            canvas += 60 * resize(noise, h, w) / cells ** 0.6
    else:
        for _ in range(rng.integers(3, 20)):
            colour = tuple(int(v) for v in rng.integers(0, 256, 3))
            corners = rng.uniform(-0.1, 1.1, (4, 2)) * (w, h)
            cv2.fillPoly(canvas, [corners.astype(np.int32)], colour)
    return np.clip(canvas, 0, 255)


def window(rng: Random, size: tuple[int, int], canvas: tuple[int, int],
           share: float, focus: tuple[float, float] | None = None
           ) -> tuple[slice, slice]:
    """A part of a picture, of about the canvas's aspect ratio.

    `share`: its size against the largest that fits, as a length;
    `focus`: (y, x) it should be centred on, in pixels.
    """
    h, w = size
    aspect = canvas[1] / canvas[0] * math.exp(rng.uniform(-0.2, 0.2))
    ch = min(h, w / aspect)
    ch, cw = ch * share, ch * share * aspect
    ch, cw = max(8, min(h, round(ch))), max(8, min(w, round(cw)))
    if focus is None:
        y, x = rng.uniform(0, h - ch + 1), rng.uniform(0, w - cw + 1)
    else:
        y, x = focus[0] - ch / 2, focus[1] - cw / 2
    y, x = int(min(max(y, 0), h - ch)), int(min(max(x, 0), w - cw))
    return slice(y, y + ch), slice(x, x + cw)


def people_window(rng: Random, picture: Picture, canvas: tuple[int, int]
                  ) -> tuple[slice, slice]:
    """A part as the second look sees it: people and some margin."""
    h, w = picture.truth.shape
    ys, xs = np.nonzero(picture.truth > 127)
    y0, y1, x0, x1 = ys.min(), ys.max() + 1, xs.min(), xs.max() + 1
    aspect = canvas[1] / canvas[0]
    margin = 1 + 2 * 0.15 * uniform_log(rng, 0.4, 2.5)
    need = max((y1 - y0) * margin, (x1 - x0) * margin / aspect)
    fits = min(h, w / aspect)
    focus = ((y0 + y1) / 2 + rng.normal(0, 0.05) * (y1 - y0),
             (x0 + x1) / 2 + rng.normal(0, 0.05) * (x1 - x0))
    return window(rng, (h, w), canvas, min(1.0, need / fits), focus)


def portrait_window(rng: Random, picture: Picture,
                    canvas: tuple[int, int]) -> tuple[slice, slice]:
    """A part as in a portrait: the largest person's head and what is
    below it, cut by the picture's lower edge."""
    solid = (picture.truth > 127).astype(np.uint8)
    _, label, stats, _ = cv2.connectedComponentsWithStats(solid)
    mine = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    top, tall = stats[mine, cv2.CC_STAT_TOP], stats[mine, cv2.CC_STAT_HEIGHT]
    need = max(24.0, tall * uniform_log(rng, 0.2, 0.6))
    head = label[top:top + max(1, int(need / 3))] == mine
    focus = (top + need * rng.uniform(0.25, 0.48),
             np.nonzero(head)[1].mean() + rng.normal(0, 0.1) * need)
    h, w = solid.shape
    fits = min(h, w * canvas[0] / canvas[1])
    return window(rng, (h, w), canvas, min(1.0, need / fits), focus)


def take(picture: Picture, part: tuple[slice, slice],
         canvas: tuple[int, int]) -> Sample:
    """A part of a picture as a sample."""
    rgb = resize(picture.rgb[part], *canvas).astype(np.float32)
    truth = resize(picture.truth[part], *canvas).astype(np.float32) / 255
    counts = resize(picture.counts[part], *canvas).astype(np.float32) / 255
    return rgb, truth, counts


def recolour(rng: Random, rgb: np.ndarray, strength: float) -> np.ndarray:
    """Brightness, contrast, tint, saturation, gamma; grey now and then."""
    k = strength
    rgb = rgb * (1 + k * rng.uniform(-0.3, 0.3)) + k * rng.uniform(-30, 30)
    if rng.random() < 0.5:
        rgb = rgb * (1 + k * rng.uniform(-0.12, 0.12, 3))
    if rng.random() < 0.4:
        grey = rgb.mean(2, keepdims=True)
        share = 0.0 if rng.random() < 0.2 * k else rng.uniform(0.4, 1.5)
        rgb = grey + (rgb - grey) * share
    rgb = np.clip(rgb, 0, 255)
    if rng.random() < 0.25 * k:
        rgb = 255 * (rgb / 255) ** uniform_log(rng, 0.6, 1.6)
    return rgb.astype(np.float32)


def degrade(rng: Random, rgb: np.ndarray) -> np.ndarray:
    """What cameras and shrinking do: blur, coarse pixels, noise, JPEG."""
    h, w = rgb.shape[:2]
    kind = rng.random()
    if kind < 0.10:
        rgb = cv2.GaussianBlur(rgb, (0, 0), rng.uniform(0.4, 1.8))
    elif kind < 0.22:
        scale = rng.uniform(0.35, 0.9)
        small = resize(rgb, max(8, int(h * scale)), max(8, int(w * scale)))
        rgb = resize(small, h, w)
    if rng.random() < 0.15:
        noise = rng.normal(0, rng.uniform(2, 14), rgb.shape)
        rgb = rgb + noise.astype(np.float32)
    rgb = np.clip(rgb, 0, 255)
    if rng.random() < 0.2:
        quality = int(rng.integers(25, 90))
        _, coded = cv2.imencode(".jpg", rgb.astype(np.uint8),
                                [cv2.IMWRITE_JPEG_QUALITY, quality])
        rgb = cv2.imdecode(coded, cv2.IMREAD_COLOR).astype(np.float32)
    return rgb


def turn(rng: Random, sample: Sample) -> Sample:
    """A small rotation; what comes in from outside is a reflection."""
    h, w = sample[1].shape
    angle = rng.normal(0, 7)
    matrix = cv2.getRotationMatrix2D((w / 2, h / 2), angle, 1.0)
    rgb, truth, counts = (
        cv2.warpAffine(x, matrix, (w, h), flags=cv2.INTER_LINEAR,
                       borderMode=cv2.BORDER_REFLECT) for x in sample)
    return rgb, truth, counts


class Sampler:
    """Draws samples from groups of pictures."""

    def __init__(self, groups: list[Group], mix: Mix = Mix()) -> None:
        self.with_people = [g for g in groups if g.people]
        self.without = [g for g in groups if g.empty]
        assert self.with_people, "no picture has people"
        self.cutouts = [[c for p in g.people for c in cut_people(p)]
                        for g in self.with_people]
        self.kinds = [self.real, self.composite, self.row, self.nobody]
        share = np.array([mix.real, mix.composite, mix.row, mix.nobody])
        if not any(self.cutouts):
            share[1] = 0
        self.share = share / share.sum()

    def pick(self, rng: Random, groups: list[Group]) -> Group:
        """A group, by weight."""
        weight = np.array([g.weight for g in groups])
        return groups[rng.choice(len(groups), p=weight / weight.sum())]

    def real(self, rng: Random, canvas: tuple[int, int]) -> Sample:
        """A picture with people: whole, closer, or a part of it."""
        pictures = self.pick(rng, self.with_people).people
        picture = pictures[rng.integers(len(pictures))]
        kind = rng.random()
        if kind < 0.35:
            part = people_window(rng, picture, canvas)
        elif kind < 0.55:
            part = portrait_window(rng, picture, canvas)
        elif kind < 0.80:
            part = window(rng, picture.truth.shape, canvas, 1.0)
        else:
            part = window(rng, picture.truth.shape, canvas,
                          math.sqrt(rng.uniform(0.12, 1)))
        sample = take(picture, part, canvas)
        if rng.random() < 0.08:
            self.paste(rng, sample, rng.uniform(0.3, 0.9))
        return sample

    def background(self, rng: Random, canvas: tuple[int, int]) -> Sample:
        """A picture or a part of one, without people."""
        kind = rng.random()
        if kind < 0.08 or (kind < 0.6 and not self.without):
            rgb = painted(rng, *canvas)
            ones = np.ones(canvas, np.float32)
            return rgb, np.zeros(canvas, np.float32), ones
        if kind < 0.6:
            pictures = self.pick(rng, self.without).empty
            picture = pictures[rng.integers(len(pictures))]
            whole = rng.random() < 0.5
            share = 1.0 if whole else math.sqrt(rng.uniform(0.1, 1))
            part = window(rng, picture.truth.shape, canvas, share)
            return take(picture, part, canvas)
        return self.beside_people(rng, canvas)

    def beside_people(self, rng: Random, canvas: tuple[int, int]) -> Sample:
        """A part of a picture with people that shows none of them."""
        for _ in range(WINDOW_TRIES):
            pictures = self.pick(rng, self.with_people).people
            picture = pictures[rng.integers(len(pictures))]
            part = window(rng, picture.truth.shape, canvas,
                          uniform_log(rng, 0.2, 0.9))
            clean = (picture.truth[part].max() < 20
                     and picture.counts[part].min() > 127)
            if clean:
                return take(picture, part, canvas)
        ones = np.ones(canvas, np.float32)
        return painted(rng, *canvas), np.zeros(canvas, np.float32), ones

    def nobody(self, rng: Random, canvas: tuple[int, int]) -> Sample:
        """Nothing to be found; mostly the pictures given for that."""
        if not self.without or rng.random() < 0.15:
            return self.background(rng, canvas)
        pictures = self.pick(rng, self.without).empty
        picture = pictures[rng.integers(len(pictures))]
        share = 1.0 if rng.random() < 0.6 else math.sqrt(
            rng.uniform(0.15, 1))
        part = window(rng, picture.truth.shape, canvas, share)
        return take(picture, part, canvas)

    def composite(self, rng: Random, canvas: tuple[int, int]) -> Sample:
        """One to four people on a common ground."""
        sample = self.background(rng, canvas)
        count = int(rng.choice([1, 2, 3, 4], p=[0.45, 0.28, 0.17, 0.1]))
        if count == 1 and rng.random() < 0.35:
            self.paste(rng, sample, uniform_log(rng, 1.2, 3.0),
                       rng.uniform(0.03, 0.3))
            return sample
        size = uniform_log(rng, 0.15, 1.4 if count == 1 else 1.0)
        for height in sorted(size * math.exp(rng.normal(0, 0.2))
                             for _ in range(count)):
            self.paste(rng, sample, height)
        if rng.random() < 0.2:
            self.occlude(rng, sample)
        return sample

    def paste(self, rng: Random, sample: Sample, height: float,
              head: float | None = None) -> None:
        """Put a person into a sample; `height`: share of the canvas's;
        `head`: where its upper end is to be, if that matters."""
        rgb, truth, counts = sample
        h, w = truth.shape
        filled = [(g, c) for g, c in zip(self.with_people, self.cutouts)
                  if c]
        if not filled:
            return
        group = self.pick(rng, [g for g, _ in filled])
        cutouts = next(c for g, c in filled if g is group)
        cutout = cutouts[rng.integers(len(cutouts))]
        scale = height * h / cutout.rgba.shape[0]
        source, agreed = cutout.rgba, cutout.counts
        while scale < 0.5:      # shrink in steps, so that nothing aliases
            source, agreed = (
                cv2.resize(x, None, fx=0.5, fy=0.5,
                           interpolation=cv2.INTER_AREA)
                for x in (source, agreed))
            scale *= 2
        flip = -1 if rng.random() < 0.5 else 1
        angle = math.radians(rng.normal(0, 4))
        sx = scale * flip * math.exp(rng.uniform(-0.12, 0.12))
        feet = rng.uniform(0.7, 1.1) + 0.25 * max(0.0, height - 0.8)
        if head is not None:
            feet = head + height
        elif cutout.cut_below:
            feet = max(feet, 1.01)
        c, s = math.cos(angle), math.sin(angle)
        matrix = np.array([[sx * c, -scale * s, 0], [sx * s, scale * c, 0]])
        matrix[:, 2] = (rng.uniform(0, w), feet * h) - matrix[:, :2] @ (
            source.shape[1] / 2, source.shape[0])
        placed = cv2.warpAffine(source, matrix, (w, h),
                                flags=cv2.INTER_LINEAR)
        alpha = placed[..., 3].astype(np.float32) / 255
        if rng.random() < 0.7:  # draw the outline in, against halos
            soft = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.5, 1.1))
            alpha = np.clip(soft * 1.35 - 0.3, 0, 1)
        person = recolour(rng, placed[..., :3].astype(np.float32), 0.8)
        rgb *= 1 - alpha[..., None]
        rgb += person * alpha[..., None]
        np.maximum(truth, alpha, out=truth)
        sure = cv2.warpAffine(agreed, matrix, (w, h)) / np.float32(255)
        counts[alpha > 0.5] = sure[alpha > 0.5]

    def occlude(self, rng: Random, sample: Sample) -> None:
        """Hide a part of a sample behind something that is nobody."""
        rgb, truth, counts = sample
        h, w = truth.shape
        cover = self.background(rng, (h, w))[0]
        corners = rng.uniform(0, 1, 2) * (w, h) + rng.normal(
            0, 0.22, (5, 2)) * (w, h)
        hull = cv2.convexHull(corners.astype(np.int32))
        mask = np.zeros((h, w), np.uint8)
        cv2.fillPoly(mask, [hull], 1)
        rgb[mask > 0] = cover[mask > 0]
        truth[mask > 0] = 0
        counts[mask > 0] = 1

    def row(self, rng: Random, canvas: tuple[int, int]) -> Sample:
        """Two or three pictures side by side."""
        h, w = canvas
        count = int(rng.integers(2, 4))
        inner = rng.uniform(-0.06, 0.06, count - 1)
        edges = np.linspace(0, 1, count + 1)
        edges[1:-1] += inner
        edges = np.round(edges * w).astype(int)
        parts = []
        for left, right in zip(edges[:-1], edges[1:]):
            make = self.nobody if rng.random() < 0.15 else self.real
            parts.append(make(rng, (h, int(right - left))))
        rgb, truth, counts = (np.concatenate([p[i] for p in parts], 1)
                              for i in range(3))
        return rgb, truth, counts

    def sample(self, rng: Random, canvas: tuple[int, int]) -> Sample:
        """One training sample."""
        make = self.kinds[rng.choice(len(self.kinds), p=self.share)]
        sample = make(rng, canvas)
        if rng.random() < 0.2:
            sample = turn(rng, sample)
        rgb, truth, counts = sample
        if rng.random() < 0.7:
            rgb = recolour(rng, rgb, 1.0)
        rgb = degrade(rng, rgb)
        if rng.random() < 0.5:
            rgb, truth, counts = rgb[:, ::-1], truth[:, ::-1], counts[:, ::-1]
        return rgb, truth, counts
