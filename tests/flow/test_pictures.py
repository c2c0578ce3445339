"""The same picture in every encoding gives the same mask."""
import io

import numpy
import pillow_heif
import pytest
from PIL import Image, ImageOps

from pictures import (SAMPLES, ask_mask, encoded, flat_jpeg, iou,
                      person_picture, png_chunk)

pillow_heif.register_heif_opener()


RGB = person_picture(320, 400)
GREY = RGB.convert("L")


def opaque():
    picture = RGB.copy()
    picture.putalpha(255)
    return picture


def deep():
    return Image.fromarray(numpy.array(GREY).astype(numpy.uint16) * 257)


# name → (how to encode it, the least IoU with the mask of the RGB twin as PNG)
TWINS = {
    "jpeg": (lambda: encoded(RGB, "JPEG", quality=95), 0.98),
    "progressive": (lambda: encoded(RGB, "JPEG", quality=95,
                                    progressive=True), 0.98),
    "jpeg_420": (lambda: encoded(RGB, "JPEG", quality=95, subsampling=2),
                 0.97),
    "jpeg_cmyk": (lambda: encoded(RGB.convert("CMYK"), "JPEG", quality=95),
                  0.95),
    "png_rgba": (lambda: encoded(opaque(), "PNG"), 1.0),
    "png_palette": (lambda: encoded(RGB.quantize(256), "PNG"), 0.93),
    "webp": (lambda: encoded(RGB, "WEBP", quality=95), 0.97),
    "webp_lossless": (lambda: encoded(RGB, "WEBP", lossless=True), 1.0),
    "heic": (lambda: encoded(RGB, "HEIF", quality=95), 0.97),
    "grey_png": (lambda: encoded(GREY, "PNG"), 1.0),
    "grey_png_16": (lambda: encoded(deep(), "PNG"), 1.0),
    "grey_jpeg": (lambda: encoded(GREY, "JPEG", quality=95), 0.97),
}


@pytest.mark.parametrize("name", list(TWINS))
def test_twin(server, folder, name):
    encode, least = TWINS[name]
    plain = GREY.convert("RGB") if name.startswith("grey") else RGB
    (folder / "plain.png").write_bytes(encoded(plain, "PNG"))
    (folder / name).write_bytes(encode())
    plain = ask_mask(server, "plain.png")
    assert plain.mean() > 0.1
    assert iou(ask_mask(server, name), plain) >= least


def test_avif(server, folder):
    stream = io.BytesIO()
    try:
        person_picture(320, 400).save(stream, "AVIF", quality=90)
    except (KeyError, OSError):
        pytest.fail("the test's Pillow can't write AVIF")
    (folder / "p.avif").write_bytes(stream.getvalue())
    response = server.post("p.avif")
    assert response.status_code == 200, response.text
    assert response.headers["X-Image-Height"] == "400"


def test_the_name_says_nothing(server, folder):
    (folder / "wrong.png").write_bytes(encoded(person_picture(), "JPEG"))
    assert (server.post("wrong.png").content
            == server.post("person.jpg").content)


def test_a_damaged_text_chunk_or_profile_does_no_harm(server, folder):
    """An iCCP that inflates to nonsense is ignored or refused, never both
    half: the mask is whole or there is none."""
    plain = encoded(person_picture(), "PNG")
    bomb = plain[:33] + png_chunk(b"iCCP", b"x\0\0junk") + plain[33:]
    (folder / "icc.png").write_bytes(bomb)
    response = server.post("icc.png")
    assert response.status_code in (200, 422)
    if response.status_code == 200:
        assert response.content == server.post("person.png").content


def test_samples_of_the_project(start):
    names = sorted(path.name for path in SAMPLES.iterdir()
                   if path.suffix in (".jpg", ".png", ".webp", ".heic", ".avif"))
    assert len(names) >= 3
    with start(store=f"dir:{SAMPLES}") as server:
        for name in names:
            with Image.open(SAMPLES / name) as picture:
                width, height = ImageOps.exif_transpose(picture).size
            assert ask_mask(server, name).shape == (height, width)


def test_a_large_picture(server, folder):
    (folder / "large.jpg").write_bytes(flat_jpeg(4032, 3024))
    response = server.post("large.jpg", headers={"Accept-Encoding":
                                                 "identity"})
    assert response.status_code == 200
    assert len(response.content) == 3024 * (2 * 4032 + 2) + 20
