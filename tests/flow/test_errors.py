"""Every row of the error table, reached from outside."""
import socket
import threading
import time

import pytest
import requests

from pictures import (encoded, flat_jpeg, jpeg_claiming, noise_picture,
                      png_claiming)
from service import IS_SANITIZED, ROUTE, failure
from tiny_onnx import folder as models_folder
from tiny_onnx import squares_only

IMAGE = "image load error"


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b'"a"', b"1", b'{"imgSrc":"a"} x', b"\xef\xbb\xbf{}",
    b'{"imgSrc":"\xff"}', b'{"imgSrc":"a\\ud800"}', b'{"imgSrc":"a\\u0000"}',
    b'{"imgSrc":"a","imgSrc":"b"}', b'{"a":' * 9 + b"1" + b"}" * 9,
    b"[" * 9000, b'{"n":1e999,"imgSrc":"a"}',
    b"{'imgSrc':'a'}",
])
def test_bad_json(server, body):
    failure(server.post(body=body), 400, "bad_json", 0, "bad request")


@pytest.mark.parametrize("body", [
    "{}", '{"imgSrc":null}', '{"imgSrc":1}', '{"imgSrc":""}',
    '{"imgSrc":["a"]}', '{"imgsrc":"a"}'])
def test_missing_img_src(server, body):
    failure(server.post(body=body), 400, "missing_img_src", 0, "bad request")


@pytest.mark.parametrize("option,value", [
    ("quality", "ultra"), ("quality", 1), ("people", "some"),
    ("threshold", 0), ("threshold", 1), ("threshold", "0.5"),
    ("threshold", -1), ("orientation", "sideways"), ("output", "svg")])
def test_bad_option(server, option, value):
    sentence = failure(server.post("person.jpg", **{option: value}),
                       400, "bad_option", 0, "bad request")
    assert option in sentence


@pytest.mark.parametrize("key", [
    "/person.jpg", "../person.jpg", "a/../person.jpg", "./person.jpg",
    "a/./b", "..", ".", "a\\b", "http://127.0.0.1/a.jpg", "file:///etc/passwd",
    "HTTPS://x/y", "gopher://x", "a\nb", "a\x7fb", "k" * 1025,
    "s3://other/../x", "s3://", "s3:///x"])
def test_bad_img_src(server, key):
    failure(server.post(key), 400, "bad_img_src", 0, IMAGE)


def test_the_leading_slash_is_explained(server):
    assert "/" in server.post("/person.jpg").json()["errors"]


@pytest.mark.parametrize("key", ["missing.jpg", "deep", "deep/er",
                                 "person.jpg/x", "%70erson.jpg"])
def test_image_not_found(server, key):
    failure(server.post(key), 404, "image_not_found", 0, IMAGE)


def test_a_link_out_of_the_folder_is_not_followed(server, folder):
    (folder / "link.jpg").symlink_to("/etc/hostname")
    failure(server.post("link.jpg"), 404, "image_not_found", 0, IMAGE)


def test_no_such_route(server):
    failure(requests.get(server.url + "/nothing", timeout=10), 404,
            "no_such_route", 0, "not found")


@pytest.mark.parametrize("method,path,allowed", [
    ("GET", ROUTE, "POST"), ("DELETE", ROUTE, "POST"),
    ("POST", "/healthz", "GET")])
def test_method_not_allowed(server, method, path, allowed):
    response = requests.request(method, server.url + path, timeout=10)
    failure(response, 405, "method_not_allowed", 0, "method not allowed")
    assert allowed in response.headers["Allow"]


@pytest.mark.parametrize("accept", ["text/html", "image/webp",
                                    "application/json;q=0"])
def test_not_acceptable(server, accept):
    failure(server.post("person.jpg", headers={"Accept": accept}), 406,
            "not_acceptable", 0, "not acceptable")


def test_request_timeout(start):
    with start("--header-ms", "300", "--body-ms", "300") as server:
        for sent in (b"POST / HT", f"POST {ROUTE} HTTP/1.1\r\nHost: a\r\n"
                     "Content-Type: application/json\r\n"
                     "Content-Length: 100\r\n\r\n{".encode()):
            with socket.create_connection(("127.0.0.1", server.port), 10) as s:
                s.sendall(sent)
                answer = b""
                for piece in iter(lambda: s.recv(4096), b""):
                    answer += piece
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert b'"request_timeout"' in answer


def test_request_too_large(server):
    response = server.post(body='{"imgSrc":"' + "a" * 100000 + '"}')
    failure(response, 413, "request_too_large", 0, "bad request")


def test_image_too_large(start, folder):
    (folder / "big.png").write_bytes(encoded(noise_picture(300, 300), "PNG"))
    with start("--image-bytes-max", "10000") as server:
        sentence = failure(server.post("big.png"), 413, "image_too_large", 0,
                           IMAGE)
        assert "10000" in sentence


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "a"])
def test_bad_content_type(server, kind):
    response = server.post("person.jpg", headers={"Content-Type": kind})
    failure(response, 415, "bad_content_type", 0, "bad request")


@pytest.mark.parametrize("content", [
    b"", b"hello", b"<html></html>", b"GIF89a" + b"\0" * 50, b"BM" + b"\0" * 60,
    b"%PDF-1.7\n", b"<svg xmlns='x'/>", b"II*\0" + b"\0" * 60])
def test_unsupported_format(server, folder, content):
    (folder / "thing.jpg").write_bytes(content)
    failure(server.post("thing.jpg"), 415, "unsupported_format", 0, IMAGE)


