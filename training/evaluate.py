"""Measure a network on folders of pictures: two looks, as the product.

    python evaluate.py --model person.onnx FOLDER...
    python evaluate.py --model checkpoint.pt --held-out 6 FOLDER...

Must not know: augmentation, losses.
Complication: measures are taken at the picture's own size, after the
second look has been put back in place; so this is slow beside training.

Figures, a folder each: IoU and BF (boundary F at 3 px) are means over
pictures with people, ignored pixels left out; `plain` the same with them;
area is the mean share marked in pictures without people, and above 1 %
their number.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import torch

from data import Entry, held_out, list_folder, load
from model import STEP, Person, Shape

FIRST_SIDE, SECOND_SIDE = 256, 384  # looks: pixels of a square this wide
STEPS_MIN, STEPS_MAX = 4, 24        # input sides, in STEPs
PRESENT = THRESHOLD = 0.5
CROP_MARGIN = 0.15                  # of the people's box
PIECE_SHARE_MIN, PIECE_PIXELS_MIN = 0.05, 8
TOLERANCE = 3                       # pixels, of BF
FALSE_AREA = 0.01                   # share of a picture worth counting

# uint8 [h, w, 3] -> probability float32 [h, w]
Look = Callable[[np.ndarray], np.ndarray]
Box = tuple[float, float, float, float]     # x0, y0, x1, y1 in pixels


def torch_look(person: Person) -> Look:
    """Looks with a PyTorch network."""
    def look(rgb: np.ndarray) -> np.ndarray:
        x = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
        with torch.no_grad():
            return torch.sigmoid(person(x))[0, 0].numpy()
    return look


def onnx_look(path: Path) -> Look:
    """Looks with an ONNX file, on one thread of OpenVINO."""
    import openvino as ov   # wanted by this function alone
    core, requests = ov.Core(), {}

    def look(rgb: np.ndarray) -> np.ndarray:
        x = np.ascontiguousarray(
            rgb.transpose(2, 0, 1)[None].astype(np.float32) / 255)
        if x.shape not in requests:
            model = core.read_model(str(path))
            model.reshape(x.shape)
            requests[x.shape] = core.compile_model(model, "CPU", {
                "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1,
                "INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
        requests[x.shape].infer([x])
        return requests[x.shape].get_output_tensor(0).data[0, 0].copy()
    return look


def input_size(width: float, height: float, side: int) -> tuple[int, int]:
    """(height, width) of the input for something of that size."""
    stretch = math.sqrt(width / height)
    w, h = (STEP * min(max(round(side * s / STEP), STEPS_MIN), STEPS_MAX)
            for s in (stretch, 1 / stretch))
    return h, w


def sample(rgb: np.ndarray, box: Box, h: int, w: int) -> np.ndarray:
    """The box of a picture at h x w: area mean, then bilinear."""
    x0, y0, x1, y1 = box
    sx, sy = (x1 - x0) / w, (y1 - y0) / h
    small = (max(1, round(rgb.shape[1] / max(sx, 1))),
             max(1, round(rgb.shape[0] / max(sy, 1))))
    fx, fy = rgb.shape[1] / small[0], rgb.shape[0] / small[1]
    if fx > 1 or fy > 1:
        rgb = cv2.resize(rgb, small, interpolation=cv2.INTER_AREA)
    a, b = sx / fx, sy / fy
    matrix = np.array([[a, 0, x0 / fx + a / 2 - 0.5],
                       [0, b, y0 / fy + b / 2 - 0.5]])
    return cv2.warpAffine(rgb, matrix, (w, h),
                          flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                          borderMode=cv2.BORDER_REPLICATE)


def place(prob: np.ndarray, box: Box, h: int, w: int) -> np.ndarray:
    """A look's answer, back in the picture; 0 outside the box."""
    x0, y0, x1, y1 = box
    a, b = (x1 - x0) / prob.shape[1], (y1 - y0) / prob.shape[0]
    matrix = np.array([[1 / a, 0, (0.5 - x0) / a - 0.5],
                       [0, 1 / b, (0.5 - y0) / b - 0.5]])
    full = cv2.warpAffine(prob, matrix, (w, h),
                          flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                          borderMode=cv2.BORDER_REPLICATE)
    xs, ys = np.arange(w) + 0.5, np.arange(h) + 0.5
    full[:, (xs < x0) | (xs > x1)] = 0
    full[(ys < y0) | (ys > y1)] = 0
    return full


def people_box(prob: np.ndarray, h: int, w: int) -> Box | None:
    """Where the first look found somebody, and margin; None: nobody."""
    solid = (prob > PRESENT).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(solid)
    x, y, bw, bh, area = stats[1:].T
    keep = ((area >= PIECE_SHARE_MIN * area.max(initial=0))
            & (area >= PIECE_PIXELS_MIN))
    if count < 2 or not keep.any():
        return None
    fx, fy = w / prob.shape[1], h / prob.shape[0]
    x0, x1 = x[keep].min() * fx, (x + bw)[keep].max() * fx
    y0, y1 = y[keep].min() * fy, (y + bh)[keep].max() * fy
    margin = CROP_MARGIN * max(x1 - x0, y1 - y0)
    return (max(0, x0 - margin), max(0, y0 - margin),
            min(w, x1 + margin), min(h, y1 + margin))


