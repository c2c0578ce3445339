"""Learning curves of runs as one SVG, for a document.

    python curves.py --out curves.svg NAME=RUN/log.jsonl ...

Must not know: networks, pictures; it reads reports alone.
Complication: the drawing has to be readable on light and on dark pages, so
its colours change with the reader's preference, and every line also has
its name at its end.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

WIDTH, HEIGHT = 340, 210        # of a panel
LEFT, RIGHT, TOP, BOTTOM = 44, 30, 30, 26
COLUMNS = 2
# (heading, how a folder's name ends, figure, factor)
PANELS = (
    ("everyday pictures: IoU", "coco", "iou", 1.0),
    ("street fashion: boundary F", "ccp", "bf", 1.0),
    ("everyday, nobody: false area, %", "none", "area", 100.0),
    ("garments: false area, %", "garments", "area", 100.0),
)
COLOURS = (("#0072b2", "#56b4e9"), ("#b34700", "#ff9d5c"),
           ("#00795a", "#3fd0a4"), ("#8a4fa3", "#d9a3ee"),
           ("#555555", "#bbbbbb"))     # on light, on dark

Line = list[tuple[float, float]]


def read_reports(path: Path) -> list[dict]:
    """The measurements of a run, by step; a later one replaces another."""
    found = {}
    for text in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(text)
        if "held_out" in row:
            found[row["step"]] = row
    return [found[step] for step in sorted(found)]


def line_of(reports: list[dict], ending: str, figure: str, factor: float
            ) -> Line:
    """(step, value) of one figure of the folder whose name ends so."""
    return [(row["step"], values[figure] * factor)
            for row in reports for folder, values in row["held_out"].items()
            if folder.endswith(ending) and figure in values]


def marks(low: float, high: float) -> list[float]:
    """Three to six round numbers that span both."""
    size = 10.0
    for size in (s * 10.0 ** e for e in range(-4, 5) for s in (1, 2, 5)):
        if (high - low) / size <= 4:
            break
    first = int(low // size)
    last = int(-(-high // size))
    return [i * size for i in range(first, max(last, first + 1) + 1)]


def panel(heading: str, lines: dict[str, Line], x: int, y: int) -> str:
    """One set of axes with a line a run."""
    points = [p for line in lines.values() for p in line]
    assert points, f"{heading}: nothing was measured"
    across = marks(0, max(p[0] for p in points))
    up = marks(min(p[1] for p in points), max(p[1] for p in points))
    w, h = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(step: float, value: float) -> tuple[float, float]:
        return (x + LEFT + w * step / across[-1],
                y + TOP + h * (up[-1] - value) / (up[-1] - up[0]))
    out = [f'<text class="head" x="{x + LEFT}" y="{y + 16}">{heading}</text>']
    for value in up:
        a, b = place(0, value)
        out.append(f'<path class="grid" d="M{a:.1f} {b:.1f}h{w}"/>'
                   f'<text class="end" x="{a - 6:.1f}" y="{b + 4:.1f}">'
                   f'{value:.4g}</text>')
    for step in across:
        a, b = place(step, up[0])
        out.append(f'<text class="mid" x="{a:.1f}" y="{b + 16:.1f}">'
                   f'{step:.0f}</text>')
    for number, (name, line) in enumerate(lines.items()):
        if not line:
            continue
        places = [place(*p) for p in line]
        way = "L".join(f"{a:.1f} {b:.1f}" for a, b in places)
        out.append(f'<path class="run c{number}" d="M{way}"/>'
                   f'<text class="name f{number}" x="{places[-1][0] + 4:.1f}"'
                   f' y="{places[-1][1] + 4:.1f}">{name}</text>')
    return "\n".join(out)


def style() -> str:
    """Colours for light pages, and for dark ones."""
    rules = ["text{font:12px sans-serif;fill:#333}", ".head{font-weight:bold}",
             ".end{text-anchor:end}.mid{text-anchor:middle}",
             ".grid{stroke:#ccc}.run{fill:none;stroke-width:2}",
             ".name{font-weight:bold}"]
    dark = ["text{fill:#ddd}.grid{stroke:#444}"]
    for number, (light, bright) in enumerate(COLOURS):
        for kept, colour in ((rules, light), (dark, bright)):
            kept.append(f".c{number}{{stroke:{colour}}}"
                        f".f{number}{{fill:{colour}}}")
    return ("".join(rules) + "@media(prefers-color-scheme:dark){"
            + "".join(dark) + "}")


def draw(runs: dict[str, list[dict]]) -> str:
    """The whole picture."""
    assert 0 < len(runs) <= len(COLOURS), "one to five runs"
    parts = []
    for number, (heading, ending, figure, factor) in enumerate(PANELS):
        lines = {name: line_of(reports, ending, figure, factor)
                 for name, reports in runs.items()}
        if any(lines.values()):
            row, column = divmod(number, COLUMNS)
            parts.append(panel(heading, lines, column * WIDTH, row * HEIGHT))
    rows = -(-len(PANELS) // COLUMNS)
    size = f"{COLUMNS * WIDTH} {rows * HEIGHT}"
    title = "Learning curves of " + ", ".join(runs)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" '
            f'role="img" aria-label="{title}"><title>{title}</title>'
            f"<style>{style()}</style>\n" + "\n".join(parts) + "\n</svg>\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("run", nargs="+", metavar="NAME=LOG")
    args = parser.parse_args()
    runs = {}
    for text in args.run:
        name, _, path = text.partition("=")
        runs[name] = read_reports(Path(path))
    args.out.write_text(draw(runs), encoding="utf-8")


if __name__ == "__main__":
    main()
