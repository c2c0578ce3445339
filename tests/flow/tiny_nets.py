"""One small network in three formats: a weighted sum of the three colours for
each of its channels, and perhaps a sigmoid or a softmax behind it."""
import struct

import tiny_onnx
import tiny_tflite


def floats(values):
    return struct.pack("<%df" % len(values), *values)


class Net:
    """What a network computes. weights: for each channel those of the three
    colours and what is added. activation: None, "sigmoid" or "softmax"; with
    `both`, the sums are an output too, the first one."""

    def __init__(self, weights, activation=None, layout="NCHW", both=False,
                 width="w", height="h"):
        self.factors = [row[:3] for row in weights]
        self.offsets = [row[3] for row in weights]
        self.channels = len(weights)
        self.activation = activation
        self.is_last = layout == "NHWC"
        self.both = both
        self.sides = [height, width]

    def dims(self, channels, unknown=None):
        """Of the input or an output; texts where a side is left open."""
        sides = [side if isinstance(side, int) or unknown is None else unknown
                 for side in self.sides]
        return [1] + (sides + [channels] if self.is_last
                      else [channels] + sides)

    def flat_factors(self):
        return [value for row in self.factors for value in row]


def onnx_tensor(name, dims, values):
    body = b"".join(tiny_onnx.field(1, dim) for dim in dims)
    return (body + tiny_onnx.field(2, 1) + tiny_onnx.field(8, name) +
            tiny_onnx.field(9, floats(values)))


def onnx(net):
    """As bytes. Of NHWC the sums are made in NCHW, between two turns."""
    node, field = tiny_onnx.node, tiny_onnx.field
    first = "turned" if net.is_last else "image"
    sums = "turned_sums" if net.is_last else "sums"
    nodes = [node("Conv", [first, "factors", "offsets"], [sums])]
    if net.is_last:
        nodes = [node("Transpose", ["image"], ["turned"], perm=[0, 3, 1, 2])
                 ] + nodes + [
                 node("Transpose", [sums], ["sums"], perm=[0, 2, 3, 1])]
    if net.activation == "sigmoid":
        nodes.append(node("Sigmoid", ["sums"], ["person"]))
    if net.activation == "softmax":
        nodes.append(node("Softmax", ["sums"], ["person"],
                          axis=3 if net.is_last else 1))
    graph = b"".join(field(1, item) for item in nodes) + field(2, "tiny")
    graph += field(5, onnx_tensor("factors", [net.channels, 3, 1, 1],
                                  net.flat_factors()))
    graph += field(5, onnx_tensor("offsets", [net.channels], net.offsets))
    graph += field(11, tiny_onnx.value_info("image", net.dims(3)))
    for name in outputs(net):
        graph += field(12, tiny_onnx.value_info(name, net.dims(net.channels)))
    return field(1, 8) + field(7, graph) + field(8, field(2, 13))


def onnx_stand_in(net, image, constants, names):
    """An ONNX network with further inputs and outputs: the sum of the net's
    one channel and of all constants, given by every output. constants:
    {name: dims}; their values are only read."""
    node, field = tiny_onnx.node, tiny_onnx.field
    last, nodes = "sums", [node("Conv", [image, "factors", "offsets"],
                                ["sums"])]
    for name in constants:
        nodes.append(node("Add", [last, name], [last + "_" + name]))
        last += "_" + name
    if net.activation == "sigmoid":
        nodes.append(node("Sigmoid", [last], ["person"]))
        last = "person"
    nodes += [node("Identity", [last], [name]) for name in names]
    graph = b"".join(field(1, item) for item in nodes) + field(2, "stand_in")
    graph += field(5, onnx_tensor("factors", [net.channels, 3, 1, 1],
                                  net.flat_factors()))
    graph += field(5, onnx_tensor("offsets", [net.channels], net.offsets))
    graph += field(11, tiny_onnx.value_info(image, net.dims(3)))
    for name, dims in constants.items():
        graph += field(11, tiny_onnx.value_info(name, dims))
    for name in names:
        graph += field(12, tiny_onnx.value_info(name, net.dims(net.channels)))
    return field(1, 8) + field(7, graph) + field(8, field(2, 13))


def outputs(net):
    """The names of the outputs, in their order."""
    last = ["person"] if net.activation else ["sums"]
    return ["sums"] + last if net.both and net.activation else last


