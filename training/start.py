"""Make the weights that training starts from.

Must not know: pictures, losses.
Complication: three forms are read: ONNX files of this project (weights by
name), the first `person.onnx` (weights by number), and the pose detector's
.tflite, whose weights are stored sparse; OpenVINO unpacks those.

    python start.py --person ../models/person.onnx \\
        --detector pose_detection.tflite --out start.pt
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from model import Context, Dilated, Person, Shape

FIRST_PREFIX = "m.P."           # numbered weights of the first export
FIRST_BLOCKS = "m.mods.157."    # and its two added blocks
NAMED_PREFIX = "person."        # weights of every later export
TAIL_PREFIX = "tail."           # the last layer, once faster.py wrote it
PAIR_PREFIX = "whole."          # the first half of a pair
SHAPE_KEY = "shape."            # ONNX metadata: fields of model.Shape


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """All weights of an ONNX file, by name; of a pair that pair.py made,
    those for whole pictures."""
    graph, prefix = onnx.load(str(path)).graph, ""
    for node in graph.node:
        if node.op_type == "If":
            graph = next(a.g for a in node.attribute
                         if a.name == "else_branch")
            prefix = PAIR_PREFIX
    weights = {t.name.removeprefix(prefix): numpy_helper.to_array(t)
               for t in graph.initializer}
    assert weights, f"{path} holds no weights"
    return weights


def read_shape(path: Path) -> Shape:
    """The network's shape as its export wrote it; the trunk if silent."""
    props = {p.key: p.value for p in onnx.load(str(path)).metadata_props}
    found = {k.removeprefix(SHAPE_KEY): int(v) for k, v in props.items()
             if k.startswith(SHAPE_KEY)}
    if not found:
        return Shape(context=False)
    found.setdefault("late", 0)     # the first exports did not have it
    flags = {key: bool(found[key]) for key in ("context", "late")}
    return Shape(**{**found, **flags})


def copy_into(layer: nn.Module, weight: np.ndarray, bias: np.ndarray
              ) -> None:
    """Set a convolution's weights; the shapes must agree."""
    assert tuple(layer.weight.shape) == weight.shape
    assert tuple(layer.bias.shape) == bias.shape
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight.copy()))
        layer.bias.copy_(torch.from_numpy(bias.copy()))


def trunk_layers(person: Person) -> list[nn.Module]:
    """Convolutions of the trunk in the order they are computed."""
    parts: list[nn.Module] = [person.stem, person.four, person.eight,
                              person.sixteen, person.wide,
                              person.wide_gate, person.join8, person.join4,
                              person.join2, person.answer]
    skip = {m for d in person.sixteen if isinstance(d, Dilated)
            for m in d.modules()}
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    return [m for part in parts for m in part.modules()
            if isinstance(m, kinds) and m not in skip]


def undo_tail(weights: dict[str, np.ndarray], layer: str, bias: str
              ) -> dict[str, np.ndarray]:
    """The last layer as it was trained, [in, 1, 2, 2] and its one bias, by
    these names, where models/faster.py made it a 1 x 1 convolution
    [2 * 2, in, 1, 1]."""
    if f"{TAIL_PREFIX}weight" not in weights:
        return weights
    weight = weights[f"{TAIL_PREFIX}weight"]
    assert weight.shape[0] == 4 and weight.shape[2:] == (1, 1)
    whole = weight.reshape(2, 2, 1, -1).transpose(3, 2, 0, 1)
    return {**weights, layer: whole,
            bias: weights[f"{TAIL_PREFIX}bias"][:1]}


def load_first(person: Person, weights: dict[str, np.ndarray]) -> None:
    """Weights of the first `person`, numbered in order of computation."""
    layers = trunk_layers(person)
    last = 2 * (len(layers) - 1)
    weights = undo_tail(weights, f"{FIRST_PREFIX}{last}",
                        f"{FIRST_PREFIX}{last + 1}")
    for number, layer in enumerate(layers):
        copy_into(layer, weights[f"{FIRST_PREFIX}{2 * number}"],
                  weights[f"{FIRST_PREFIX}{2 * number + 1}"])
    assert f"{FIRST_PREFIX}{2 * len(layers)}" not in weights
    added = [m for m in person.sixteen if isinstance(m, Dilated)]
    for number, block in enumerate(added):
        for name in ("a", "b", "c"):
            key = f"{FIRST_BLOCKS}{number}.{name}."
            copy_into(getattr(block, name), weights[key + "weight"],
                      weights[key + "bias"])


