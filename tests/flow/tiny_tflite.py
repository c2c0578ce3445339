"""Small TFLite networks, written byte by byte: a flatbuffer of tables whose
fields are numbered as in TFLite's schema."""
import struct

VERSION = 3
FLOAT32 = 0
OPS = {"CONV_2D": (3, 1), "LOGISTIC": (14, 0), "SOFTMAX": (25, 9)}
FORMS = {"B": 1, "i": 4, "I": 4, "f": 4}


class Flat:
    """Writes tables, vectors and texts one behind the other. A reference is
    the distance forwards to what it names, so that comes later."""

    def __init__(self):
        self.bytes = bytearray()

    def align(self, size):
        self.bytes += bytes(-len(self.bytes) % size)

    def put(self, value):
        """Write a value, whatever it is; give its place."""
        if isinstance(value, dict):
            return self.table(value)
        if isinstance(value, str):
            return self.vector(value.encode(), 1, b"\0")
        if isinstance(value, bytes):
            return self.vector(value, 16)
        if value and isinstance(value[0], dict):
            return self.references(value)
        return self.vector(struct.pack("<%di" % len(value), *value), 4,
                           count=len(value))

    def vector(self, data, alignment, tail=b"", count=None):
        """A count and what follows it, whose start is aligned."""
        self.bytes += bytes(-(len(self.bytes) + 4) % max(4, alignment))
        place = len(self.bytes)
        count = len(data) if count is None else count
        self.bytes += struct.pack("<I", count) + data + tail
        return place

    def references(self, values):
        self.align(4)
        place = len(self.bytes)
        self.bytes += struct.pack("<I", len(values)) + bytes(4 * len(values))
        for i, value in enumerate(values):
            self.refer(place + 4 + 4 * i, value)
        return place

    def refer(self, at, value):
        place = self.put(value)
        struct.pack_into("<I", self.bytes, at, place - at)

    def table(self, fields):
        """fields: {number: (form, value) or what put() writes}."""
        slots = [0] * (max(fields, default=-1) + 1)
        size = 4
        for number in fields:
            slots[number] = size
            size += 4           # all forms get four bytes, the least of them
        self.align(4)
        if len(slots) % 2:
            self.bytes += bytes(2)
        index = len(self.bytes)
        self.bytes += struct.pack("<HH%dH" % len(slots), 4 + 2 * len(slots),
                                  size, *slots)
        place = len(self.bytes)
        self.bytes += struct.pack("<i", place - index) + bytes(size - 4)
        for number, value in fields.items():
            if isinstance(value, tuple):
                struct.pack_into("<" + value[0], self.bytes,
                                 place + slots[number], value[1])
        for number, value in fields.items():
            if not isinstance(value, tuple):
                self.refer(place + slots[number], value)
        return place


def tensor(name, shape, buffer=0):
    """-1 is a side left open."""
    fields = {0: [max(side, 1) for side in shape], 1: ("B", FLOAT32),
              2: ("I", buffer), 3: name}
    if -1 in shape:
        fields[7] = list(shape)
    return fields


def operator(number, inputs, outputs, kind):
    """An operator with the options that the networks below want of it."""
    options = {"CONV_2D": {0: ("B", 0), 1: ("i", 1), 2: ("i", 1),
                           4: ("i", 1), 5: ("i", 1)},
               "LOGISTIC": None, "SOFTMAX": {0: ("f", 1.0)}}[kind]
    fields = {0: ("I", number), 1: inputs, 2: outputs}
    if options:
        fields[3] = ("B", OPS[kind][1])
        fields[4] = options
    return fields


def model(kinds, tensors, operators, outputs, buffers):
    """The file. Tensor 0 is the input, buffer 0 is empty."""
    flat = Flat()
    flat.bytes += bytes(4) + b"TFL3"
    codes = [{0: ("B", OPS[kind][0]), 2: ("i", 1), 3: ("i", OPS[kind][0])}
             for kind in kinds]
    graph = {0: tensors, 1: [0], 2: outputs, 3: operators, 4: "tiny"}
    flat.refer(0, {0: ("I", VERSION), 1: codes, 2: [graph], 3: "tiny",
                   4: [{}] + [{0: data} for data in buffers]})
    flat.align(4)
    return bytes(flat.bytes)
