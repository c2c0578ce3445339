"""Networks of one's own: the three formats, every way to feed and read one,
and files that are damaged. The networks take for a person what is red."""
import hashlib
import json
import re
import struct
import subprocess

import numpy
import pytest
from PIL import Image

import service
import tiny_nets
from service import BINARY, ROOT, clean_environment

WIDTH, HEIGHT = 120, 80
BOX = (30, 16, 84, 64)          # of the red rectangle: left, top, right, bottom
RED, BLUE = (230, 20, 30), (20, 30, 210)
STEEP = 24                      # of the logit over red less blue


def silhouette(*arguments, **options):
    """With the quality that asks no other network whether somebody is there:
    what is red here is nobody."""
    quality = ["--quality", "fast"] if arguments[0] in ("segment",
                                                        "eval") else []
    return subprocess.run([str(BINARY), *map(str, arguments), *quality],
                          capture_output=True, timeout=120,
                          env=clean_environment(), **options)


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """A red rectangle on blue."""
    path = tmp_path_factory.mktemp("picture") / "red.png"
    image = Image.new("RGB", (WIDTH, HEIGHT), BLUE)
    image.paste(RED, BOX)
    image.save(path)
    return path


def truth():
    mask = numpy.zeros((HEIGHT, WIDTH), bool)
    mask[BOX[1]:BOX[3], BOX[0]:BOX[2]] = True
    return mask


def weights_for(values, colour, channels, person):
    """The rows of a network for which what is redder than blue is person, at
    input values that were scaled in that way."""
    scale, mean, std = (values.get(key, default) for key, default in (
        ("scale", 255), ("mean", [0, 0, 0]), ("std", [1, 1, 1])))
    # red / 255 = (value * std + mean) * scale / 255
    red, blue = (0, 2) if colour == "RGB" else (2, 0)
    row = [0, 0, 0, -STEEP / 8]
    for index, sign in ((red, STEEP), (blue, -STEEP)):
        row[index] = sign * std[index] * scale / 255
        row[3] += sign * mean[index] * scale / 255
    if channels == 1:
        return [row]
    rows = [[-value / 2 for value in row], [value / 2 for value in row]]
    return rows if person == 1 else rows[::-1]


def digest(data):
    return hashlib.sha256(data).hexdigest()


def write_model(folder, files, manifest):
    """The files and their manifest, which gets their names and checksums."""
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    names = list(files)
    manifest = {"schema": 1, "name": "red", "version": "1", "licence": "none",
                "file": names[0], "sha256": digest(files[names[0]]),
                "threshold": 0.5, **manifest}
    if len(names) > 1:
        manifest["weights"] = {"file": names[1],
                               "sha256": digest(files[names[1]])}
    (folder / "red.json").write_text(json.dumps(manifest))
    return folder


def make_model(folder, form="onnx", layout="NCHW", colour="RGB", channels=1,
               person=1, inside=True, size=None, geometry="aspect", looks=2,
               values=None):
    """inside: the activation is the network's own, or the manifest's."""
    values = values or {}
    activation = "sigmoid" if channels == 1 else "softmax"
    sides = {} if size is None else {"width": size[0], "height": size[1]}
    net = tiny_nets.Net(weights_for(values, colour, channels, person),
                        activation if inside else None, layout, **sides)
    given = {"layout": layout, "colour": colour, "geometry": geometry, **values}
    given.update(sides or {"step": 16, "min": 32, "max": 256})
    taken = {"layout": layout, "channels": channels,
             "activation": "none" if inside else activation}
    if channels == 2:
        taken["person"] = person
    return write_model(folder, tiny_nets.files(net, form), {
        "input": given, "output": taken,
        "looks": looks if size else [96, 128][:looks]})


def mask_of(folder, picture, *flags):
    done = silhouette("segment", picture, "--models", folder, "--model", "red",
                      *flags)
    assert done.returncode == 0, done.stderr
    return numpy.array(json.loads(done.stdout)["data"], bool)


def iou(a, b):
    return (a & b).sum() / (a | b).sum()


IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
BYTES = {"scale": 1, "mean": [120, 110, 100], "std": [60, 50, 70]}

CASES = {
    "plain onnx": {},
    "plain tflite": {"form": "tflite", "layout": "NHWC"},
    "plain ir": {"form": "ir"},
    "onnx, nhwc": {"layout": "NHWC"},
    "ir, nhwc": {"form": "ir", "layout": "NHWC"},
    "onnx, logits": {"inside": False},
    "tflite, logits": {"form": "tflite", "layout": "NHWC", "inside": False},
    "ir, logits, fixed": {"form": "ir", "inside": False, "size": (96, 64),
                          "geometry": "stretch"},
    "onnx, two channels": {"channels": 2},
    "tflite, two channels": {"form": "tflite", "layout": "NHWC",
                             "channels": 2, "person": 0},
    "ir, two channels": {"form": "ir", "layout": "NHWC", "channels": 2},
    "onnx, two logits": {"channels": 2, "inside": False, "person": 0},
    "tflite, two logits": {"form": "tflite", "layout": "NHWC", "channels": 2,
                           "inside": False},
    "ir, two logits": {"form": "ir", "channels": 2, "inside": False},
    "onnx, bgr": {"colour": "BGR"},
    "tflite, bgr, mean": {"form": "tflite", "layout": "NHWC", "colour": "BGR",
                          "values": IMAGENET},
    "ir, mean": {"form": "ir", "values": BYTES},
    "onnx, fixed, stretch": {"size": (64, 96), "geometry": "stretch"},
    "tflite, fixed, stretch": {"form": "tflite", "layout": "NHWC",
                               "size": (96, 96), "geometry": "stretch"},
    "onnx, fixed, letterbox": {"size": (128, 128), "geometry": "letterbox",
                               "values": IMAGENET},
    "tflite, fixed, letterbox": {"form": "tflite", "layout": "NHWC",
                                 "size": (96, 128), "geometry": "letterbox"},
    "ir, fixed, letterbox": {"form": "ir", "size": (128, 64), "looks": 1,
                             "geometry": "letterbox", "colour": "BGR"},
    "onnx, square": {"geometry": "stretch"},
    "ir, square letterbox": {"form": "ir", "geometry": "letterbox"},
    "onnx, one look": {"looks": 1},
    "tflite, fixed, one look": {"form": "tflite", "layout": "NHWC", "looks": 1,
                                "size": (96, 96), "geometry": "stretch"},
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_red_is_found(tmp_path, picture, case):
    folder = make_model(tmp_path / "models", **case)
    assert iou(mask_of(folder, picture), truth()) > 0.93


def test_a_turned_picture_with_one_look(tmp_path, picture):
    folder = make_model(tmp_path / "models", looks=1)
    turned = tmp_path / "turned.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(picture) as image:
        image.transpose(Image.Transpose.ROTATE_90).save(turned, exif=exif)
    assert iou(mask_of(folder, turned), truth()) > 0.93
    stored = mask_of(folder, turned, "--orientation", "stored")
    assert iou(numpy.rot90(truth()), stored) > 0.93


def test_the_threshold_is_the_manifests(tmp_path, picture):
    folder = make_model(tmp_path / "models")
    path = folder / "red.json"
    path.write_text(path.read_text().replace('"threshold": 0.5',
                                             '"threshold": 0.999999'))
    assert mask_of(folder, picture).sum() < truth().sum()
    assert iou(mask_of(folder, picture, "--threshold", "0.5"), truth()) > 0.93


# --- the list ---------------------------------------------------------------

def listed(folder):
    done = silhouette("models", "--json", "--models", folder)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == (0 if all(row["status"] == "ok"
                                        for row in rows) else 1), done.stderr
    return {row["name"]: row for row in rows}


def test_the_own_network_is_listed():
    row = listed(ROOT / "models")["person"]
    manifest = json.loads((ROOT / "models/person.json").read_text())
    assert row == {"name": "person", "file": manifest["file"],
                   "label": f"person-{manifest['version']}", "looks": 2,
                   "licence": "Apache-2.0", "status": "ok",
                   "threshold": manifest["threshold"]}
    shown = silhouette("models", "--models", ROOT / "models").stdout.decode()
    assert re.search(r"^person +person-\S+ +Apache-2.0 +2 +\S+ +ok$", shown,
                     re.M)


def test_each_network_has_its_own_line(tmp_path):
    folder = make_model(tmp_path / "models")
    (folder / "broken.json").write_text("{")
    (folder / "no name.json").write_text("{}")
    (folder / "red.md").write_text("not a manifest")
    rows = listed(folder)
    assert list(rows) == ["broken", "no name", "red"]
    assert rows["red"]["status"] == "ok"
    assert "JSON" in rows["broken"]["status"]
    assert "name" in rows["no name"]["status"]


@pytest.mark.parametrize("arguments", [["models", "--what"], ["models", "x"],
                                       ["models", "--models"]])
def test_wrong_words(arguments):
    done = silhouette(*arguments)
    assert done.returncode == 2 and done.stderr


def test_help_and_a_folder_that_is_not_there(tmp_path):
    assert b"usage: silhouette models" in silhouette("models",
                                                     "--help").stdout
    assert silhouette("models", "--models", tmp_path / "no").returncode == 3


# --- what is damaged --------------------------------------------------------

FORMS = [("onnx", "NCHW"), ("tflite", "NHWC"), ("ir", "NCHW")]


def damaged(data, kind):
    """Some damage; each kind is the same every time."""
    data = bytearray(data)
    if kind == "empty":
        return b""
    if kind == "text":
        return b"this is no network at all\n" * 8
    if kind.startswith("cut"):
        return bytes(data[:len(data) * int(kind[3:]) // 10])
    seed = numpy.random.default_rng(int(kind[4:]))
    for _ in range(3):
        data[seed.integers(len(data))] ^= 1 << seed.integers(8)
    return bytes(data)


KINDS = (["empty", "text"] + [f"cut{tenths}" for tenths in range(1, 10, 2)]
         + [f"flip{seed}" for seed in range(6)])


@pytest.mark.parametrize("form,layout", FORMS)
def test_damaged_files_get_a_status(tmp_path, form, layout):
    """The manifest has the damaged file's checksum, so that the engine sees
    it: whatever it does, the list tells of it and goes on."""
    folder = make_model(tmp_path / "models", form, layout)
    manifest = json.loads((folder / "red.json").read_text())
    targets = [manifest] + [manifest[key] for key in ("weights",)
                            if key in manifest]
    names = []
    for target in targets:
        whole = (folder / target["file"]).read_bytes()
        kept = dict(target)
        for kind in KINDS:
            ending = target["file"].rpartition(".")[2]
            name = f"{ending}-{kind}"
            data = damaged(whole, kind)
            (folder / f"{name}.{ending}").write_bytes(data)
            target.update(file=f"{name}.{ending}", sha256=digest(data))
            (folder / f"{name}.json").write_text(json.dumps(manifest))
            names.append((name, kind))
        target.update(kept)
    rows = listed(folder)
    assert rows.pop("red")["status"] == "ok"
    assert sorted(rows) == sorted(name for name, _ in names)
    for name, kind in names:
        assert rows[name]["status"], name
        if kind in ("empty", "text") and not name.startswith("bin"):
            assert rows[name]["status"] != "ok", name
        assert "/" not in rows[name]["status"], name


def test_a_checksum_that_differs_is_told(tmp_path, picture):
    for form, layout in FORMS:
        folder = make_model(tmp_path / form, form, layout)
        path = folder / ("net.bin" if form == "ir" else f"net.{form}")
        path.write_bytes(damaged(path.read_bytes(), "flip1"))
        status = listed(folder)["red"]["status"]
        assert "SHA-256" in status and path.name in status
        done = silhouette("segment", picture, "--models", folder, "--model",
                          "red")
        assert done.returncode == 3 and b"SHA-256" in done.stderr


def deadly(folder):
    """A TFLite network of which this engine dies: it divides by a side of a
    convolution's weights, which is zero."""
    make_model(folder, "tflite", "NHWC", channels=2)
    data = (folder / "net.tflite").read_bytes()
    shape = struct.pack("<4i", 2, 1, 1, 3)
    assert data.count(shape) == 1
    data = data.replace(shape, struct.pack("<4i", 2, 1, 1, 0))
    manifest = json.loads((folder / "red.json").read_text())
    return write_model(folder, {"net.tflite": data},
                       {key: manifest[key] for key in ("input", "output",
                                                       "looks")})


def test_a_deadly_network_is_an_error_everywhere(tmp_path, picture, start):
    folder = deadly(tmp_path / "models")
    assert listed(folder)["red"]["status"] != "ok"
    done = silhouette("segment", picture, "--models", folder, "--model", "red")
    assert done.returncode == 3 and b"network" in done.stderr
    done = silhouette("serve", "--models", folder, "--model", "red",
                      "--listen", "127.0.0.1:0", "--store",
                      f"dir:{picture.parent}")
    assert done.returncode == 1 and done.stderr


def test_a_network_that_is_not_there(tmp_path, picture):
    folder = make_model(tmp_path / "models")
    for name in ("blue", "../red", ""):
        done = silhouette("segment", picture, "--models", folder, "--model",
                          name)
        assert done.returncode in (2, 3) and done.stderr, name


def test_the_service_takes_a_network_by_name(tmp_path, picture, start):
    folder = make_model(tmp_path / "models", channels=2, inside=False)
    with start("--models", str(folder), "--model", "red", "--quality", "fast",
               store=f"dir:{picture.parent}") as running:
        answer = running.post(picture.name)
        assert answer.status_code == 200
        assert answer.headers["X-Model"] == "red-1"
        assert iou(numpy.array(answer.json()["data"], bool), truth()) > 0.93


# --- the manifests of the document ------------------------------------------

def documented():
    """{name: manifest} of docs/MODELS.md."""
    text = (ROOT / "docs/MODELS.md").read_text()
    blocks = re.findall(r"^```json\n(.*?)^```", text, re.S | re.M)
    manifests = [json.loads(block) for block in blocks]
    return {manifest["name"]: manifest for manifest in manifests}


RVM = {"r1i": [1, 1, 1, 1], "r2i": [1, 1, 1, 1], "r3i": [1, 1, 1, 1],
       "r4i": [1, 1, 1, 1], "downsample_ratio": [1]}
SHAPES = {      # image input, constants, outputs, fixed side
    "modnet": ("input", {}, ["output"], None),
    "u2net-human": ("input.1", {}, ["1959", "1960", "1961", "1962", "1963",
                                    "1964", "1965"], 320),
    "pphumanseg": ("x", {}, ["save_infer_model/scale_0.tmp_1"], 192),
    "rvm": ("src", RVM, ["fgr", "pha", "r1o", "r2o", "r3o", "r4o"], None),
    "birefnet-portrait": ("input_image", {}, ["output_image"], 1024),
}


def test_all_documented_networks_are_tested():
    assert sorted(documented()) == sorted(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_documented_manifests_run_with_stand_ins(tmp_path, picture, name):
    image, constants, outputs, side = SHAPES[name]
    manifest = documented()[name]
    channels = manifest["output"]["channels"]
    activation = manifest["output"]["activation"]
    rows = weights_for(manifest["input"], "RGB", channels, 1)
    for row in rows:        # the constants are added, and one of them is 1
        row[3] -= sum(constant["value"]
                      for constant in manifest.get("constants", []))
    net = tiny_nets.Net(rows, "sigmoid" if activation == "none" else None,
                        **({"width": side, "height": side} if side else {}))
    data = tiny_nets.onnx_stand_in(net, image, constants, outputs)
    manifest["sha256"] = digest(data)
    (tmp_path / manifest["file"]).write_bytes(data)
    (tmp_path / "red.json").write_text(json.dumps(manifest))
    assert listed(tmp_path)["red"]["status"] == "ok"
    assert iou(mask_of(tmp_path, picture), truth()) > 0.93
