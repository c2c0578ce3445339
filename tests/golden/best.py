#!/usr/bin/env python3
"""Slow, readable reference of the pipeline "best": pictures in, masks out.

    tests/golden/best.py --golden                 tests/golden/best/*.png anew
    tests/golden/best.py --list LIST              LIST: lines `image, tab, mask`
    (both: [--models models] [--network person.onnx])

Needs openvino, opencv, numpy and pillow. The program does the same with other
code: it resamples by prepared weights, decodes large pictures smaller, cuts
runs out of planes. tests/golden/test_golden.c compares.

In words: the network looks at the whole picture; a detector and a pose network
of another make look, too. Around all that was seen the network looks twice,
at two sizes, once mirrored. The mean of these looks and the pose network's
bodies are weighed, specks dropped and pinholes filled.

Points are continuous: the picture spans 0..w, 0..h, the first pixel's centre
is (.5, .5). A box is x0, y0, x1, y1; outside of the picture all is 0.
"""
import argparse
import math
import pathlib
import sys
import time

import cv2
import numpy as np
import openvino as ov
from PIL import Image, ImageOps

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIRST_SIDE, SECOND_SIDE = 256, 384
COARSE_SIDE, FINE_SIDE = 352, 544
SIDE_MIN, STEP, STEPS_MIN, STEPS_MAX = 352, 32, 4, 24
PRESENT, PIECE, PIECE_PIXELS, HOLE, MARGIN = .5, .05, 8, .001, .15
OPINION_SHARE = .35
SCORE_MIN, PRESENCE_MIN, PRESENCE_SURE, BODIES_MAX = .2, .5, .8, 8
UNSEEN_AGREEMENT, UNSEEN_AREA, UNSEEN_SCORE = .75, .1, .5
GRIDS = ((28, 2), (14, 2), (7, 6))      # cells a side, anchors in each


class Networks:
    def __init__(self, models, network):
        core = ov.Core()
        options = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1,
                   "INFERENCE_PRECISION_HINT": "f32"}
        person = core.read_model(models / network)
        person.reshape([1, 3, -1, -1])
        people = models / "people"
        self.person, self.detector, self.pose = (
            core.compile_model(net, "CPU", options).create_infer_request()
            for net in (person, people / "pose_detection.tflite",
                        people / "pose_landmark_full.tflite"))

    @staticmethod
    def run(request, values):
        request.infer([np.ascontiguousarray(values, np.float32)])
        return [tensor.data.copy() for tensor in request.output_tensors]


def see(image, points_of, scale, width, height):
    """[height, width, 3] of an image: shrunk by area by `scale` pixels a
    sample, then bilinear. points_of(u, v): where samples are."""
    h, w = image.shape[:2]
    small_w, small_h = (max(1, round(size / max(1, step)))
                        for size, step in zip((w, h), scale))
    if (small_w, small_h) != (w, h):
        image = cv2.resize(image, (small_w, small_h),
                           interpolation=cv2.INTER_AREA)
    u, v = np.meshgrid((np.arange(width) + .5) / width,
                       (np.arange(height) + .5) / height)
    x, y = points_of(u, v)
    x = x * small_w / w - .5
    y = y * small_h / h - .5
    return cv2.remap(image.astype(np.float32), x.astype(np.float32),
                     y.astype(np.float32), cv2.INTER_LINEAR,
                     borderMode=cv2.BORDER_CONSTANT)


def see_box(image, box, width, height):
    x0, y0, x1, y1 = box
    return see(image, lambda u, v: (x0 + u * (x1 - x0), y0 + v * (y1 - y0)),
               ((x1 - x0) / width, (y1 - y0) / height), width, height)


def input_size(box, side):
    stretch = math.sqrt((box[2] - box[0]) / (box[3] - box[1]))
    return [STEP * min(max(round(side * s / STEP), STEPS_MIN), STEPS_MAX)
            for s in (stretch, 1 / stretch)]


def look(nets, image, box, side, mirrored=False):
    seen = see_box(image, box, *input_size(box, side)) / 255
    seen = seen[:, ::-1] if mirrored else seen
    answer = nets.run(nets.person, seen.transpose(2, 0, 1)[None])[0][0, 0]
    return answer[:, ::-1] if mirrored else answer