def segment(look: Look, rgb: np.ndarray) -> np.ndarray:
    """Two looks: bool [h, w], the people of a picture."""
    h, w = rgb.shape[:2]
    whole = (0.0, 0.0, float(w), float(h))
    prob = look(sample(rgb, whole, *input_size(w, h, FIRST_SIDE)))
    box = people_box(prob, h, w)
    if box is None:
        return np.zeros((h, w), bool)
    size = input_size(box[2] - box[0], box[3] - box[1], SECOND_SIDE)
    return place(look(sample(rgb, box, *size)), box, h, w) > THRESHOLD


def iou(a: np.ndarray, b: np.ndarray, counts: np.ndarray) -> float:
    """Intersection over union of two masks; 1 if both are empty."""
    union = np.count_nonzero((a | b) & counts)
    return np.count_nonzero(a & b & counts) / union if union else 1.0


def boundary(mask: np.ndarray) -> np.ndarray:
    """Mask pixels beside pixels outside; the picture's rim is none."""
    edge = np.zeros_like(mask)
    across, down = mask[:, 1:] != mask[:, :-1], mask[1:] != mask[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge & mask


def near(mask: np.ndarray) -> np.ndarray:
    """Pixels within TOLERANCE of the mask."""
    if not mask.any():
        return np.zeros_like(mask)
    far = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)
    return far <= TOLERANCE


def boundary_f(found: np.ndarray, truth: np.ndarray, counts: np.ndarray
               ) -> float:
    """Harmonic mean of the shares of both boundaries near the other."""
    f, t = boundary(found), boundary(truth)
    fc, tc = f & counts, t & counts
    if not fc.any() or not tc.any():
        return float(fc.any() == tc.any())
    precision = np.count_nonzero(fc & near(t)) / np.count_nonzero(fc)
    recall = np.count_nonzero(tc & near(f)) / np.count_nonzero(tc)
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


def measure(look: Look, entry: Entry) -> dict[str, float]:
    """All figures of one picture."""
    picture = load(entry, side_max=0)
    start = time.perf_counter()
    found = segment(look, picture.rgb)
    spent = (time.perf_counter() - start) * 1e3
    truth, counts = picture.truth > 127, picture.counts > 127
    if not truth.any():
        share = float((found & counts).mean())
        return {"ms": spent, "area": share,
                "above": float(share > FALSE_AREA)}
    every = np.ones_like(counts)
    far = ~near(~counts) if not counts.all() else every
    return {"ms": spent, "iou": iou(found, truth, counts),
            "bf": boundary_f(found, truth, far),
            "plain_iou": iou(found, truth, every),
            "plain_bf": boundary_f(found, truth, every)}


def evaluate(look: Look, entries: Iterable[Entry]
             ) -> dict[str, dict[str, float]]:
    """Means by folder; `above` is a number of pictures, `n` too."""
    rows: dict[str, list[dict[str, float]]] = {}
    for entry in entries:
        rows.setdefault(entry.folder, []).append(measure(look, entry))
    result = {}
    for folder, found in rows.items():
        total = {"n": float(len(found))}
        for key in sorted({k for row in found for k in row}):
            values = [row[key] for row in found if key in row]
            mean = float(np.mean(values))
            total[key] = sum(values) if key == "above" else mean
        total["ms"] = float(np.median([row["ms"] for row in found]))
        result[folder] = total
    return result


def score(result: dict[str, dict[str, float]]) -> float:
    """One number to choose by: IoU, half of BF, no false area."""
    total = []
    for row in result.values():
        if "iou" in row:
            total.append(row["iou"] + row["bf"] / 2)
        if "area" in row:
            total.append(1.5 - 3 * row["area"])
    return float(np.mean(total))


def table(result: dict[str, dict[str, float]]) -> str:
    """The figures, a line a folder."""
    heads = ("n", "iou", "bf", "plain_iou", "plain_bf", "area", "above",
             "ms")
    lines = [" " * 18 + "".join(f"{h:>10}" for h in heads)]
    for folder, row in result.items():
        cells = []
        for head in heads:
            form = ".0f" if head in ("n", "above") else ".4f"
            cells.append(f"{row[head]:>10{form}}" if head in row
                         else " " * 9 + "-")
        lines.append(f"{folder:<18}" + "".join(cells))
    return "\n".join(lines)


def read_checkpoint(path: Path) -> dict:
    """What start.py or train.py saved; a file that would run code is
    refused (PyTorch 1 then refuses plain numbers as well, so not there).
    """
    safe = int(torch.__version__.split(".")[0]) >= 2
    return torch.load(path, map_location="cpu", weights_only=safe)


def load_look(path: Path) -> Look:
    """Looks with an ONNX file or with a checkpoint's averaged weights."""
    if path.suffix == ".onnx":
        return onnx_look(path)
    saved = read_checkpoint(path)
    person = Person(Shape(**saved["shape"]))
    person.load_state_dict(saved.get("average", saved.get("weights")))
    return torch_look(person.eval())


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--held-out", type=int, default=0, metavar="N",
                        help="only the pictures that train.py --hold-out N"
                             " keeps back; 0: all")
    parser.add_argument("--most", type=int, default=0,
                        help="pictures a folder; 0: all")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("folder", type=Path, nargs="+")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if args.held_out:
        entries = held_out(args.folder, args.held_out, args.most)
    else:
        entries = [e for f in args.folder
                   for e in list_folder(f)[:args.most or None]]
    result = evaluate(load_look(args.model), entries)
    print(table(result))
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
