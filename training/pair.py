"""Join two networks: one for whole pictures, one for close looks.

    python pair.py --whole finder/person.onnx --close person-1.onnx \\
        --out ../models --name person --version 2

Must not know: pictures, PyTorch.
Complication: which of the two answers is decided inside the file, by the
number of the input's pixels, so that nobody who runs it has to know; both
must take and give tensors of the same names.

The first look sees a whole picture and has to tell people from what is
like them; the second sees people from near and has to draw outlines. One
small network cannot do both equally well: what it learns about empty
garments it then doubts in a jacket that fills the frame.
"""

from __future__ import annotations

import argparse
import hashlib
import os
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from evaluate import onnx_look
from export import manifest

WHOLE_PIXELS_MAX = 320 * 320    # above, it is a close look
WHOLE, CLOSE = "whole.", "close."       # prefixes of all names inside
SIZES = ((256, 256), (320, 320), (320, 352), (384, 512))    # compared


def branch(model: onnx.ModelProto, prefix: str) -> onnx.GraphProto:
    """A network as the branch of an If, all of its names prefixed.

    Its input stays the surrounding graph's; its weights are its own, so
    that the engine sees them as constants.
    """
    image = model.graph.input[0].name

    def rename(name: str) -> str:
        return name if name in ("", image) else prefix + name
    nodes = []
    for node in model.graph.node:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.name = prefix + node.name
        copy.input[:] = [rename(name) for name in node.input]
        copy.output[:] = [rename(name) for name in node.output]
        nodes.append(copy)
    weights = []
    for tensor in model.graph.initializer:
        copy = onnx.TensorProto()
        copy.CopyFrom(tensor)
        copy.name = rename(tensor.name)
        weights.append(copy)
    answer = helper.make_tensor_value_info(
        rename(model.graph.output[0].name), TensorProto.FLOAT,
        [1, 1, None, None])
    return helper.make_graph(nodes, prefix + "graph", [], [answer], weights)


def join(whole: onnx.ModelProto, close: onnx.ModelProto
         ) -> onnx.ModelProto:
    """Both in one, chosen by size."""
    image, answer = whole.graph.input[0], whole.graph.output[0]
    for one, other in ((image, close.graph.input[0]),
                       (answer, close.graph.output[0])):
        assert one.name == other.name, f"{one.name} is not {other.name}"
    limit = numpy_helper.from_array(
        np.array(3 * WHOLE_PIXELS_MAX, np.int64), "whole_max")
    nodes = [
        helper.make_node("Size", [image.name], ["size"]),
        helper.make_node("Greater", ["size", "whole_max"], ["is_close"]),
        helper.make_node("If", ["is_close"], [answer.name],
                         then_branch=branch(close, CLOSE),
                         else_branch=branch(whole, WHOLE))]
    graph = helper.make_graph(nodes, "pair", [image], [answer], [limit])
    model = helper.make_model(graph, opset_imports=whole.opset_import)
    model.ir_version = whole.ir_version
    onnx.checker.check_model(model)
    return model


def compare(pair: Path, whole: Path, close: Path) -> None:
    """Every size is answered by the right one, to the last bit."""
    rng = np.random.default_rng(0)
    looks = {path: onnx_look(path) for path in (pair, whole, close)}
    for h, w in SIZES:
        rgb = rng.integers(0, 256, (h, w, 3), np.uint8)
        right = whole if h * w <= WHOLE_PIXELS_MAX else close
        same = np.array_equal(looks[pair](rgb), looks[right](rgb))
        assert same, f"{h} x {w} is answered otherwise"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("--whole", type=Path, required=True, help="for whole pictures")
    add("--close", type=Path, required=True, help="for close looks")
    add("--name", default="person")
    add("--version", default="mine")
    add("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    part = args.out / f"{args.name}.part.onnx"
    final = args.out / f"{args.name}.onnx"
    onnx.save(join(onnx.load(str(args.whole)), onnx.load(str(args.close))),
              str(part))
    compare(part, args.whole, args.close)
    os.replace(part, final)
    digest = hashlib.sha256(final.read_bytes()).hexdigest()
    final.with_suffix(".json").write_text(
        manifest(args.name, args.version, digest))
    print(f"{digest}  {final}")


if __name__ == "__main__":
    main()