def pieces(plane):
    """Labels, and which of them count (0, the background, doesn't)."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (plane > PRESENT).astype(np.uint8))
    area = stats[:, cv2.CC_STAT_AREA].copy()
    area[0] = 0
    return labels, stats, ((area >= PIECE * area.max()) &
                           (area >= PIECE_PIXELS) & (np.arange(count) > 0))


def grown(box, margins, w, h):
    left, top, right, bottom = margins
    return (max(0, box[0] - left), max(0, box[1] - top),
            min(w, box[2] + right), min(h, box[3] + bottom))


def first_box(nets, image):
    h, w = image.shape[:2]
    plane = look(nets, image, (0, 0, w, h), FIRST_SIDE)
    _, stats, counts = pieces(plane)
    if not counts.any():
        return None
    x, y, bw, bh = stats[counts, :4].T
    scale_x, scale_y = w / plane.shape[1], h / plane.shape[0]
    box = (x.min() * scale_x, y.min() * scale_y,
           (x + bw).max() * scale_x, (y + bh).max() * scale_y)
    margin = MARGIN * max(box[2] - box[0], box[3] - box[1])
    return grown(box, [margin] * 4, w, h)


def overlap(a, b):
    both = [max(0, min(a[i] + a[i + 2] / 2, b[i] + b[i + 2] / 2) -
                max(a[i] - a[i + 2] / 2, b[i] - b[i + 2] / 2))
            for i in range(2)]
    both = both[0] * both[1]
    return both / (a[2] * a[3] + b[2] * b[3] - both) if both else 0


def figures(nets, image):
    """(score, hip, rim) of each, the surest first."""
    h, w = image.shape[:2]
    side = max(w, h)
    corner = np.array([(w - side) / 2, (h - side) / 2])
    seen = see_box(image, (*corner, *(corner + side)), 224, 224)
    raw, logits = nets.run(nets.detector, seen[None] / 127.5 - 1)
    anchors = np.array([((x + .5) / n, (y + .5) / n) for n, each in GRIDS
                        for y in range(n) for x in range(n)
                        for _ in range(each)])
    scores = 1 / (1 + np.exp(-np.clip(logits[0, :, 0], -60, 60)))
    values = raw[0].astype(float) / 224
    values[:, 0:2] += anchors
    for i in range(4, 12, 2):
        values[:, i:i + 2] += anchors
    left = [i for i in np.argsort(-scores, kind="stable") if scores[i] >= .1]
    found = []
    while left:
        same = [i for i in left if i == left[0] or
                overlap(values[left[0]], values[i]) > .3]
        mean = np.average(values[same], axis=0, weights=scores[same])
        found.append((float(scores[left[0]]), corner + side * mean[4:6],
                      corner + side * mean[6:8]))
        left = [i for i in left if i not in same]
    return found


def bodies(nets, image):
    """Bodies as (plane, corner to picture), the box around the surest, and
    the detector's best score."""
    h, w = image.shape[:2]
    seen = figures(nets, image)
    found, boxes = [], []
    for score, hip, rim in seen[:BODIES_MAX]:
        up = rim - hip
        radius = float(np.hypot(*up))
        side = 2.5 * radius
        if score < SCORE_MIN or not side > 8:
            continue
        cos, sin = -up[1] / radius, up[0] / radius

        def place(u, v):
            u, v = (u - .5) * side, (v - .5) * side
            return hip[0] + u * cos - v * sin, hip[1] + u * sin + v * cos

        view = see(image, place, (side / 256,) * 2, 256, 256)
        joints, presence, logits = nets.run(nets.pose, view[None] / 255)[:3]
        if presence[0, 0] < PRESENCE_MIN:
            continue
        body = 1 / (1 + np.exp(-np.clip(logits[0, :, :, 0], -60, 60)))
        found.append((body, hip, side, cos, sin))
        if presence[0, 0] >= PRESENCE_SURE:
            xy = joints.reshape(39, 5)[:33, :2] / 256
            x, y = place(xy[:, 0], xy[:, 1])
            margin = MARGIN * max(np.ptp(x), np.ptp(y))
            box = grown((x.min(), y.min(), x.max(), y.max()),
                        (margin, 1.3 * margin, margin, margin), w, h)
            if box[2] - box[0] > 8 and box[3] - box[1] > 8:
                boxes.append(box)
    return found, boxes, max((score for score, _, _ in seen), default=0)