def load_person(path: Path, shape: Shape | None = None) -> Person:
    """The network in an ONNX file of this project.

    `shape`: what to build instead of what the file holds; the weights
    that both have are taken, the others stay fresh.
    """
    weights = read_weights(path)
    person = Person(shape or read_shape(path))
    if f"{FIRST_PREFIX}0" in weights:
        load_first(person, weights)
        return person
    weights = undo_tail(weights, f"{NAMED_PREFIX}answer.weight",
                        f"{NAMED_PREFIX}answer.bias")
    named = {k.removeprefix(NAMED_PREFIX): torch.from_numpy(v.copy())
             for k, v in weights.items() if k.startswith(NAMED_PREFIX)}
    unknown = person.load_state_dict(named, strict=False)
    if shape is None:
        assert not unknown.missing_keys, unknown.missing_keys
    return person


def detector_layers(path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """(weight, bias) of the detector's trunk, in order of computation.

    The trunk ends at the last sum with 192 channels at stride 32.
    """
    import openvino as ov   # wanted by this function alone
    graph = ov.Core().read_model(str(path)).get_ordered_ops()
    goal = [op for op in graph if op.get_type_name() == "Add"
            and list(op.output(0).shape) == [1, 192, 7, 7]][-1]
    above, todo = set(), [goal]
    while todo:
        op = todo.pop()
        if op.get_friendly_name() not in above:
            above.add(op.get_friendly_name())
            todo += [v.get_source_output().get_node()
                     for v in op.inputs()]
    layers = []
    for op in graph:
        if (op.get_type_name() not in ("Convolution", "GroupConvolution")
                or op.get_friendly_name() not in above):
            continue
        weight = constant(op, 1)
        if weight.ndim == 5:    # [groups, 1, 1, k, k]
            weight = weight.reshape(-1, 1, *weight.shape[3:])
        add = next(iter(op.output(0).get_target_inputs())).get_node()
        assert add.get_type_name() == "Add"
        layers.append((weight, constant(add, 1).reshape(-1)))
    return layers


def constant(op, index: int) -> np.ndarray:
    """The constant input of an OpenVINO node, as float32."""
    import openvino as ov
    source = op.input_value(index).get_node()
    folded = ov.Model([source.output(0)], [], "constant")
    compiled = ov.Core().compile_model(folded, "CPU", {
        "INFERENCE_PRECISION_HINT": "f32"})
    return np.array(compiled([])[0], np.float32)


def load_detector(context: Context, path: Path) -> None:
    """Fill the context encoder from MediaPipe's pose detector."""
    layers = [m for m in context.modules() if isinstance(m, nn.Conv2d)]
    found = detector_layers(path)
    assert len(found) >= len(layers)
    weight, bias = found[0]
    copy_into(layers[0], *adapt_stem(weight, bias, context.stem.stride[0]))
    for layer, (weight, bias) in zip(layers[1:], found[1:]):
        copy_into(layer, weight, bias)


def adapt_stem(weight: np.ndarray, bias: np.ndarray, stride: int
               ) -> tuple[np.ndarray, np.ndarray]:
    """The detector's first convolution, for pictures in 0..1.

    The detector takes -1..1: w * (2x - 1) + b = 2w * x + (b - sum w).
    With stride 4, the picture's halving (mean of 2 x 2) goes in as well.
    Only the outermost pixels differ: padding is black, no longer grey.
    """
    assert stride in (2, 4)
    bias = bias - weight.sum((1, 2, 3))
    weight = weight * 2
    if stride == 4:
        weight = weight.repeat(2, 2).repeat(2, 3) / 4
    return weight, bias


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--person", type=Path, required=True)
    parser.add_argument("--detector", type=Path)
    parser.add_argument("--shrink", type=int, default=2)
    parser.add_argument("--deep-blocks", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    shape = None
    if args.detector:
        shape = Shape(shrink=args.shrink, deep_blocks=args.deep_blocks)
    person = load_person(args.person, shape)
    if args.detector:
        load_detector(person.context, args.detector)
    torch.save({"shape": person.shape.as_dict(),
                "weights": person.state_dict()}, args.out)
    count = sum(p.numel() for p in person.parameters())
    print(f"{args.out}: {count} weights, {person.shape}")


if __name__ == "__main__":
    main()