def tflite(net):
    """As bytes; always NHWC, as TFLite's convolutions are."""
    assert net.is_last
    kinds = ["CONV_2D"] + {None: [], "sigmoid": ["LOGISTIC"],
                           "softmax": ["SOFTMAX"]}[net.activation]
    tensor, operator = tiny_tflite.tensor, tiny_tflite.operator
    tensors = [tensor("image", net.dims(3, -1)),
               tensor("factors", [net.channels, 1, 1, 3], 1),
               tensor("offsets", [net.channels], 2),
               tensor("sums", net.dims(net.channels, -1))]
    operators = [operator(0, [0, 1, 2], [3], "CONV_2D")]
    if net.activation:
        tensors.append(tensor("person", net.dims(net.channels, -1)))
        operators.append(operator(1, [3], [4], kinds[1]))
    numbers = [3 if name == "sums" else 4 for name in outputs(net)]
    return tiny_tflite.model(kinds, tensors, operators, numbers,
                             [floats(net.flat_factors()),
                              floats(net.offsets)])


def port(number, dims, name=None):
    names = ' names="%s"' % name if name else ""
    return '<port id="%d" precision="FP32"%s>%s</port>' % (
        number, names, "".join("<dim>%d</dim>" % dim for dim in dims))


def layer(number, kind, name, data, inputs=(), output=None):
    """inputs: dims of each; output: (dims, name)."""
    text = '<layer id="%d" name="%s" type="%s" version="opset1">' % (
        number, name, kind)
    text += "<data %s/>" % data if data else ""
    if inputs:
        text += "<input>%s</input>" % "".join(
            port(i, dims) for i, dims in enumerate(inputs))
    if output:
        text += "<output>%s</output>" % port(len(inputs), *output)
    return text + "</layer>"


class Ir:
    """Layers and edges of an .xml, and the bytes of its .bin."""

    def __init__(self):
        self.layers, self.edges, self.weights = [], [], b""

    def add(self, kind, name, data, sources=(), dims=None, label=None):
        """sources: (layer, its output port, dims). Gives such a source."""
        number = len(self.layers)
        self.layers.append(layer(number, kind, name, data,
                                 [source[2] for source in sources],
                                 None if dims is None else (dims, label)))
        for i, source in enumerate(sources):
            self.edges.append('<edge from-layer="%d" from-port="%d" '
                              'to-layer="%d" to-port="%d"/>' % (
                                  source[0], source[1], number, i))
        return (number, len(sources), dims)

    def constant(self, name, kind, dims, values):
        data = floats(values) if kind == "f32" else struct.pack(
            "<%dq" % len(values), *values)
        text = 'element_type="%s" shape="%s" offset="%d" size="%d"' % (
            kind, ",".join(map(str, dims)), len(self.weights), len(data))
        self.weights += data
        return self.add("Const", name, text, dims=dims)

    def xml(self):
        return ('<?xml version="1.0"?><net name="tiny" version="11"><layers>'
                "%s</layers><edges>%s</edges></net>" % (
                    "".join(self.layers), "".join(self.edges))).encode()


def ir(net):
    """As (bytes of the .xml, bytes of the .bin)."""
    graph = Ir()
    dims = net.dims(3, -1)
    planes = [1, net.channels] + [dims[1:3], dims[2:4]][not net.is_last]
    last = graph.add("Parameter", "image", 'element_type="f32" shape="%s"' %
                     ",".join("?" if dim < 0 else str(dim) for dim in dims),
                     dims=dims, label="image")
    if net.is_last:
        turn = graph.constant("turn", "i64", [4], [0, 3, 1, 2])
        last = graph.add("Transpose", "turned", "", [last, turn],
                         [1, 3] + dims[1:3])
    factors = graph.constant("factors", "f32", [net.channels, 3, 1, 1],
                             net.flat_factors())
    last = graph.add("Convolution", "products", 'strides="1,1" dilations="1,1"'
                     ' pads_begin="0,0" pads_end="0,0" auto_pad="explicit"',
                     [last, factors], planes)
    offsets = graph.constant("offsets", "f32", [1, net.channels, 1, 1],
                             net.offsets)
    last = graph.add("Add", "added", 'auto_broadcast="numpy"',
                     [last, offsets], planes, None if net.is_last else "sums")
    if net.is_last:
        turn = graph.constant("back", "i64", [4], [0, 2, 3, 1])
        last = graph.add("Transpose", "sums", "", [last, turn],
                         net.dims(net.channels, -1), "sums")
    made = {"sums": last}
    if net.activation == "sigmoid":
        made["person"] = graph.add("Sigmoid", "person", "", [last], last[2],
                                   "person")
    if net.activation == "softmax":
        made["person"] = graph.add(
            "SoftMax", "person", 'axis="%d"' % (3 if net.is_last else 1),
            [last], last[2], "person")
    for name in outputs(net):
        graph.add("Result", "result_" + name, "", [made[name]])
    return graph.xml(), graph.weights


def files(net, form, name="net"):
    """{file name: bytes} of the network in one of the three formats."""
    if form == "onnx":
        return {name + ".onnx": onnx(net)}
    if form == "tflite":
        return {name + ".tflite": tflite(net)}
    xml, weights = ir(net)
    return {name + ".xml": xml, name + ".bin": weights}
