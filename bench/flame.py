#!/usr/bin/env python3
"""Where the time of a 12-megapixel request goes, as a flame graph.

    bench/flame.py OUT.svg        (needs perf, of the Debian package linux-perf)

The service, one worker, decodes in its own process (--sandbox off), so that
all of it is seen; it answers as many requests as fit into SECONDS while perf
looks at it. Each box is a function, as wide as the share of looks that found
it, upon what called it; what is narrower than a thousandth is left out. The
picture is an SVG that needs nothing else: hover tells name and share.
"""
import html
import pathlib
import subprocess
import sys
import tempfile
import time

import harness

SECONDS, RATE_HZ = 10, 499
KEY = "3024x4032.jpg"
WIDTH, ROW, LEAST = 1200, 17, 0.001
COLOURS = {"libjpeg": "#e8a33d", "openvino": "#5b8def", "silhouette": "#3aa17e",
           "[kernel": "#9a8fb8", "libc": "#b3a08f"}
OTHER = "#a8a8a8"


def record(folder):
    """What perf saw, as `perf script` tells it."""
    folder = pathlib.Path(folder)
    harness.make_picture(folder / KEY, *map(int, KEY[:-4].split("x")))
    with harness.silhouette(f"dir:{folder}", "--workers", "1", "--sandbox",
                            "off", "--quality", "fast") as server:
        for _ in range(3):
            server.ask(KEY)
        watch = subprocess.Popen(
            ["perf", "record", "-q", "-F", str(RATE_HZ), "--call-graph",
             "dwarf,16384", "-p", str(server.process.pid), "-o",
             folder / "perf.data", "--", "sleep", str(SECONDS)])
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            server.ask(KEY)
        watch.wait()
    return subprocess.run(
        ["perf", "script", "-i", folder / "perf.data", "-F", "comm,ip,sym,dso",
         "--no-inline"], capture_output=True, text=True, check=True).stdout


def stacks(text):
    """Each sample's frames, outermost first: (function, library)."""
    for sample in text.split("\n\n"):
        frames = []
        for line in sample.splitlines()[1:]:
            _, _, rest = line.strip().partition(" ")
            name, _, library = rest.rpartition(" ")
            library = pathlib.Path(library.strip("()")).name
            frames.append((name.split("+0x")[0] or "?", library))
        if frames:
            yield joined(frames[::-1])


def joined(frames):
    """Neighbours without a name in one library become one frame."""
    result = []
    for name, library in frames:
        if name == "[unknown]":
            name = f"[{library}]"
            if result and result[-1] == (name, library):
                continue
        result.append((name, library))
    return result


class Node:
    def __init__(self):
        self.count, self.below = 0, {}

    def add(self, frames):
        self.count += 1
        node = self
        for frame in frames:
            node = node.below.setdefault(frame, Node())
            node.count += 1


def depth_of(node, total):
    return 1 + max((depth_of(below, total) for below in node.below.values()
                    if below.count >= LEAST * total), default=0)


def colour_of(library):
    return next((colour for part, colour in COLOURS.items()
                 if part in library), OTHER)


def boxes(node, total, left, level):
    """The SVG of what lies upon a node, left to right."""
    for (name, library), below in sorted(node.below.items()):
        width = below.count / total * WIDTH
        if below.count >= LEAST * total:
            share = f"{below.count / total:.1%}"
            title = html.escape(f"{name} ({library}), {share}")
            yield (f'<g><title>{title}</title><rect x="{left:.1f}" '
                   f'y="{level * ROW}" width="{max(width - .5, .3):.1f}" '
                   f'height="{ROW - 1}" fill="{colour_of(library)}"/>')
            letters = int(width / 6.5)
            if letters > 3:
                text = name if len(name) <= letters else name[:letters - 1] + "…"
                yield (f'<text x="{left + 3:.1f}" y="{level * ROW + 12}">'
                       f'{html.escape(text)}</text>')
            yield "</g>"
            yield from boxes(below, total, left, level + 1)
        left += width


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    root = Node()
    with tempfile.TemporaryDirectory() as folder:
        for frames in stacks(record(folder)):
            root.add(frames)
    if root.count == 0:
        sys.exit("flame.py: perf saw nothing")
    height = (depth_of(root, root.count) - 1) * ROW + 4
    body = "\n".join(boxes(root, root.count, 0, 0))
    pathlib.Path(sys.argv[1]).write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} '
        f'{height}" width="{WIDTH}" height="{height}">\n'
        "<style>text{font:11px sans-serif;fill:#111}</style>\n"
        f"{body}\n</svg>\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
