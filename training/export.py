"""Write a trained network as ONNX, with its manifest and model card.

    python export.py --checkpoint RUN/best.pt --name person \\
        --out ../models [--blend START.pt=0.3] [--figures F.json] \\
        [--about about.md]

Must not know: pictures, losses.
Complication: layers are written as models/faster.py does; the
file is run and compared with PyTorch before it gets its name, so that a
wrong export never lies among the models.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import runpy
from pathlib import Path

import numpy as np
import onnx
import torch

from evaluate import (FIRST_SIDE, SECOND_SIDE, STEPS_MAX, STEPS_MIN,
                      THRESHOLD, onnx_look, read_checkpoint, table,
                      torch_look)
from model import STEP, Person, Probability, Shape
from start import SHAPE_KEY
from train import load_start

FASTER = Path(__file__).resolve().parent.parent / "models/faster.py"
OPSET = 17
DIFFERENCE_MAX = 1e-4       # of probabilities, ONNX against PyTorch
BYTES_MAX = 16 << 20        # of a model file in this project
SIZES = ((256, 256), (320, 224), (384, 512))    # (h, w) compared


def read_person(checkpoint: Path) -> Person:
    """The averaged weights of a run."""
    saved = read_checkpoint(checkpoint)
    person = Person(Shape(**saved["shape"]))
    person.load_state_dict(saved.get("average", saved.get("weights")))
    return person.eval()


def blend(person: Person, start: Person, share: float) -> None:
    """Move every weight towards the start by `share`, in place.

    Fine-tuned weights and those they came from lie in one valley: between
    them is often better on unfamiliar pictures than either.
    """
    assert 0 <= share <= 1
    old = start.state_dict()
    with torch.no_grad():
        for name, weight in person.state_dict().items():
            if name in old and old[name].shape == weight.shape:
                weight.lerp_(old[name], share)


def write_onnx(person: Person, path: Path) -> None:
    """ONNX with free height and width, the shape among its metadata."""
    sides = {2: "h", 3: "w"}
    torch.onnx.export(
        Probability(person).eval(), (torch.rand(1, 3, 8 * STEP, 10 * STEP),),
        str(path), input_names=["image"], output_names=["person"],
        opset_version=OPSET,
        dynamic_axes={"image": sides, "person": sides})
    model = onnx.load(str(path))
    runpy.run_path(str(FASTER))["rewrite"](model.graph)
    for key, value in person.shape.as_dict().items():
        model.metadata_props.add(key=SHAPE_KEY + key, value=str(int(value)))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def largest_difference(person: Person, path: Path) -> float:
    """Between the exported file and PyTorch, over a few sizes."""
    rng, worst = np.random.default_rng(0), 0.0
    exported, own = onnx_look(path), torch_look(person)
    for h, w in SIZES:
        rgb = rng.integers(0, 256, (h, w, 3), np.uint8)
        worst = max(worst, float(np.abs(exported(rgb) - own(rgb)).max()))
    return worst


def manifest(name: str, version: str, digest: str) -> str:
    """What the program reads before it opens the network."""
    return json.dumps({
        "schema": 1, "name": name, "version": version,
        "licence": "Apache-2.0", "card": f"{name}.md",
        "file": f"{name}.onnx", "sha256": digest,
        "input": {"layout": "NCHW", "colour": "RGB", "geometry": "aspect",
                  "step": STEP, "min": STEP * STEPS_MIN,
                  "max": STEP * STEPS_MAX, "scale": 255},
        "output": {"layout": "NCHW", "channels": 1, "activation": "none"},
        "looks": [FIRST_SIDE, SECOND_SIDE], "threshold": THRESHOLD},
        indent=2) + "\n"


def card(name: str, digest: str, person: Person, size: int, about: str,
         figures: str) -> str:
    """The model card."""
    count = sum(p.numel() for p in person.parameters())
    return f"""# Model card: `{name}`

`{name}.onnx`, SHA-256 `{digest}`. Input `image` [1,3,h,w] float32,
RGB/255, h and w multiples of {STEP}; output `person` [1,1,h,w], the
probability that the pixel belongs to a person. {count:,} weights,
{size / 1e6:.1f} MB, ONNX opset {OPSET}, {person.shape}.

{about.strip()}

## Measured

Two looks; IoU and boundary F at 3 px without ignored pixels, `plain` with
them; `area`: share marked in pictures without people, `above`: number of
those with more than 1 %; ms: median a picture, one thread.

```
{figures.strip()}
```
"""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--name", default="person")
    parser.add_argument("--version", default="mine",
                        help="told with every mask, after the name")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--blend", metavar="START=SHARE",
                        help="mix in the weights it started from")
    parser.add_argument("--about", type=Path,
                        help="text of the card: ancestry, data, use, limits")
    parser.add_argument("--figures", type=Path,
                        help="evaluate.py --json, for the card")
    args = parser.parse_args()
    torch.set_num_threads(1)
    person = read_person(args.checkpoint)
    if args.blend:
        path, _, share = args.blend.rpartition("=")
        blend(person, load_start(Path(path)), float(share))
    args.out.mkdir(parents=True, exist_ok=True)
    part = args.out / f"{args.name}.part.onnx"
    final = args.out / f"{args.name}.onnx"
    write_onnx(person, part)
    difference = largest_difference(person, part)
    size = part.stat().st_size
    if difference > DIFFERENCE_MAX or size > BYTES_MAX:
        part.unlink()
        raise SystemExit(f"export.py: differs by {difference:.1e}, "
                         f"{size} bytes; nothing written")
    os.replace(part, final)
    digest = hashlib.sha256(final.read_bytes()).hexdigest()
    final.with_suffix(".json").write_text(
        manifest(args.name, args.version, digest))
    about = args.about.read_text() if args.about else "(not described)"
    figures = (table(json.loads(args.figures.read_text()))
               if args.figures else "(not measured)")
    final.with_suffix(".md").write_text(
        card(args.name, digest, person, size, about, figures))
    print(f"{digest}  {final}")
    print(f"{size} bytes, differs from PyTorch by {difference:.1e}")


if __name__ == "__main__":
    main()
