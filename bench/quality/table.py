#!/usr/bin/env python3
"""How good the masks are and what they cost: the tables of docs/QUALITY.md.

    bench/quality/table.py --data DIR --score score.py
                           [--python PYTHON] [--silhouette build/silhouette]
                           [--quality fast --quality best]
                           [--peer NAME=COMMAND …] [--work DIR] [--timed 12]

DIR has a folder for each set, with images/ and truth/, and perhaps ignore/.
COMMAND makes the masks of a peer: it is run with one more argument, a file of
lines `image, tab, mask`, and may print "median N ms" of its own. The scoring
program needs opencv and numpy in the environment of PYTHON.

Printed: for each set a Markdown table with a row for each quality and peer.
Milliseconds are the median of `silhouette bench` over --timed pictures of the
set, one thread, decoding and writing included; "x" is against the first row.

Masks stay in the folder of --work, and are not made again; or they are made in
a temporary one.
"""
import argparse
import json
import pathlib
import re
import shlex
import statistics
import subprocess
import sys
import tempfile

import compare

AT_ONCE = 64            # pictures per start of the program
RUNS = 5                # of a timed picture
COLUMNS = (             # key in the scores, heading, format
    ("iou_mean", "IoU", "{:.4f}"), ("bf_mean", "BF", "{:.4f}"),
    ("low_iou", "IoU < .7", "{:d}"),
    ("iou_ignore_mean", "IoU with ignore", "{:.4f}"),
    ("bf_ignore_mean", "BF with ignore", "{:.4f}"),
    ("false_area_mean", "false area", "{:.4f}"),
    ("false_area_above_1pc", "above 1 %", "{:d}"),
    ("covered", "covered", "{:.4f}"))


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--data", type=pathlib.Path, required=True)
    add("--score", required=True)
    add("--python", default=sys.executable)
    add("--silhouette", default=str(compare.ROOT / "build/silhouette"))
    add("--models", default=str(compare.ROOT / "models"))
    add("--quality", action="append")
    add("--peer", action="append", default=[], metavar="NAME=COMMAND")
    add("--work", type=pathlib.Path)
    add("--timed", type=int, default=12)
    args = parser.parse_args()
    args.quality = args.quality or ["fast", "best"]
    return args


def masks_of(args, quality, images, out):
    """Let the program make the masks that aren't there yet."""
    missing = [image for image in images
               if not (out / f"{image.stem}.png").exists()]
    for i in range(0, len(missing), AT_ONCE):
        subprocess.run([args.silhouette, "segment", *missing[i:i + AT_ONCE],
                        "--quality", quality, "--format", "png",
                        "-o", f"{out}/", "--models", args.models], check=True)


def milliseconds(args, quality, images):
    """Median over some pictures of the median time of each."""
    if args.timed < 1:
        return None
    step = max(1, len(images) // args.timed)
    done = subprocess.run(
        [args.silhouette, "bench", *images[::step][:args.timed], "--json",
         "--quality", quality, "--runs", str(RUNS), "--models", args.models],
        check=True, stdout=subprocess.PIPE, text=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return statistics.median(line["total_ms"] for line in lines)


def masks_of_peer(command, images, out):
    """Run a peer, and take its own word for its time. None: it has none."""
    if all((out / f"{image.stem}.png").exists() for image in images):
        return None
    listing = out.parent / f"{out.name}.list"
    listing.write_text("".join(f"{image}\t{out / image.stem}.png\n"
                               for image in images), encoding="utf-8")
    done = subprocess.run([*shlex.split(command), str(listing)], check=True,
                          stderr=subprocess.PIPE, text=True)
    found = re.search(r"median ([\d.]+) ms", done.stderr)
    return float(found[1]) if found else None


def rows_of(args, folder, work):
    """(name, scores, milliseconds or None) of each quality and peer."""
    images = sorted((folder / "images").iterdir())
    peers = dict(peer.split("=", 1) for peer in args.peer)
    for name in [*args.quality, *peers]:
        out = work / f"{folder.name}-{name}"
        out.mkdir(parents=True, exist_ok=True)
        if name in peers:
            spent = masks_of_peer(peers[name], images, out)
        else:
            masks_of(args, name, images, out)
            spent = milliseconds(args, name, images)
        yield name, compare.score(args, out, folder), spent


def table(rows):
    shown = [column for column in COLUMNS
             if any(column[0] in scores for _, scores, _ in rows)]
    heads = [heading for _, heading, _ in shown] + ["ms", "x"]
    lines = ["| | " + " | ".join(heads) + " |",
             "| --- |" + " ---: |" * len(heads)]
    first = rows[0][2]
    for name, scores, spent in rows:
        cells = [form.format(scores[key]) if key in scores else ""
                 for key, _, form in shown]
        cells.append(f"{spent:.1f}" if spent else "")
        cells.append(f"{spent / first:.2f}" if spent and first else "")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    args = arguments()
    with tempfile.TemporaryDirectory() as temporary:
        work = args.work or pathlib.Path(temporary)
        for folder in sorted(args.data.iterdir()):
            if not (folder / "truth").is_dir():
                continue
            count = len(list((folder / "images").iterdir()))
            rows = list(rows_of(args, folder, work))
            print(f"\n{folder.name}, {count} pictures:\n\n{table(rows)}",
                  flush=True)


if __name__ == "__main__":
    main()
