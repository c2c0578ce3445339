"""People one by one: masks that are disjoint and together everybody's, their
boxes, and what the command makes of them."""
import functools
import io
import json
import shutil

import numpy
import pytest
from PIL import Image, ImageOps
from pycocotools import mask as coco

from pictures import (ask_mask, encoded, exif_orientation, iou, mask_of_png,
                      person_picture)
from service import ROOT, failure
from test_command import silhouette
from test_orientation import STORED

RLE = "application/vnd.coco.rle+json"


@functools.cache
def two_people():
    """The astronaut and her mirror image, shoulder before shoulder."""
    one = person_picture(256, 256)
    picture = Image.new("RGB", (452, 256))
    picture.paste(one, (0, 0))
    picture.paste(ImageOps.mirror(one), (196, 0))
    return picture


@pytest.fixture(scope="module")
def crowd(folder):
    """The key of that picture."""
    (folder / "two.png").write_bytes(encoded(two_people(), "PNG"))
    return "two.png"


def ask(server, key, accept="application/json", **options):
    options = {"people": "each", **options}
    headers = {"Accept": accept, "Accept-Encoding": "identity"}
    response = server.post(key, headers=headers, **options)
    assert response.status_code == 200, response.text
    return response


def masks_of(answer):
    return [numpy.array(rows, dtype=bool) for rows in answer["data"]]


def labels_of(content):
    labels = numpy.array(Image.open(io.BytesIO(content)))
    assert labels.dtype == numpy.uint8 and labels.ndim == 2
    return labels


def box_of(mask):
    rows, columns = numpy.nonzero(mask)
    x, y = int(columns.min()), int(rows.min())
    return [x, y, int(columns.max()) + 1 - x, int(rows.max()) + 1 - y]


def test_masks_are_disjoint_and_together_everybodys(server, crowd):
    response = ask(server, crowd)
    masks = masks_of(response.json())
    assert len(masks) == 2
    assert response.headers["X-Person-Count"] == "2"
    assert all(mask.any() for mask in masks)
    assert sum(mask.astype(int) for mask in masks).max() == 1
    assert numpy.array_equal(masks[0] | masks[1], ask_mask(server, crowd))
    assert masks[0].sum() >= masks[1].sum()


def test_each_mask_is_of_one_person(server, crowd):
    """Left and right, each with little of the other's half."""
    left, right = sorted(masks_of(ask(server, crowd).json()),
                         key=lambda mask: numpy.nonzero(mask)[1].mean())
    assert left[:, :180].sum() > 0.85 * left.sum()
    assert right[:, 272:].sum() > 0.7 * right.sum()


def test_answers_are_the_same_every_time(server, crowd):
    assert len({ask(server, crowd).content for _ in range(3)}) == 1


def test_one_person_is_one(server):
    response = ask(server, "person.jpg")
    masks = masks_of(response.json())
    assert len(masks) == 1
    assert response.headers["X-Person-Count"] == "1"
    assert numpy.array_equal(masks[0], ask_mask(server, "person.jpg"))


def test_nobody_is_an_empty_list(server):
    response = ask(server, "flat.jpg")
    assert response.json() == {"state": 1, "data": []}
    assert response.headers["X-Person-Count"] == "0"
    assert not labels_of(ask(server, "flat.jpg", "image/png").content).any()
    assert ask(server, "flat.jpg", RLE).json() == []
    assert ask(server, "flat.jpg", output="boxes").json() == {
        "state": 1, "data": []}


def test_a_png_numbers_the_people(server, crowd):
    labels = labels_of(ask(server, crowd, "image/png").content)
    masks = masks_of(ask(server, crowd).json())
    assert set(numpy.unique(labels)) == {0, 1, 2}
    for number, mask in enumerate(masks, 1):
        assert numpy.array_equal(labels == number, mask)


def test_run_lengths_are_a_list(server, crowd):
    masks = masks_of(ask(server, crowd).json())
    answer = ask(server, crowd, RLE).json()
    assert len(answer) == len(masks)
    for told, mask in zip(answer, masks):
        assert numpy.array_equal(coco.decode(told) == 1, mask)


@pytest.mark.parametrize("people", ["all", "each"])
def test_boxes_are_those_of_the_masks(server, crowd, people):
    response = ask(server, crowd, output="boxes", people=people)
    masks = masks_of(ask(server, crowd).json())
    answer = response.json()
    assert list(answer) == ["state", "data"] and answer["state"] == 1
    assert int(response.headers["Content-Length"]) == len(response.content)
    assert [list(person) for person in answer["data"]] == [
        ["box", "area", "score"]] * 2
    for person, mask in zip(answer["data"], masks):
        assert person["box"] == box_of(mask)
        assert person["area"] == mask.sum()
        assert 0 < person["score"] <= 1


