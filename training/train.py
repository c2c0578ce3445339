"""Train or fine-tune `person`; stop it at any time, it goes on from there.

    python train.py --start start.pt --run DIR --folder PATH[=WEIGHT] ...

Must not know: how a sample is made, what the network looks like inside.
Complication: a step draws its samples from a generator seeded by the run's
seed and the step's number, so that a run that was stopped goes on exactly
as if it had not been.

DIR receives last.pt (everything needed to go on), best.pt (best averaged
weights on the held-out pictures), log.jsonl (a line per report).
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from augment import Sampler
from data import held_out, load_groups, parse_folder
from evaluate import (evaluate, input_size, read_checkpoint, score,
                      torch_look)
from loss import follow, loss
from model import Person, Shape, calibrate
from start import load_person

ASPECTS = (1.0, 3 / 4, 4 / 3, 2 / 3, 3 / 2)     # width / height
SIDES = (192, 256, 320, 384)                    # canvas, side of a square
SIDE_SHARES = (0.14, 0.68, 0.18)                # of those but the largest
CLIP = 1.0              # longest gradient
DECAY = 1e-4            # of weights
LAST_RATE = 0.02        # of the full learning rate, at the end


@dataclass
class State:
    """All that a run needs to go on."""

    person: Person          # the weights being trained
    average: Person         # their running average: the result
    teacher: Person | None  # older weights, whose right answers are kept
    optimizer: torch.optim.Optimizer
    step: int               # steps done
    best: float             # best score on held-out pictures so far
    seconds: float          # spent on training so far, by the wall clock


def parse_arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("--start", type=Path, required=True,
        help="weights to start from: person.onnx, or start.py's .pt")
    add("--run", type=Path, required=True, help="folder of the run")
    add("--folder", action="append", required=True, metavar="PATH[=W]",
        help="pictures; W: how often, against the others (1)")
    add("--doubt", type=float, default=0.3,
        help="what an ignored pixel counts that truth calls a person")
    add("--rough", action="append", default=[], metavar="NAME",
        help="folder whose truth is polygons: outlines teach nothing")
    add("--teacher", type=Path,
        help="weights whose right answers are kept: person.onnx or .pt")
    add("--keep", type=float, default=0.5,
        help="how much of an answer is the teacher's, where it is right")
    add("--large", type=float, default=0.15,
        help="share of the batches at 384 x 384, as the second look")
    add("--steps", type=int, default=3000)
    add("--batch", type=int, default=12, help="samples of 256 x 256")
    add("--rate", type=float, default=4e-4)
    add("--trunk-share", type=float, default=1.0,
        help="of the rate, for the trunk; 0: frozen")
    add("--context-share", type=float, default=0.3,
        help="of the rate, for the context encoder; 0: frozen")
    add("--fusion-share", type=float, default=5.0,
        help="of the rate, for what joins the two")
    add("--warm", type=int, default=100, help="steps to full rate")
    add("--average", type=float, default=0.998)
    add("--hold-out", type=int, default=6, help="one picture in N; 0: none")
    add("--validate", type=int, default=500, help="every N steps; 0: never")
    add("--most", type=int, default=40, help="held-out pictures a folder")
    add("--stop-at", type=int, default=0, metavar="STEP",
        help="stop here for now; the schedule stays that of --steps")
    add("--save", type=int, default=100, help="every N steps")
    add("--seed", type=int, default=0)
    add("--threads", type=int, default=1)
    return parser.parse_args()


def load_start(path: Path) -> Person:
    """A network with the weights to start from."""
    if path.suffix == ".onnx":
        return load_person(path)
    saved = read_checkpoint(path)
    person = Person(Shape(**saved["shape"]))
    person.load_state_dict(saved.get("average", saved.get("weights")))
    return person


def make_optimizer(person: Person, args: argparse.Namespace
                   ) -> torch.optim.Optimizer:
    """AdamW; parts of the network learn at rates of their own, or not."""
    parts: dict[str, list[Tensor]] = {}
    for name, weight in person.named_parameters():
        parts.setdefault(name.split(".")[0], []).append(weight)
    shares = {"context": args.context_share, "fusion": args.fusion_share}
    groups = []
    for part, weights in parts.items():
        share = shares.get(part, args.trunk_share)
        for weight in weights:
            weight.requires_grad_(share > 0)
        if share > 0:
            groups.append({"params": weights, "share": share})
    return torch.optim.AdamW(groups, lr=args.rate, betas=(0.9, 0.99),
                             weight_decay=DECAY)


def prepare(args: argparse.Namespace) -> State:
    """A run's state: from its last checkpoint, or new."""
    last = args.run / "last.pt"
    teacher = load_start(args.teacher).eval() if args.teacher else None
    if not last.exists():
        person = load_start(args.start)
        person = person.to(memory_format=torch.channels_last).train()
        average = copy.deepcopy(person).eval()
        return State(person, average, teacher,
                     make_optimizer(person, args), 0, -math.inf, 0.0)
    saved = read_checkpoint(last)
    person = Person(Shape(**saved["shape"]))
    person = person.to(memory_format=torch.channels_last).train()
    average = copy.deepcopy(person).eval()
    person.load_state_dict(saved["weights"])
    average.load_state_dict(saved["average"])
    optimizer = make_optimizer(person, args)
    shares = [group["share"] for group in optimizer.param_groups]
    optimizer.load_state_dict(saved["optimizer"])
    for group, share in zip(optimizer.param_groups, shares):
        group["share"] = share      # as asked now, not as it was saved
    return State(person, average, teacher, optimizer, saved["step"],
                 saved["best"], saved["seconds"])


