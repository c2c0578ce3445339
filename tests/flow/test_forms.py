"""The other forms of an answer, read by those who know them."""
import json

import numpy
import pytest
from pycocotools import mask as coco

from pictures import encoded, mask_of, person_picture
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
