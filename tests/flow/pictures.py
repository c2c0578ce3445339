"""Pictures made by the tests: faces of the samples in many encodings, and
files that are broken on purpose. Returns bytes."""
import io
import struct
import zlib

import numpy
from PIL import Image

from service import ROOT

SAMPLES = ROOT / "samples"


def person_picture(width=160, height=200):
    """A small RGB picture of the astronaut."""
    with Image.open(SAMPLES / "astronaut.jpg") as picture:
        return picture.convert("RGB").resize((width, height))


def encoded(picture, kind, **options):
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def noise_picture(width, height, seed=1):
    noise = numpy.random.default_rng(seed).integers(
        0, 256, (height, width, 3), dtype=numpy.uint8)
    return Image.fromarray(noise)


def flat_jpeg(width, height):
    """A large picture in few bytes."""
    return encoded(Image.new("RGB", (width, height), (90, 120, 60)), "JPEG")


def exif_orientation(value):
    """An EXIF segment with nothing but the orientation."""
    exif = Image.Exif()
    exif[0x0112] = value
    return exif.tobytes()


def png_chunk(kind, content):
    body = kind + content
    return (struct.pack(">I", len(content)) + body
            + struct.pack(">I", zlib.crc32(body)))


def png_claiming(width, height, depth=8, colour=2):
    """A PNG whose header claims a size, with hardly any data behind it."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)
            + png_chunk(b"IDAT", zlib.compress(b"\0" * 100))
            + png_chunk(b"IEND", b""))


def jpeg_claiming(width, height):
    """A JPEG whose frame header claims a size that the data doesn't fill."""
    picture = bytearray(flat_jpeg(64, 64))
    at = picture.index(b"\xff\xc0")
    picture[at + 5:at + 9] = struct.pack(">HH", height, width)
    return bytes(picture)


def mask_of(answer):
    """The mask of a JSON answer, bool [height, width]."""
    return numpy.array(answer["data"], dtype=bool)


def mask_of_png(content):
    grey = numpy.array(Image.open(io.BytesIO(content)))
    assert grey.dtype == numpy.uint8 and grey.ndim == 2
    assert set(numpy.unique(grey)) <= {0, 255}
    return grey > 127


def ask_mask(server, key, **options):
    """The mask of a key, bool [height, width]: as a PNG, which is soon read."""
    response = server.post(key, headers={"Accept": "image/png"}, **options)
    assert response.status_code == 200, response.text
    return mask_of_png(response.content)


def iou(one, other):
    union = numpy.logical_or(one, other).sum()
    return numpy.logical_and(one, other).sum() / union if union else 1.0
