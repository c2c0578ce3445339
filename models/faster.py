#!/usr/bin/env python3
"""Write a network in the form that the engine runs fastest.

    faster.py IN.onnx OUT.onnx               (needs the Python package onnx)

The answer stays the same but for the last bits (2e-7); an input of 384 x 384
takes 7.9 ms instead of 11.7. Each step is skipped where it finds nothing to
do, so that a network may be rewritten twice.

1. A last layer ConvTranspose(2x2, stride 2, one channel) -> Sigmoid becomes
   Conv(1x1, four channels) -> Sigmoid -> DepthToSpace(2): the engine computes
   the first form's Sigmoid one value at a time.
2. Resize(x2, linear) -> Conv(1x1) becomes Conv(1x1) -> Resize: both are linear
   and the resize's weights sum to one, so that they may change places; the
   convolution is then of a quarter of the pixels.
3. The mean of a resized plane plus another is the sum of their means, and the
   mean of the resized one is that of the small one (each pixel of it counts
   four times, at the edges too): the large sum isn't needed.
4. A convolution without padding of a sum, at the network's end, becomes the
   sum of two convolutions: four channels are added instead of sixteen.
"""
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

MEANS = ("ReduceMean", "GlobalAveragePool")


class Network:
    """Nodes in order, and who makes and uses what."""

    def __init__(self, graph):
        self.nodes = list(graph.node)
        self.outputs = {output.name for output in graph.output}
        self.weights = {weight.name: numpy_helper.to_array(weight)
                        for weight in graph.initializer}
        for node in self.nodes:
            if node.op_type == "Constant":
                self.weights[node.output[0]] = numpy_helper.to_array(
                    node.attribute[0].t)

    def maker(self, name):
        return next((node for node in self.nodes if name in node.output), None)

    def users(self, name):
        return [node for node in self.nodes if name in node.input]

    def place(self, node):
        return next(i for i, each in enumerate(self.nodes) if each is node)

    def replace(self, node, *others):
        at = self.place(node)
        self.nodes[at:at + 1] = others


def kernel_of(node):
    return next(list(attribute.ints) for attribute in node.attribute
                if attribute.name == "kernel_shape")


def copy_of(node, **names):
    """The same node between other values."""
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.name = names["output"]
    copy.input[0] = names["input"]
    copy.output[0] = names["output"]
    return copy


def split_last_layer(net):
    """Step 1. Returns how many it rewrote."""
    sigmoid = net.nodes[-1]
    transposed = net.maker(sigmoid.input[0])
    if (sigmoid.op_type, transposed.op_type) != ("Sigmoid", "ConvTranspose"):
        return 0
    weight, bias = (net.weights[name] for name in transposed.input[1:3])
    if weight.shape[1:] != (1, 2, 2):
        sys.exit(f"faster.py: {weight.shape} is not [n, 1, 2, 2]")
    # [in, 1, 2, 2] -> [2 * 2, in, 1, 1]: one channel a place in the block.
    net.weights["tail.weight"] = np.ascontiguousarray(
        weight.transpose(2, 3, 1, 0).reshape(4, -1, 1, 1))
    net.weights["tail.bias"] = np.repeat(bias, 4)
    net.replace(transposed, helper.make_node(
        "Conv", [transposed.input[0], "tail.weight", "tail.bias"],
        ["tail.conv"], kernel_shape=[1, 1]))
    net.replace(
        sigmoid, helper.make_node("Sigmoid", ["tail.conv"], ["tail.sigmoid"]),
        helper.make_node("DepthToSpace", ["tail.sigmoid"],
                         list(sigmoid.output), blocksize=2, mode="DCR"))
    return 1


def convolve_before_resizing(net):
    """Steps 2 and 3."""
    count = 0
    for resize in [node for node in net.nodes if node.op_type == "Resize"]:
        users = net.users(resize.output[0])
        if ([user.op_type for user in users] != ["Conv"]
                or kernel_of(users[0]) != [1, 1]):
            continue
        conv = users[0]
        large, small = conv.output[0], conv.output[0] + ".small"
        net.nodes.remove(conv)
        net.nodes.insert(net.place(resize), copy_of(
            conv, input=resize.input[0], output=small))
        net.replace(resize, copy_of(resize, input=small, output=large))
        for user in net.users(large):
            split_mean(net, user, large, small)
        count += 1
    return count


def split_mean(net, add, large, small):
    """Step 3, for a sum of which nothing but the mean is wanted."""
    users = net.users(add.output[0])
    if (add.op_type != "Add" or len(users) != 1
            or users[0].op_type not in MEANS):
        return
    mean = users[0]
    total = mean.output[0]
    other = next(name for name in add.input if name != large)
    net.nodes.remove(add)
    net.replace(mean, copy_of(mean, input=small, output=total + ".small"),
                copy_of(mean, input=other, output=total + ".other"),
                helper.make_node("Add", [total + ".small", total + ".other"],
                                 [total]))


def add_after_last_layer(net):
    """Step 4."""
    conv = net.maker("tail.conv")
    add = net.maker(conv.input[0]) if conv is not None else None
    if (add is None or conv.op_type != "Conv" or add.op_type != "Add"
            or len(net.users(add.output[0])) != 1):
        return 0
    net.weights["tail.nothing"] = np.zeros_like(net.weights[conv.input[2]])
    parts = [helper.make_node(
        "Conv", [name, conv.input[1], bias], [f"tail.part{i}"],
        kernel_shape=[1, 1]) for i, (name, bias) in enumerate(
            zip(add.input, (conv.input[2], "tail.nothing")))]
    net.nodes.remove(add)
    net.replace(conv, *parts, helper.make_node(
        "Add", ["tail.part0", "tail.part1"], list(conv.output)))
    return 1


def rewrite(graph):
    """All steps, in place. Returns how often each found something to do."""
    net = Network(graph)
    counts = {step.__name__: step(net) for step in (
        split_last_layer, convolve_before_resizing, add_after_last_layer)}
    used = {name for node in net.nodes for name in node.input}
    made = {name for node in net.nodes for name in node.output}
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(net.nodes)
    graph.initializer.extend(
        numpy_helper.from_array(weight, name)
        for name, weight in net.weights.items()
        if name in used and name not in made)
    return counts


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    model = onnx.load(sys.argv[1])
    print(rewrite(model.graph))
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, sys.argv[2])


if __name__ == "__main__":
    main()
