"""What a store may do to us: RELIABILITY rows 34 to 44 over a scripted S3."""
import socket
import time

import pytest

from pictures import encoded, noise_picture, person_picture
from service import Service, failure, free_port
from stub import Stub, in_turn, sleeper

IMAGE = "image load error"
PICTURE = encoded(person_picture(), "JPEG")
ERROR = b"<?xml version='1.0'?><Error><Code>%s</Code></Error>"


def status(code, name=b"InternalError"):
    return lambda handler: handler.answer(code, ERROR % name)


def whole(handler):
    handler.answer(200, PICTURE)


def short(handler):
    handler.answer(200, PICTURE[:500], length=len(PICTURE))


def hang_up(handler):
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def redirect(handler):
    handler.answer(301, b"", Location="http://127.0.0.1:1/other")


def endless(handler):
    """Chunked, without a length, until the reader hangs up."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    try:
        for _ in range(10000):
            handler.wfile.write(piece)
        handler.server.was_read_whole = True
    except OSError:
        handler.close_connection = True


BEHAVIOURS = {
    "good.jpg": whole, "denied.jpg": status(403, b"AccessDenied"),
    "down.jpg": status(500), "slow_down.jpg": status(503, b"SlowDown"),
    "recovers.jpg": in_turn(status(500), status(503), whole),
    "short.jpg": short, "moved.jpg": redirect, "cut.jpg": hang_up,
    "endless.jpg": endless, "late.jpg": sleeper(3),
    "teapot.jpg": status(418, b"Teapot"),
    "expired.jpg": status(400, b"ExpiredToken"),
}


@pytest.fixture(scope="module")
def stub_and_server(tmp_path_factory, model_cache):
    log = tmp_path_factory.mktemp("log") / "server.log"
    with Stub(BEHAVIOURS) as stub:
        with Service("s3://bucket", "--deadline-ms", "1500",
                     "--quality", "fast", "--image-bytes-max", "1000000",
                     "--model-cache", str(model_cache), log_path=log, ready=False,
                     environment=stub.environment()) as server:
            yield stub, server


@pytest.fixture
def pair(stub_and_server):
    """Both, after a success: no test suffers from another's failures, which
    the service counts to spare a store that is down."""
    stub, server = stub_and_server
    assert server.post("good.jpg").status_code == 200
    stub.server.seen.clear()
    return stub, server


def test_denied_is_not_tried_again(pair):
    stub, server = pair
    failure(server.post("denied.jpg"), 403, "image_forbidden", 0, IMAGE)
    assert stub.count("denied.jpg") == 1


@pytest.mark.parametrize("key", ["down.jpg", "slow_down.jpg"])
def test_at_most_three_tries(pair, key):
    stub, server = pair
    response = server.post(key)
    assert response.status_code in (502, 503)
    code = response.json()["data"][0]["code"]
    assert code in ("store_error", "store_unavailable")
    assert 2 <= stub.count(key) <= 3


def test_a_store_that_recovers(pair):
    stub, server = pair
    before = server.metric("silhouette_store_retries_total")
    assert server.post("recovers.jpg").status_code == 200
    assert stub.count("recovers.jpg") == 3
    assert server.metric("silhouette_store_retries_total") == before + 2


@pytest.mark.parametrize("key", ["short.jpg", "moved.jpg", "teapot.jpg"])
def test_nonsense_is_store_error(pair, key):
    failure(pair[1].post(key), 502, "store_error", -1, IMAGE)


def test_credentials_that_expired(pair):
    failure(pair[1].post("expired.jpg"), 503, "store_unavailable", -1, IMAGE)


def test_a_reset_connection(pair):
    response = pair[1].post("cut.jpg")
    assert response.json()["data"][0]["code"] in ("store_error",
                                                  "store_unavailable")


def test_endless_body_is_cut_at_the_limit(pair):
    stub, server = pair
    failure(server.post("endless.jpg"), 413, "image_too_large", 0, IMAGE)
    assert not getattr(stub.server, "was_read_whole", False)


def test_deadline(pair):
    begin = time.monotonic()
    failure(pair[1].post("late.jpg"), 504, "deadline_exceeded", -1,
            "processing timed out")
    assert time.monotonic() - begin < 2.8


def test_the_session_token_is_sent_and_signed(pair):
    stub, server = pair
    assert server.post("good.jpg").status_code == 200
    path, headers = stub.server.seen[-1]
    headers = {name.lower(): value for name, value in headers.items()}
    assert path == "/bucket/good.jpg"
    assert headers["x-amz-security-token"] == "test-token"
    assert "x-amz-security-token" in headers["authorization"]
    assert "test-secret-key" not in str(headers)


def test_nothing_leaves_for_a_refused_key(pair):
    stub, server = pair
    before = len(stub.server.seen)
    for key in ("../a", "http://127.0.0.1:1/a", "/a", "s3://elsewhere/a"):
        assert server.post(key).status_code in (400, 403)
    assert len(stub.server.seen) == before


def test_nobody_listens(start):
    environment = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
                   "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{free_port()}"}
    with start("--deadline-ms", "3000", store="s3://bucket", ready=False,
               environment=environment) as server:
        failure(server.post("a.jpg"), 503, "store_unavailable", -1, IMAGE)
        assert server.answers("/healthz")
        assert not server.answers("/readyz")


def test_the_service_goes_on(pair):
    stub, server = pair
    for key in list(BEHAVIOURS) * 2:
        if key != "late.jpg":
            server.post(key)
    assert server.post("good.jpg").status_code == 200


def test_noise_survives_the_trip(pair):
    content = encoded(noise_picture(500, 300), "PNG")
    pair[0].server.behaviours["noise.png"] = (
        lambda handler: handler.answer(200, content))
    response = pair[1].post("noise.png")
    assert response.status_code == 200
    assert response.headers["X-Image-Width"] == "500"
