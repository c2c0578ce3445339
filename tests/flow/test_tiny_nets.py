"""The small networks of the unit tests are what tiny_nets.py writes."""
import os

import tiny_nets

PLACE = os.path.join(os.path.dirname(__file__), "..", "unit", "infer", "nets")
TWO = tiny_nets.Net([(1, 2, 3, 0.5), (3, -1, 2, 0.25)], "softmax", "NHWC",
                    both=True)


def networks():
    """{file name: bytes} of them all."""
    made = {}
    for form in ("onnx", "tflite", "ir"):
        made.update(tiny_nets.files(TWO, form, "two"))
    return made


def test_files_are_as_written():
    made = networks()
    assert sorted(made) == sorted(os.listdir(PLACE))
    for name, data in made.items():
        with open(os.path.join(PLACE, name), "rb") as file:
            assert file.read() == data, name
