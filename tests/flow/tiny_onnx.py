"""Small ONNX networks, written byte by byte: no package is needed to make
them. Field numbers are those of onnx.proto (IR version 8, opset 13)."""
import hashlib
import json


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, value):
    """A field: an int as a varint, bytes or text with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def value_info(name, dims):
    """A float tensor; a text is a dimension left open."""
    shape = b"".join(field(1, field(1 if isinstance(dim, int) else 2, dim))
                     for dim in dims)
    tensor = field(1, 1) + field(2, shape)
    return field(1, name) + field(2, field(1, tensor))


def node(kind, inputs, outputs, **attributes):
    """Attributes are ints or lists of ints."""
    body = b"".join(field(1, name) for name in inputs)
    body += b"".join(field(2, name) for name in outputs) + field(4, kind)
    for name, value in attributes.items():
        if isinstance(value, int):
            body += field(5, field(1, name) + field(3, value) + field(20, 2))
        else:
            ints = b"".join(field(8, item) for item in value)
            body += field(5, field(1, name) + ints + field(20, 7))
    return body


def model(nodes, output_dims):
    graph = b"".join(field(1, item) for item in nodes) + field(2, "tiny")
    graph += field(11, value_info("image", [1, 3, "h", "w"]))
    graph += field(12, value_info("person", output_dims))
    return field(1, 8) + field(7, graph) + field(8, field(2, 13))


def squares_only():
    """The squared mean of the channels, turned over: of an input that is no
    square the answer has another shape than the input."""
    return model(
        [node("ReduceMean", ["image"], ["grey"], axes=[1], keepdims=1),
         node("Mul", ["grey", "grey"], ["dark"]),
         node("Transpose", ["dark"], ["person"], perm=[0, 1, 3, 2])],
        [1, 1, "w", "h"])


def folder(path, network):
    """Make path a models folder whose network "person" is these bytes."""
    path.mkdir()
    (path / "person.onnx").write_bytes(network)
    (path / "person.json").write_text(json.dumps({
        "schema": 1, "name": "person", "version": "tiny", "licence": "none",
        "file": "person.onnx",
        "sha256": hashlib.sha256(network).hexdigest(),
        "input": {"layout": "NCHW", "colour": "RGB", "geometry": "aspect",
                  "step": 32, "min": 128, "max": 768},
        "output": {"layout": "NCHW", "channels": 1, "activation": "none"},
        "looks": [256, 384], "threshold": 0.5}))
    return path