def test_image_corrupt_at_every_length(server, folder):
    whole = {kind: encoded(noise_picture(120, 90), kind)
             for kind in ("JPEG", "PNG", "WEBP")}
    for kind, content in whole.items():
        for percent in range(20, 100, 10):
            cut = content[:len(content) * percent // 100]
            (folder / "cut").write_bytes(cut)
            failure(server.post("cut"), 422, "image_corrupt", 0, IMAGE)


@pytest.mark.parametrize("content", [
    jpeg_claiming(65500, 65500), png_claiming(2 ** 31 - 1, 2 ** 31 - 1),
    png_claiming(70000, 10), flat_jpeg(2000, 1000)])
def test_image_too_many_pixels(start, folder, content):
    (folder / "flood").write_bytes(content)
    with start("--image-pixels-max", "1000000") as server:
        before = server.metric("process_resident_memory_bytes")
        failure(server.post("flood"), 422, "image_too_many_pixels", 0, IMAGE)
        after = server.metric("process_resident_memory_bytes")
        assert IS_SANITIZED or after - before < 20e6


def raw(server, head):
    with socket.create_connection(("127.0.0.1", server.port), 10) as s:
        s.sendall(head)
        answer = b""
        for piece in iter(lambda: s.recv(65536), b""):
            answer += piece
    return answer


def test_headers_too_large(server):
    answer = raw(server, b"GET / HTTP/1.1\r\nHost: a\r\nX: "
                 + b"a" * 20000 + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"headers_too_large"' in answer


def test_uri_too_long(server):
    answer = raw(server, b"GET /" + b"a" * 4000
                 + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 414 ")
    assert b'"uri_too_long"' in answer


def test_overloaded(start, folder):
    (folder / "slow.jpg").write_bytes(flat_jpeg(3000, 3000))
    with start("--workers", "1", "--queue", "1") as server:
        answers = []
        lock = threading.Lock()

        def ask():
            begin = time.monotonic()
            response = server.post("slow.jpg",
                                   headers={"Accept": "image/png"})
            with lock:
                answers.append((response, time.monotonic() - begin))

        threads = [threading.Thread(target=ask) for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        refused = [r for r, _ in answers if r.status_code == 503]
        served = [r for r, _ in answers if r.status_code == 200]
        assert refused and served and len(refused) + len(served) == 24
        for response in refused:
            failure(response, 503, "overloaded", -1, "server busy")
            assert int(response.headers["Retry-After"]) >= 1
        assert server.post("flat.jpg").status_code == 200


def test_internal(start, tmp_path, folder):
    """A network that does well on squares alone: pictures of another shape
    fail deep inside, the details go to the log, and the service goes on."""
    (folder / "square.png").write_bytes(
        encoded(noise_picture(300, 300).point(lambda value: value // 4),
                "PNG"))
    models = models_folder(tmp_path / "models", squares_only())
    with start("--models", str(models), "--quality", "fast") as server:
        assert server.post("square.png").json()["data"][0] == [0] * 300
        sentence = failure(server.post("flat.jpg"), 500, "internal", -1,
                           "processing failed")
        assert "1,1,288,224" not in sentence
        assert server.post("square.png").status_code == 200
        assert "the network answers" in server.log()


KEY = "open sesame"
KEY_HASH = "41ef4bb0b23661e66301aac36066912dac037827b4ae63a7b1165a5aa93ed4eb"


@pytest.fixture
def keys(tmp_path):
    path = tmp_path / "keys"
    path.write_text(f"# clients\n{KEY_HASH} the shop\n")
    return str(path)


def test_unauthorized(start, keys):
    with start("--api-keys", keys) as server:
        for headers in ({}, {"Authorization": "Bearer sesame"},
                        {"Authorization": KEY}, {"X-API-Key": KEY_HASH},
                        {"Authorization": "Basic b3BlbiBzZXNhbWU="}):
            response = server.post("flat.jpg", headers=headers)
            failure(response, 401, "unauthorized", 0, "unauthorized")
            assert response.headers["WWW-Authenticate"] == "Bearer"
        for headers in ({"Authorization": f"Bearer {KEY}"},
                        {"Authorization": f"bearer {KEY}"},
                        {"X-API-Key": KEY}):
            assert server.post("flat.jpg", headers=headers).status_code == 200
        assert requests.get(server.url + "/healthz",
                            timeout=10).status_code == 200
        assert KEY not in server.log()


def test_a_missing_key_is_told_before_the_body_is_read(start, keys):
    with start("--api-keys", keys) as server:
        answer = raw(server, f"POST {ROUTE} HTTP/1.1\r\nHost: a\r\n"
                     "Content-Type: application/json\r\n"
                     "Content-Length: 1000\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 401 ")


def test_a_file_of_keys_that_is_none(start, tmp_path):
    path = tmp_path / "keys"
    path.write_text("open sesame\n")
    with pytest.raises(AssertionError, match="line 1"):
        start("--api-keys", str(path)).__enter__()


def test_rate_limited(start):
    with start("--rate", "1", "--rate-burst", "3") as server:
        codes = [server.post("flat.jpg") for _ in range(6)]
        assert [response.status_code for response in codes[:3]] == [200] * 3
        failure(codes[-1], 429, "rate_limited", 0, "too many requests")
        assert 1 <= int(codes[-1].headers["Retry-After"]) <= 4
        assert requests.get(server.url + "/healthz",
                            timeout=10).status_code == 200
