"""The eight EXIF orientations of one picture give one mask, turned."""
import numpy
import pytest
from PIL import Image, ImageOps

from pictures import encoded, exif_orientation, iou, mask_of, person_picture

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


def put(folder, orientation, kind="PNG"):
    content = encoded(stored(orientation), kind,
                      exif=exif_orientation(orientation))
    name = f"o{orientation}.{kind.lower()}"
    (folder / name).write_bytes(content)
    return name


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_is_one_mask(server, folder, orientation):
    upright = mask_of(server.post(put(folder, 1)).json())
    turned = mask_of(server.post(put(folder, orientation)).json())
    assert turned.shape == (400, 320)
    assert iou(upright, turned) > 0.999


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_lossy_kinds(server, folder, kind, orientation):
    upright = mask_of(server.post(put(folder, 1)).json())
    turned = mask_of(server.post(put(folder, orientation, kind)).json())
    assert turned.shape == (400, 320)
    assert iou(upright, turned) > 0.95


@pytest.mark.parametrize("orientation", range(1, 9))
def test_stored_fits_the_stored_pixels(server, folder, orientation):
    name = put(folder, orientation)
    upright = mask_of(server.post(name).json())
    as_stored = mask_of(server.post(name, orientation="stored").json())
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