def save(state: State, path: Path) -> None:
    """Write a checkpoint, whole or not at all."""
    part = path.with_suffix(".part")
    torch.save({"shape": state.person.shape.as_dict(),
                "weights": state.person.state_dict(),
                "average": state.average.state_dict(),
                "optimizer": state.optimizer.state_dict(),
                "step": state.step, "best": state.best,
                "seconds": state.seconds}, part)
    os.replace(part, path)


def make_batch(sampler: Sampler, rng: np.random.Generator, count: int,
               large: float) -> tuple[Tensor, Tensor, Tensor]:
    """Pictures, truth and what counts, of one size: [n, c, h, w].

    `count`: samples of 256 x 256; larger ones are fewer;
    `large`: how often the largest size is taken.
    """
    shares = [share * (1 - large) for share in SIDE_SHARES] + [large]
    side = int(rng.choice(SIDES, p=shares))
    h, w = input_size(rng.choice(ASPECTS), 1.0, side)
    count = max(2, round(count * 256 * 256 / (h * w)))
    samples = [sampler.sample(rng, (h, w)) for _ in range(count)]
    rgb, truth, counts = (np.stack(x).astype(np.float32)
                          for x in zip(*samples))
    x = torch.from_numpy(rgb).permute(0, 3, 1, 2) / 255
    return (x.contiguous(memory_format=torch.channels_last),
            torch.from_numpy(truth)[:, None],
            torch.from_numpy(counts)[:, None])


def calibrate_new(state: State, sampler: Sampler,
                  args: argparse.Namespace) -> None:
    """Prepare a fusion that has never been trained."""
    person = state.person
    fresh = person.shape.context and not any(
        bool(layer.weight.any()) for layer in (
            person.fusion.to_trunk, person.fusion.to_eight,
            person.fusion.to_wide))
    if fresh:
        rng = np.random.default_rng([args.seed, 0])
        calibrate(person, make_batch(sampler, rng, 2 * args.batch,
                                     args.large)[0])
        state.average.load_state_dict(person.state_dict())


def rate_at(step: int, args: argparse.Namespace) -> float:
    """Learning rate: a linear start, then half a cosine."""
    share = min(1.0, step / max(1, args.steps))
    wave = 0.5 * (1 + math.cos(math.pi * share))
    warm = min(1.0, (step + 1) / max(1, args.warm))
    return args.rate * warm * (LAST_RATE + (1 - LAST_RATE) * wave)


def train_step(state: State, sampler: Sampler, args: argparse.Namespace
               ) -> float:
    """One step; the loss before it."""
    rng = np.random.default_rng([args.seed, state.step])
    x, truth, counts = make_batch(sampler, rng, args.batch, args.large)
    if state.teacher is not None:
        with torch.no_grad():
            answer = torch.sigmoid(state.teacher(x))
        truth, counts = follow(truth, counts, answer, args.keep)
    rate = rate_at(state.step, args)
    for group in state.optimizer.param_groups:
        group["lr"] = rate * group["share"]
    value = loss(state.person(x), truth, counts)
    assert torch.isfinite(value), f"step {state.step}: loss is {value}"
    state.optimizer.zero_grad(set_to_none=True)
    value.backward()
    torch.nn.utils.clip_grad_norm_(state.person.parameters(), CLIP)
    state.optimizer.step()
    state.step += 1
    keep = min(args.average, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        for mean, new in zip(state.average.parameters(),
                             state.person.parameters()):
            mean.lerp_(new, 1 - keep)
    return float(value.detach())


def report(log: Path, **what: object) -> None:
    """Print a line and keep it."""
    line = json.dumps(what)
    print(line, flush=True)
    with log.open("a", encoding="utf-8") as out:
        out.write(line + "\n")


def validate(state: State, args: argparse.Namespace) -> None:
    """Measure the averaged weights on the held-out pictures; keep best."""
    folders = [parse_folder(f)[0] for f in args.folder]
    entries = held_out(folders, args.hold_out, args.most)
    result = evaluate(torch_look(state.average), entries)
    value = score(result)
    for row in result.values():
        row.pop("ms")
    rounded = {f: {k: round(v, 4) for k, v in row.items()}
               for f, row in result.items()}
    report(args.run / "log.jsonl", step=state.step, score=round(value, 4),
           minutes=round(state.seconds / 60, 1), held_out=rounded)
    if value > state.best:
        state.best = value
        save(state, args.run / "best.pt")


def run(args: argparse.Namespace) -> None:
    """Train to the end."""
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(args.seed)
    args.run.mkdir(parents=True, exist_ok=True)
    log = args.run / "log.jsonl"
    state = prepare(args)
    folders = [parse_folder(f) for f in args.folder]
    sampler = Sampler(load_groups(folders, args.hold_out, args.doubt,
                                  args.rough))
    watch = args.validate and args.hold_out
    if state.step == 0:
        calibrate_new(state, sampler, args)
    report(log, step=state.step, **{k: str(v) if isinstance(v, Path) else v
                                    for k, v in vars(args).items()})
    if watch and state.step == 0:
        validate(state, args)
    losses: list[float] = []
    goal = min(args.steps, args.stop_at or args.steps)
    while state.step < goal:
        start = time.monotonic()
        losses.append(train_step(state, sampler, args))
        state.seconds += time.monotonic() - start
        last = state.step == goal
        if state.step % args.save == 0 or last:
            report(log, step=state.step,
                   minutes=round(state.seconds / 60, 2),
                   loss=round(float(np.mean(losses)), 4))
            losses.clear()
            save(state, args.run / "last.pt")
        if watch and (state.step % args.validate == 0 or last):
            validate(state, args)
            save(state, args.run / "last.pt")


if __name__ == "__main__":
    run(parse_arguments())
