#!/usr/bin/env python3
"""The program's masks against the slow reference's, set by set.

    bench/quality/compare.py --data DIR --reference person.py --score score.py
                             [--model FILE] [--python PYTHON]
                             [--silhouette build/silhouette] [--work DIR]

DIR has a folder for each set, with images/ and truth/, and perhaps ignore/.
The reference is a Python program (`--model FILE --list LIST`, LIST: lines of
image, tab, mask); it and the scoring program need openvino, opencv, numpy and
pillow in the environment of PYTHON. Printed: a Markdown table of mean IoU
(false area where nobody is there) and boundary F of both, and the mean IoU of
the program's masks with the reference's. Exit status 1 if a set differs by
more than 0.003.

Masks stay in the folder of --work, or are made anew in a temporary one.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DIFFERENCE_MAX = 0.003
AT_ONCE = 64            # pictures per start of the program
FIGURES = (             # key in the scores, heading
    ("iou_mean", "IoU"), ("bf_mean", "BF"),
    ("iou_ignore_mean", "IoU with ignore"),
    ("bf_ignore_mean", "BF with ignore"),
    ("false_area_mean", "false area"), ("covered", "covered"))


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--data", type=pathlib.Path, required=True)
    add("--reference", required=True)
    add("--score", required=True)
    add("--model", default=str(ROOT / "models/person.onnx"))
    add("--python", default=sys.executable)
    add("--silhouette", default=str(ROOT / "build/silhouette"))
    add("--work", type=pathlib.Path)
    return parser.parse_args()


def run_program(args, images, out):
    for i in range(0, len(images), AT_ONCE):
        subprocess.run([args.silhouette, "segment", *images[i:i + AT_ONCE],
                        "--format", "png", "-o", f"{out}/",
                        "--models", str(ROOT / "models")], check=True)


def run_reference(args, images, out):
    if all((out / f"{image.stem}.png").exists() for image in images):
        return
    listing = out.parent / f"{out.name}.list"
    listing.write_text("".join(f"{image}\t{out / image.stem}.png\n"
                               for image in images), encoding="utf-8")
    subprocess.run([args.python, args.reference, "--model", args.model,
                    "--list", str(listing)], check=True)


def score(args, predicted, folder):
    """The totals of score.py, with people counted one by one where the truth
    numbers them: its file has a grey value of 1."""
    out = predicted.parent / f"{predicted.name}.json"
    command = [args.python, args.score, str(predicted), str(folder / "truth"),
               "--json", str(out)]
    if (folder / "ignore").is_dir():
        command += ["--ignore", str(folder / "ignore")]
    if is_numbered(args, folder):
        command += ["--instances"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads(out.read_text(encoding="utf-8"))["total"]


def is_numbered(args, folder):
    code = ("import cv2, sys; m = cv2.imread(sys.argv[1], -1); "
            "sys.exit(0 if 0 < m.max() <= 127 else 1)")
    return any(subprocess.run([args.python, "-c", code, str(path)],
                              check=False).returncode == 0
               for path in sorted((folder / "truth").iterdir())[:3])


def agreement(args, ours, reference):
    """Mean IoU of our masks with the reference's, as score.py has it; 1 where
    both are empty."""
    out = ours.parent / f"{ours.name}-agreement.json"
    subprocess.run([args.python, args.score, str(ours), str(reference),
                    "--json", str(out)], check=True,
                   stdout=subprocess.DEVNULL)
    pictures = json.loads(out.read_text(encoding="utf-8"))["pictures"]
    return statistics.mean(row.get("iou", 1 - row.get("false_area", 0))
                           for row in pictures.values())


def compare_set(args, folder, work):
    images = sorted((folder / "images").iterdir())
    masks = {}
    for name, run in (("reference", run_reference),
                      ("silhouette", run_program)):
        out = work / f"{folder.name}-{name}"
        out.mkdir(parents=True, exist_ok=True)
        run(args, images, out)
        masks[name] = out
    totals = {name: score(args, out, folder) for name, out in masks.items()}
    rows = []
    for key, heading in FIGURES:
        if key in totals["reference"]:
            was, now = (totals[n][key] for n in ("reference", "silhouette"))
            rows.append((heading, was, now))
    return len(images), rows, agreement(args, *reversed(masks.values()))


def main():
    args = arguments()
    with tempfile.TemporaryDirectory() as temporary:
        work = args.work or pathlib.Path(temporary)
        worst = 0.0
        print("| set | pictures | figure | reference | silhouette "
              "| difference |")
        print("| --- | ---: | --- | ---: | ---: | ---: |")
        for folder in sorted(args.data.iterdir()):
            if not (folder / "truth").is_dir():
                continue
            count, rows, iou = compare_set(args, folder, work)
            for heading, was, now in rows:
                print(f"| {folder.name} | {count} | {heading} | {was:.4f} "
                      f"| {now:.4f} | {now - was:+.4f} |")
                worst = max(worst, abs(now - was))
            print(f"| {folder.name} | {count} | IoU with the reference's mask "
                  f"| 1 | {iou:.4f} | |", flush=True)
    print(f"\nLargest difference: {worst:.4f}, {DIFFERENCE_MAX} allowed.")
    sys.exit(worst > DIFFERENCE_MAX)


if __name__ == "__main__":
    main()
