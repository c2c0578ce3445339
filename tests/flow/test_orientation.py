"""The eight EXIF orientations of one picture give one mask, turned."""
import functools

import numpy
import pytest
from PIL import Image, ImageOps

from pictures import ask_mask, encoded, exif_orientation, iou, person_picture

# What a camera held that way stores: the inverse of what a viewer does.
STORED = {
    1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
}


def stored(orientation):
    picture = person_picture(320, 400)
    turn = STORED[orientation]
    return picture if turn is None else picture.transpose(turn)


@functools.cache
def content_of(orientation, kind):
    options = {"compress_level": 1} if kind == "PNG" else {}
    return encoded(stored(orientation), kind,
                   exif=exif_orientation(orientation), **options)


def put(folder, orientation, kind="PNG"):
    name = f"o{orientation}.{kind.lower()}"
    (folder / name).write_bytes(content_of(orientation, kind))
    return name


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_is_one_mask(server, folder, orientation):
    upright = ask_mask(server, put(folder, 1))
    turned = ask_mask(server, put(folder, orientation))
    assert turned.shape == (400, 320)
    assert iou(upright, turned) > 0.999


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_lossy_kinds(server, folder, kind, orientation):
    upright = ask_mask(server, put(folder, 1))
    turned = ask_mask(server, put(folder, orientation, kind))
    assert turned.shape == (400, 320)
    # Compression moves an outline here and there; a wrong turn leaves half.
    assert iou(upright, turned) > 0.9


@pytest.mark.parametrize("orientation", range(1, 9))
def test_stored_fits_the_stored_pixels(server, folder, orientation):
    name = put(folder, orientation)
    upright = ask_mask(server, name)
    as_stored = ask_mask(server, name, orientation="stored")
    picture = Image.fromarray(as_stored)
    picture.getexif()[0x0112] = orientation
    assert numpy.array_equal(numpy.array(ImageOps.exif_transpose(picture)),
                             upright)


@pytest.mark.parametrize("value", [0, 9, 255])
def test_junk_is_upright(server, folder, value):
    (folder / "junk.jpg").write_bytes(
        encoded(person_picture(), "JPEG", exif=exif_orientation(value)))
    assert (server.post("junk.jpg").content
            == server.post("person.jpg").content)