def body_plane(found, box, shape):
    """The highest of all bodies at each value of a plane over the box."""
    x = box[0] + (np.arange(shape[1]) + .5) / shape[1] * (box[2] - box[0])
    y = box[1] + (np.arange(shape[0]) + .5) / shape[0] * (box[3] - box[1])
    x, y = np.meshgrid(x, y)
    plane = np.zeros(shape, np.float32)
    for body, hip, side, cos, sin in found:
        dx, dy = x - hip[0], y - hip[1]
        u = (dx * cos + dy * sin) / side + .5
        v = (dy * cos - dx * sin) / side + .5
        plane = np.maximum(plane, cv2.remap(
            body.astype(np.float32), (u * 256 - .5).astype(np.float32),
            (v * 256 - .5).astype(np.float32), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT))
    return plane


def side_of(box, wanted):
    own = math.sqrt((box[2] - box[0]) * (box[3] - box[1]))
    return min(wanted, max(SIDE_MIN, round(own / STEP) * STEP))


def tidied(plane):
    labels, _, counts = pieces(plane)
    plane = np.where((plane > PRESENT) & ~counts[labels], 0, plane)
    present = np.count_nonzero(plane > PRESENT)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        (plane <= PRESENT).astype(np.uint8))
    small = stats[:, cv2.CC_STAT_AREA] < HOLE * present
    small[0] = False
    return np.where(small[labels], 1, plane)


def paste(plane, box, w, h):
    """The plane at the picture's size, bilinear, 0 outside of the box."""
    x = (np.arange(w) + .5 - box[0]) / (box[2] - box[0]) * plane.shape[1] - .5
    y = (np.arange(h) + .5 - box[1]) / (box[3] - box[1]) * plane.shape[0] - .5
    x, y = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    return cv2.remap(plane.astype(np.float32), x, y, cv2.INTER_LINEAR,
                     borderMode=cv2.BORDER_CONSTANT)


def segment(nets, image):
    """h x w bool."""
    h, w = image.shape[:2]
    nobody = np.zeros((h, w), bool)
    first = first_box(nets, image)
    found, boxes, score = bodies(nets, image)
    boxes += [first] if first else []
    if not boxes:
        return nobody
    edges = np.array(boxes)
    box = (*edges[:, :2].min(0), *edges[:, 2:].max(0))
    fine = look(nets, image, box, side_of(box, FINE_SIDE))
    coarse = look(nets, image, box, side_of(box, COARSE_SIDE), mirrored=True)
    coarse = cv2.resize(coarse, fine.shape[::-1],
                        interpolation=cv2.INTER_LINEAR)
    plane = (fine + coarse) / 2
    if found:
        plane += OPINION_SHARE * (body_plane(found, box, plane.shape) - plane)
    else:
        either = np.count_nonzero((fine > PRESENT) | (coarse > PRESENT))
        both = np.count_nonzero((fine > PRESENT) & (coarse > PRESENT))
        area = (np.mean(plane > PRESENT) * (box[2] - box[0]) *
                (box[3] - box[1]) / (w * h))
        if (both <= UNSEEN_AGREEMENT * either or
                (area >= UNSEEN_AREA and score < UNSEEN_SCORE)):
            return nobody
    return paste(tidied(plane), box, w, h) > PRESENT


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=pathlib.Path, default=ROOT / "models")
    parser.add_argument("--network", default="person.onnx")
    parser.add_argument("--golden", action="store_true")
    parser.add_argument("--list", type=pathlib.Path)
    args = parser.parse_args()
    if args.golden == bool(args.list):
        parser.error("give either --golden or --list")
    if args.golden:
        golden = ROOT / "tests/golden/best"
        golden.mkdir(exist_ok=True)
        pairs = [(path, golden / f"{path.stem}.png")
                 for path in sorted((ROOT / "samples").iterdir())
                 if path.suffix != ".md"]
    else:
        lines = args.list.read_text(encoding="utf-8").splitlines()
        pairs = [line.split("\t") for line in lines if line]
    nets, spent = Networks(args.models, args.network), []
    cv2.setNumThreads(1)
    for source, target in pairs:
        with Image.open(source) as picture:
            image = np.array(ImageOps.exif_transpose(picture).convert("RGB"))
        start = time.perf_counter()
        mask = segment(nets, image)
        spent.append((time.perf_counter() - start) * 1e3)
        Image.fromarray(mask.astype(np.uint8) * 255).save(target,
                                                          optimize=True)
    print(f"{len(pairs)} pictures, median "
          f"{sorted(spent)[len(spent) // 2]:.1f} ms", file=sys.stderr)


if __name__ == "__main__":
    main()
