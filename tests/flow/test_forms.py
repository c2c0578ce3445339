"""The other forms of an answer, read by those who know them."""
import io
import json

import numpy
import pytest
from PIL import Image
from pycocotools import mask as coco

from pictures import (SAMPLES, ask_mask, encoded, exif_orientation, mask_of,
                      mask_of_png, person_picture)
from test_command import silhouette

RLE = "application/vnd.coco.rle+json"


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "person.jpg"
    path.write_bytes(encoded(person_picture(), "JPEG"))
    return path


@pytest.mark.parametrize("key", ["person.jpg", "flat.jpg"])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_coco_run_lengths_are_the_very_same_mask(server, key, coding):
    response = server.post(key, headers={"Accept": RLE,
                                         "Accept-Encoding": coding})
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == RLE
    assert "Accept" in [name.strip()
                        for name in response.headers["Vary"].split(",")]
    answer = response.json()
    assert list(answer) == ["size", "counts"]
    mask = mask_of(server.post(key).json())
    assert answer["size"] == list(mask.shape)
    assert numpy.array_equal(coco.decode(answer) == 1, mask)
    # And it is what pycocotools itself would have written.
    own = coco.encode(numpy.asfortranarray(mask, dtype=numpy.uint8))
    assert answer["counts"] == own["counts"].decode()
    assert coco.area(answer) == mask.sum()


def test_the_command_writes_run_lengths(picture, tmp_path):
    done = silhouette("segment", picture, "--format", "rle", "-o",
                      f"{tmp_path}/out/")
    assert done.returncode == 0, done.stderr
    answer = json.loads((tmp_path / "out" / "person.rle.json").read_bytes())
    plain = silhouette("segment", picture, "--format", "json")
    assert numpy.array_equal(coco.decode(answer) == 1,
                             mask_of(json.loads(plain.stdout)))


def grey_of_png(content):
    grey = numpy.array(Image.open(io.BytesIO(content)))
    assert grey.dtype == numpy.uint8 and grey.ndim == 2
    return grey


def rgba_of_png(content):
    rgba = numpy.array(Image.open(io.BytesIO(content)))
    assert rgba.dtype == numpy.uint8 and rgba.shape[2] == 4
    return rgba


@pytest.fixture
def turned(folder):
    """The key of a picture that lies on its side, and says so."""
    picture = person_picture().transpose(Image.Transpose.ROTATE_90)
    (folder / "turned.png").write_bytes(
        encoded(picture, "PNG", exif=exif_orientation(6)))
    return "turned.png"


@pytest.mark.parametrize("key", ["person.jpg", "turned.png"])
@pytest.mark.parametrize("orientation", ["upright", "stored"])
def test_alpha_cut_at_the_middle_is_the_mask(server, turned, key,
                                             orientation):
    options = {"output": "alpha", "orientation": orientation}
    png = server.post(key, headers={"Accept": "image/png"}, **options)
    assert png.status_code == 200, png.text
    alpha = grey_of_png(png.content)
    mask = ask_mask(server, key, orientation=orientation)
    assert numpy.array_equal(alpha >= 128, mask)
    soft = (alpha > 0) & (alpha < 255)
    assert 0 < soft.mean() < 0.2
    # The same numbers as JSON, of a length that was known beforehand.
    plain = server.post(key, headers={"Accept-Encoding": "identity"},
                        **options)
    assert int(plain.headers["Content-Length"]) == len(plain.content)
    answer = plain.json()
    assert list(answer) == ["state", "data"] and answer["state"] == 1
    assert numpy.array_equal(numpy.array(answer["data"]), alpha)


@pytest.mark.parametrize("key", ["person.png", "turned.png"])
@pytest.mark.parametrize("orientation", ["upright", "stored"])
def test_a_cutout_is_the_people_in_colour(server, folder, turned, key,
                                          orientation):
    options = {"output": "cutout", "orientation": orientation}
    response = server.post(key, **options)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "image/png"
    rgba = rgba_of_png(response.content)
    alpha = server.post(key, headers={"Accept": "image/png"},
                        **dict(options, output="alpha"))
    assert numpy.array_equal(rgba[..., 3], grey_of_png(alpha.content))
    assert not rgba[rgba[..., 3] == 0].any()
    # Where there is nothing but person the picture is as it was.
    picture = Image.open(folder / key)
    if orientation == "upright" and key == turned:
        picture = picture.transpose(Image.Transpose.ROTATE_270)
    whole = rgba[..., 3] == 255
    assert whole.mean() > 0.05
    assert numpy.array_equal(numpy.array(picture.convert("RGB"))[whole],
                             rgba[..., :3][whole])


def test_nobody_has_no_alpha_and_no_colours(server):
    alpha = server.post("flat.jpg", output="alpha")
    assert alpha.json() == {"state": 1, "data": [[0] * 64] * 48}
    cutout = server.post("flat.jpg", output="cutout")
    assert not rgba_of_png(cutout.content).any()
    assert cutout.headers["X-Person-Count"] == "0"


@pytest.mark.parametrize("output,accept", [
    ("cutout", "application/json"), ("cutout", RLE), ("alpha", RLE)])
def test_what_a_form_cannot_say_is_refused(server, output, accept):
    response = server.post("person.jpg", headers={"Accept": accept},
                           output=output)
    assert response.status_code == 406
    assert response.json()["data"][0]["code"] == "not_acceptable"


def test_the_command_writes_soft_edges(picture, tmp_path):
    mask = silhouette("segment", picture, "--format", "png")
    alpha = silhouette("segment", picture, "--form", "alpha", "--format",
                       "png")
    assert alpha.returncode == 0, alpha.stderr
    assert numpy.array_equal(grey_of_png(alpha.stdout) >= 128,
                             mask_of_png(mask.stdout))
    cutout = silhouette("segment", picture, "--form", "cutout", "-o",
                        f"{tmp_path}/out/")
    assert cutout.returncode == 0, cutout.stderr
    rgba = rgba_of_png((tmp_path / "out" / "person.png").read_bytes())
    assert numpy.array_equal(rgba[..., 3], grey_of_png(alpha.stdout))
    refused = silhouette("segment", picture, "--form", "cutout", "--format",
                         "json")
    assert refused.returncode == 2 and b"json" in refused.stderr


def test_a_large_cutout_comes_whole(start, tmp_path):
    """More bytes than are held: made while they are sent."""
    noise = numpy.random.default_rng(3).integers(0, 40, (2200, 2200, 3))
    picture = Image.open(SAMPLES / "astronaut.jpg").convert("RGB").resize(
        (2200, 2200), Image.Resampling.BICUBIC)
    picture = (numpy.array(picture) * 0.84 + noise).astype(numpy.uint8)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.fromarray(picture).save(pictures / "large.jpg", quality=95)
    with start(store=f"dir:{pictures}") as server:
        response = server.post("large.jpg", output="cutout")
        assert response.status_code == 200, response.text
        assert len(response.content) > 1 << 20
        assert rgba_of_png(response.content).shape == (2200, 2200, 4)
