"""End to end on generated pictures: train, stop, go on, export, measure.

Must not know: any real picture; nothing is read from outside the project.
Complication: the whole takes about a minute on one core, so networks are
trained for a few steps only; what is tested is that every part does what
it promises, not that the result is good.

    python -m unittest discover -s training/tests
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import openvino as ov
import torch

TRAINING = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TRAINING))

import augment      # noqa: E402  (the folder is put on the path above)
import curves       # noqa: E402
import data         # noqa: E402
import evaluate     # noqa: E402
import loss         # noqa: E402
import start        # noqa: E402
from model import Person, Shape     # noqa: E402

STEPS = 4           # of training, in all
PICTURES = 8        # a folder


def draw_person(rng: np.random.Generator, rgb: np.ndarray,
                truth: np.ndarray) -> None:
    """A head on a body, in one colour."""
    h, w = truth.shape
    x, height = int(rng.uniform(0.3, 0.7) * w), int(0.7 * h)
    colour = [int(v) for v in rng.integers(120, 256, 3)]
    for canvas, ink in ((rgb, colour), (truth, 255)):
        cv2.ellipse(canvas, (x, h - height // 2),
                    (height // 6, height // 2), 0, 0, 360, ink, -1)
        cv2.circle(canvas, (x, h - height), height // 8, ink, -1)


def write_folder(folder: Path, seed: int, people: bool) -> None:
    """A folder of pictures in the documented form."""
    for part in ("images", "truth", "ignore"):
        (folder / part).mkdir(parents=True)
    for number in range(PICTURES):
        rng = np.random.default_rng([seed, number])
        h, w = int(rng.integers(200, 300)), int(rng.integers(200, 300))
        rgb = augment.painted(rng, h, w).astype(np.uint8)
        truth, ignore = np.zeros((2, h, w), np.uint8)
        if people:
            draw_person(rng, rgb, truth)
            ignore[:8] = 255
        name = f"{folder.name}{number}"
        cv2.imwrite(str(folder / "images" / f"{name}.png"), rgb)
        cv2.imwrite(str(folder / "truth" / f"{name}.png"), truth)
        cv2.imwrite(str(folder / "ignore" / f"{name}.png"), ignore)


def call(script: str, *arguments: str) -> str:
    """Run one of the commands as a user does; its output."""
    done = subprocess.run(
        [sys.executable, str(TRAINING / script), *arguments],
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Commands(unittest.TestCase):
    """Every command, in the order a user calls them."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.holder = tempfile.TemporaryDirectory()
        cls.root = Path(cls.holder.name)
        write_folder(cls.root / "people", 1, True)
        write_folder(cls.root / "nobody", 2, False)
        torch.manual_seed(0)
        person = Person(Shape(context=True, deep_blocks=1, width=32))
        cls.start = cls.root / "start.pt"
        torch.save({"shape": person.shape.as_dict(),
                    "weights": person.state_dict()}, cls.start)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.holder.cleanup()

    def train(self, run: str, *more: str) -> None:
        call("train.py", "--start", str(self.start),
             "--run", str(self.root / run), "--steps", str(STEPS),
             "--batch", "1", "--hold-out", "3", "--save", "1", "--warm",
             "1", "--teacher", str(self.start), "--rough", "people",
             "--folder", f"{self.root}/people=2",
             "--folder", f"{self.root}/nobody", *more)

    def test_stop_go_on_export_measure(self) -> None:
        self.train("whole")
        self.train("parts", "--stop-at", "2")
        stopped = evaluate.read_checkpoint(self.root / "parts" / "last.pt")
        self.assertEqual(stopped["step"], 2)
        self.train("parts")
        one, two = (evaluate.read_checkpoint(self.root / run / "last.pt")
                    for run in ("whole", "parts"))
        self.assertEqual(one["step"], STEPS)
        for name, weight in one["weights"].items():
            self.assertTrue(torch.equal(weight, two["weights"][name]), name)
        fresh = evaluate.read_checkpoint(self.start)["weights"]
        self.assertFalse(all(torch.equal(w, one["weights"][k])
                             for k, w in fresh.items()))
        log = (self.root / "whole" / "log.jsonl").read_text().splitlines()
        self.assertIn("held_out", json.loads(log[-1]))
        self.export_and_measure()

    def export_and_measure(self) -> None:
        """The second half: what becomes of a checkpoint."""
        figures = self.root / "figures.json"
        best = str(self.root / "whole" / "best.pt")
        call("evaluate.py", "--model", best, "--held-out", "3", "--json",
             str(figures), f"{self.root}/people", f"{self.root}/nobody")
        found = json.loads(figures.read_text())
        self.assertIn("iou", found["people"])
        self.assertIn("area", found["nobody"])
        out = self.root / "models"
        said = call("export.py", "--checkpoint", best, "--out", str(out),
                    "--figures", str(figures),
                    "--blend", f"{self.start}=0.5")
        self.assertIn(said.split()[0], (out / "person.md").read_text())
        told = json.loads((out / "person.json").read_text())
        self.assertEqual(told["sha256"], said.split()[0])
        self.join_two(out / "person.onnx")
        model = start.load_person(out / "person.onnx")
        self.assertEqual(model.shape.deep_blocks, 1)
        half = evaluate.read_checkpoint(best)["average"]
        fresh = evaluate.read_checkpoint(self.start)["weights"]
        for name, weight in model.state_dict().items():
            middle = (half[name] + fresh[name]) / 2
            self.assertTrue(torch.allclose(weight, middle, atol=1e-6), name)


    def join_two(self, close: Path) -> None:
        """A pair answers by size; the command compares by itself."""
        whole = Person(Shape(context=False))
        torch.save({"shape": whole.shape.as_dict(),
                    "weights": whole.state_dict()}, self.root / "whole.pt")
        out = self.root / "pair"
        call("export.py", "--checkpoint", str(self.root / "whole.pt"),
             "--out", str(out), "--name", "whole")
        said = call("pair.py", "--whole", str(out / "whole.onnx"), "--close",
                    str(close), "--out", str(out))
        told = json.loads((out / "person.json").read_text())
        self.assertEqual(told["sha256"], said.split()[0])
        for name, weight in start.load_person(
                out / "person.onnx").state_dict().items():
            self.assertTrue(torch.equal(weight, whole.state_dict()[name]),
                            name)


