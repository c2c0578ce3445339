"""The picture itself as the body, or as a part of a form: for those without
a bucket. The mask is the one that the key gives."""
import gzip
import socket
import threading

import pytest
import requests

from pictures import encoded, flat_jpeg, mask_of, noise_picture, person_picture
from service import ROUTE, failure

IMAGE = "image load error"


def upload(server, content, kind="image/jpeg", query="", **headers):
    return requests.post(server.url + ROUTE + query, data=content, timeout=60,
                         headers={"Content-Type": kind, **headers})


@pytest.fixture(scope="module")
def photo():
    return encoded(person_picture(), "JPEG")


def test_a_body_gives_the_mask_of_its_key(server, photo):
    answer = upload(server, photo)
    assert answer.status_code == 200
    assert answer.content == server.post("person.jpg").content
    assert mask_of(answer.json()).any()
    timing = answer.headers["Server-Timing"]
    assert "fetch;dur=0.000" in timing and "decode;dur=" in timing


@pytest.mark.parametrize("kind", ["image/png", "image/webp", "image/heic",
                                  "image/avif", "IMAGE/JPEG; q=1"])
def test_the_bytes_decide_not_the_type(server, photo, kind):
    assert upload(server, photo, kind).status_code == 200


def test_a_form_gives_the_same(server, photo):
    answer = requests.post(
        server.url + ROUTE, timeout=60,
        files={"note": (None, "hello"), "image": ("me.jpg", photo)})
    assert answer.status_code == 200
    assert answer.content == server.post("person.jpg").content


def test_a_chunked_body(server, photo):
    pieces = (photo[i:i + 1000] for i in range(0, len(photo), 1000))
    answer = upload(server, pieces)
    assert answer.content == server.post("person.jpg").content


def test_options_are_query_parameters(server, photo):
    picture = person_picture()
    exif = picture.getexif()
    exif[0x0112] = 6
    turned = encoded(picture, "JPEG", exif=exif.tobytes())
    assert upload(server, turned).headers["X-Image-Width"] == "200"
    stored = upload(server, turned, query="?orientation=stored&x=1")
    assert stored.headers["X-Image-Width"] == "160"
    sure = upload(server, photo, query="?threshold=0.99")
    unsure = upload(server, photo, query="?threshold=.01")
    assert (mask_of(sure.json()).sum() < mask_of(unsure.json()).sum())
    png = upload(server, photo, Accept="image/png")
    assert png.content.startswith(b"\x89PNG")


@pytest.mark.parametrize("query,named", [
    ("?quality=good", "quality"), ("?threshold=1", "threshold"),
    ("?threshold=x", "threshold"), ("?orientation=", "orientation")])
def test_bad_options(server, photo, query, named):
    assert named in failure(upload(server, photo, query=query), 400,
                            "bad_option", 0, "bad request")


@pytest.mark.parametrize("content", [b"", b"GIF89a" + b"\0" * 50])
def test_unsupported_format(server, content):
    failure(upload(server, content), 415, "unsupported_format", 0, IMAGE)


def test_image_corrupt(server, photo):
    failure(upload(server, photo[:len(photo) // 2]), 422, "image_corrupt", 0,
            IMAGE)


@pytest.mark.parametrize("kind", ["image/gif", "image/svg+xml"])
def test_bad_content_type(server, photo, kind):
    failure(upload(server, photo, kind), 415, "bad_content_type", 0,
            "bad request")


def test_a_form_without_the_part(server, photo):
    answer = requests.post(server.url + ROUTE, timeout=60,
                           files={"picture": ("me.jpg", photo)})
    failure(answer, 400, "missing_img_src", 0, "bad request")
    failure(upload(server, photo, "multipart/form-data"), 415,
            "bad_content_type", 0, "bad request")


def test_image_too_large(start):
    big = encoded(noise_picture(300, 300), "PNG")
    with start("--image-bytes-max", "10000") as server:
        for content in (big, iter([big[:9000], big[9000:]])):
            assert "10000" in failure(upload(server, content, "image/png"),
                                      413, "image_too_large", 0, IMAGE)
        form = requests.post(server.url + ROUTE, timeout=60,
                             files={"image": ("a.png", big[:12000])})
        failure(form, 413, "image_too_large", 0, IMAGE)
        assert upload(server, flat_jpeg(20, 20)).status_code == 200


def test_no_room_for_the_bytes(start):
    big = encoded(noise_picture(700, 700), "PNG")
    assert len(big) > 1048576
    with start("--bytes-held", "1048576") as server:
        answer = upload(server, big, "image/png")
        failure(answer, 503, "overloaded", -1, "server busy")
        assert answer.headers["Retry-After"]
        assert server.metric("silhouette_rejected_total", reason="bytes") == 1
        assert upload(server, flat_jpeg(20, 20)).status_code == 200


def test_clients_that_leave_during_the_upload(server, photo):
    """Half a picture, then gone: nothing is computed, nothing is kept."""
    def leave():
        with socket.create_connection(("127.0.0.1", server.port), 10) as s:
            s.sendall(f"POST {ROUTE} HTTP/1.1\r\nHost: a\r\nContent-Type: "
                      f"image/jpeg\r\nContent-Length: {len(photo)}\r\n\r\n"
                      .encode() + photo[:len(photo) // 2])

    threads = [threading.Thread(target=leave) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert upload(server, photo).status_code == 200
    assert server.metric("silhouette_image_bytes_held") == 0
    assert server.metric("silhouette_requests_in_progress") == 0


def test_packed_answers(server, photo):
    answer = requests.post(
        server.url + ROUTE, data=photo, timeout=60, stream=True,
        headers={"Content-Type": "image/jpeg", "Accept-Encoding": "gzip"})
    raw = answer.raw.read(decode_content=False)
    assert int(answer.headers["Content-Length"]) == len(raw)
    assert gzip.decompress(raw) == server.post("person.jpg").content