@pytest.mark.parametrize("accept", ["image/png", RLE])
def test_boxes_are_json_only(server, crowd, accept):
    response = server.post(crowd, headers={"Accept": accept}, output="boxes")
    failure(response, 406, "not_acceptable", 0, "not acceptable")


@pytest.mark.parametrize("orientation", [2, 3, 6, 8])
def test_a_stored_picture_has_the_same_people(server, folder, crowd,
                                              orientation):
    name = f"two{orientation}.png"
    (folder / name).write_bytes(encoded(
        two_people().transpose(STORED[orientation]), "PNG",
        exif=exif_orientation(orientation)))
    upright = labels_of(ask(server, crowd, "image/png").content)
    same = labels_of(ask(server, name, "image/png").content)
    stored = labels_of(ask(server, name, "image/png",
                           orientation="stored").content)
    turned = numpy.array(ImageOps.exif_transpose(Image.fromarray(stored)))
    back = {2: turned[:, ::-1], 3: turned[::-1, ::-1],
            6: numpy.rot90(turned, 3), 8: numpy.rot90(turned, 1)}[orientation]
    assert sorted(numpy.unique(stored)) == [0, 1, 2]
    for number in (1, 2):
        assert iou(upright == number, same == number) > 0.98
        assert iou(upright == number, back == number) > 0.98


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "two.png"
    path.write_bytes(encoded(two_people(), "PNG"))
    return path


@pytest.mark.parametrize("kind", ["json", "png", "rle"])
def test_the_command_writes_a_file_a_person(picture, tmp_path, kind):
    out = tmp_path / "out"
    done = silhouette("segment", picture, "--people", "each", "--format", kind,
                      "-o", f"{out}/")
    assert done.returncode == 0, done.stderr
    suffix = {"rle": "rle.json"}.get(kind, kind)
    names = [f"two.{number}.{suffix}" for number in (1, 2)]
    assert sorted(path.name for path in out.iterdir()) == names
    labels = labels_of(silhouette("segment", picture, "--people", "each",
                                  "--format", "png").stdout)
    for number, name in enumerate(names, 1):
        content = (out / name).read_bytes()
        if kind == "png":
            mask = mask_of_png(content)
        elif kind == "rle":
            mask = coco.decode(json.loads(content)) == 1
        else:
            mask = numpy.array(json.loads(content)["data"], dtype=bool)
        assert numpy.array_equal(mask, labels == number)


def test_the_command_writes_boxes(picture, tmp_path):
    done = silhouette("segment", picture, "--form", "boxes", "-o",
                      f"{tmp_path}/out/")
    assert done.returncode == 0, done.stderr
    answer = json.loads((tmp_path / "out" / "two.json").read_bytes())
    assert len(answer["data"]) == 2
    done = silhouette("segment", picture, "--form", "boxes", "--format", "png")
    assert done.returncode == 2 and b"png" in done.stderr


def without_detector(tmp_path, damage):
    """A models folder whose detector is not as it should be."""
    models = tmp_path / "models"
    shutil.copytree(ROOT / "models", models)
    network = models / "people" / "pose_detection.tflite"
    if damage == "missing":
        network.unlink()
    elif damage == "folder":
        shutil.rmtree(models / "people")
    elif damage == "changed":
        network.write_bytes(network.read_bytes()[:-1] + b"x")
    else:
        (models / "people" / "detector.json").write_text(damage)
    return models


@pytest.mark.parametrize("damage", [
    "missing", "folder", "changed", "", "{}", "[]", "{\"file\":\"a\"}",
    "{\"file\":\"../a\",\"sha256\":\"" + "0" * 64 + "\"}"])
def test_without_its_network_only_everybody_is_found(picture, tmp_path,
                                                     damage):
    models = without_detector(tmp_path, damage)
    done = silhouette("segment", picture, "--models", models, "--people",
                      "each")
    assert done.returncode == 1
    assert b"people can't be told apart" in done.stderr
    done = silhouette("segment", picture, "--models", models, "--quality",
                      "fast")
    assert done.returncode == 0, done.stderr


def test_a_service_without_it_goes_on(start, crowd, tmp_path):
    models = without_detector(tmp_path, "missing")
    with start("--models", str(models), "--quality", "fast") as server:
        failure(server.post(crowd, people="each"), 500, "internal", -1,
                "processing failed")
        assert ask_mask(server, crowd).any()
        shutil.copyfile(ROOT / "models/people/pose_detection.tflite",
                        models / "people" / "pose_detection.tflite")
        assert len(ask(server, crowd).json()["data"]) == 2