class Pieces(unittest.TestCase):
    """Promises of single functions."""

    def test_a_step_can_be_repeated(self) -> None:
        picture = picture_with_person()
        group = data.Group("g", 1.0, [picture], [])
        sampler = augment.Sampler([group])
        for number in range(12):
            one, two = (sampler.sample(np.random.default_rng([3, number]),
                                       (96, 128)) for _ in range(2))
            for a, b in zip(one, two):
                np.testing.assert_array_equal(a, b)
            self.assertEqual(one[0].shape, (96, 128, 3))
            self.assertTrue((one[1] >= 0).all() and (one[1] <= 1).all())

    def test_ignored_pixels_teach_nothing(self) -> None:
        torch.manual_seed(1)
        logit = torch.randn(1, 1, 32, 32, requires_grad=True)
        truth = (torch.rand(1, 1, 32, 32) > 0.5).float()
        counts = torch.ones_like(truth)
        counts[..., :16] = 0
        loss.loss(logit, truth, counts).backward()
        self.assertEqual(float(logit.grad[..., :16].abs().max()), 0.0)
        self.assertGreater(float(logit.grad[..., 16:].abs().min()), 0.0)

    def test_rough_outlines_teach_nothing(self) -> None:
        picture = picture_with_person()
        data.forget_outline(picture)
        edge = evaluate.boundary(picture.truth > 127)
        self.assertTrue((picture.counts[edge] == 0).all())
        left = picture.counts > 0
        self.assertTrue((picture.truth[left] > 127).any())
        self.assertGreater(left.mean(), 0.8)

    def test_only_right_answers_are_followed(self) -> None:
        truth, answer, counts = (
            torch.tensor(row).reshape(1, 1, 1, 6) for row in (
                [1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
                [0.8, 0.8, 0.8, 0.8, 0.8, 0.9],
                [1.0, 1.0, 1.0, 1.0, 1.0, 0.0]))
        moved, sure = loss.follow(truth, counts, answer, 0.5)
        wanted = torch.tensor([0.9] * 5 + [0.9])    # the last was open
        self.assertTrue(torch.allclose(moved.flatten(), wanted), moved)
        self.assertTrue(bool((sure == 1).all()))
        every = torch.ones_like(counts)
        moved, _ = loss.follow(truth, every, answer, 0.5)
        self.assertEqual(float(moved[..., 5]), 0.0)     # wrong: truth stays
        nobody = torch.zeros_like(truth)
        same, kept = loss.follow(nobody, counts, answer, 0.5)
        self.assertTrue(torch.equal(same, nobody))
        self.assertTrue(torch.equal(kept, counts))

    def test_the_shipped_networks_are_a_start(self) -> None:
        """Read into PyTorch, they answer as the engine does."""
        picture = np.random.default_rng(1).random((1, 3, 160, 128),
                                                  np.float32)
        for path in (TRAINING.parent / "models").glob("person*.onnx"):
            with torch.no_grad():
                ours = torch.sigmoid(start.load_person(path).eval()(
                    torch.from_numpy(picture))).numpy()
            compiled = ov.Core().compile_model(
                str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
            self.assertLess(np.abs(ours - compiled(picture)[0]).max(), 1e-5,
                            path)

    def test_context_starts_as_an_addition_of_nothing(self) -> None:
        torch.manual_seed(2)
        for shrink in (1, 2):
            whole = Person(Shape(shrink=shrink, deep_blocks=1)).eval()
            trunk = Person(Shape(context=False)).eval()
            trunk.load_state_dict({k: v for k, v in
                                   whole.state_dict().items()
                                   if k in trunk.state_dict()})
            x = torch.rand(1, 3, 160, 96)   # 160 / 64 is not whole
            with torch.no_grad():
                self.assertTrue(torch.equal(whole(x), trunk(x)))

    def test_a_look_is_put_back_where_it_was_taken(self) -> None:
        picture = picture_with_person()
        grey = np.dstack([picture.truth] * 3)
        box = (20.0, 30.0, 180.0, 190.0)
        seen = evaluate.sample(grey, box, 128, 160)[..., 0]
        back = evaluate.place(seen.astype(np.float32), box,
                              *picture.truth.shape) > 127
        inside = np.zeros_like(back)
        inside[30:190, 20:180] = True
        truth = (picture.truth > 127) & inside
        every = np.ones_like(truth)
        self.assertGreater(evaluate.iou(back, truth, every), 0.97)

    def test_measures(self) -> None:
        a = np.zeros((40, 40), bool)
        b = a.copy()
        a[10:30, 10:30] = b[10:30, 20:40] = True
        every = np.ones_like(a)
        self.assertAlmostEqual(evaluate.iou(a, b, every), 1 / 3)
        self.assertEqual(evaluate.boundary_f(a, a, every), 1.0)
        self.assertLess(evaluate.boundary_f(a, b, every), 0.7)
        left = every.copy()
        left[:, 20:] = False
        self.assertEqual(evaluate.iou(a, b, left), 0.0)

    def test_held_out_pictures_stay_held_out(self) -> None:
        names = [f"picture{i}" for i in range(600)]
        kept = [n for n in names if data.is_held_out(n, 6)]
        self.assertTrue(60 <= len(kept) <= 140)
        self.assertFalse(any(data.is_held_out(n, 0) for n in names))

    def test_curves_are_drawn_of_what_was_measured(self) -> None:
        rows = [{"step": 0, "held_out": {"my_coco": {"iou": 0.5}}},
                {"step": 5, "loss": 0.7},
                {"step": 9, "held_out": {"my_coco": {"iou": 0.6}}}]
        with tempfile.TemporaryDirectory() as root:
            log = Path(root) / "log.jsonl"
            log.write_text("".join(json.dumps(r) + "\n" for r in rows))
            call("curves.py", "--out", f"{root}/c.svg", f"first={log}")
            drawn = ElementTree.parse(f"{root}/c.svg").getroot()
        runs = [p for p in drawn.iter() if "run" in p.get("class", "")]
        self.assertEqual(len(runs), 1)
        self.assertEqual(curves.line_of(rows[::2], "coco", "iou", 1.0),
                         [(0, 0.5), (9, 0.6)])

    def test_bad_folders_are_named(self) -> None:
        with tempfile.TemporaryDirectory() as root:
            folder = Path(root) / "half"
            write_folder(folder, 3, True)
            missing = folder / "truth" / "half0.png"
            missing.unlink()
            with self.assertRaisesRegex(data.BadPicture, "half0"):
                data.list_folder(folder)
        with self.assertRaises(data.BadPicture):
            data.parse_folder("somewhere=0")


def picture_with_person() -> data.Picture:
    """One drawn picture, 200 x 240."""
    rng = np.random.default_rng(5)
    rgb = augment.painted(rng, 200, 240).astype(np.uint8)
    truth = np.zeros((200, 240), np.uint8)
    draw_person(rng, rgb, truth)
    return data.Picture("g", "p", rgb, truth, np.full_like(truth, 255))


if __name__ == "__main__":
    unittest.main()
