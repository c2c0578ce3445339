"""The contract's success: form, size, headers, and the pages beside it."""
import json
import re

import numpy
import pytest
import requests

from pictures import encoded, mask_of, mask_of_png, noise_picture
from service import ROUTE, wait_until


def test_answer_has_exactly_state_and_data(server):
    response = server.post("person.jpg")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    answer = response.json()
    assert list(answer) == ["state", "data"]
    assert answer["state"] == 1
    assert len(answer["data"]) == 200
    assert {len(row) for row in answer["data"]} == {160}
    assert {value for row in answer["data"] for value in row} == {0, 1}


def test_no_blanks_and_exact_length(server):
    response = server.post("person.jpg",
                           headers={"Accept-Encoding": "identity"})
    assert re.fullmatch(rb'\{"state":1,"data":\[\[[01,\[\]]+\]\]\}',
                        response.content)
    assert int(response.headers["Content-Length"]) == len(response.content)
    assert len(response.content) == len(
        json.dumps(response.json(), separators=(",", ":")))


def test_headers_tell_about_the_mask(server):
    response = server.post("person.jpg")
    mask = mask_of(response.json())
    headers = response.headers
    assert headers["X-Image-Width"] == "160"
    assert headers["X-Image-Height"] == "200"
    assert headers["X-Person-Count"] == "1"
    assert float(headers["X-Person-Area"]) == pytest.approx(mask.mean(),
                                                            abs=1e-4)
    assert 0.05 < mask.mean() < 0.95
    assert headers["X-Model"].startswith("person")
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", headers["X-Request-Id"])


def test_server_timing_names_each_stage(server):
    timing = server.post("person.jpg").headers["Server-Timing"]
    names = [entry.strip().split(";")[0] for entry in timing.split(",")]
    for stage in ("fetch", "decode", "infer", "mask"):
        assert stage in names
    assert all(float(entry.split("dur=")[1]) >= 0
               for entry in timing.split(","))


def test_nobody_is_all_zeros_and_still_state_1(server):
    response = server.post("flat.jpg")
    assert response.status_code == 200
    assert response.json() == {"state": 1, "data": [[0] * 64] * 48}
    assert response.headers["X-Person-Count"] == "0"
    assert float(response.headers["X-Person-Area"]) == 0


def test_png_and_json_are_the_same_mask(server):
    png = server.post("person.jpg", headers={"Accept": "image/png"})
    assert png.status_code == 200
    assert png.headers["Content-Type"] == "image/png"
    assert numpy.array_equal(mask_of_png(png.content),
                             mask_of(server.post("person.jpg").json()))


def test_gzip_is_the_same_json(server):
    plain = server.post("person.jpg", headers={"Accept-Encoding": "identity"})
    packed = server.post("person.jpg", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert packed.content == plain.content


def test_unknown_members_are_ignored(server):
    assert server.post("person.jpg", colour="red", more={"a": [1]}
                       ).status_code == 200


def test_a_charset_parameter_is_fine(server):
    response = server.post("person.jpg", headers={
        "Content-Type": "application/json; charset=utf-8"})
    assert response.status_code == 200


def test_a_key_may_have_folders(server):
    assert server.post("deep/er/person.jpg").status_code == 200


def test_request_id_is_echoed_or_made_anew(server):
    echoed = server.post("flat.jpg", headers={"X-Request-Id": "abc-1.2_3"})
    assert echoed.headers["X-Request-Id"] == "abc-1.2_3"
    refused = server.post("flat.jpg", headers={"X-Request-Id": "a b\"c"})
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}",
                        refused.headers["X-Request-Id"])


def test_the_same_picture_gives_the_same_mask(server):
    answers = {server.post("person.jpg").content for _ in range(5)}
    assert len(answers) == 1


def test_keep_alive_serves_many_requests(server):
    with requests.Session() as session:
        for _ in range(20):
            response = session.post(server.url + ROUTE,
                                    json={"imgSrc": "flat.jpg"}, timeout=30)
            assert response.status_code == 200


@pytest.mark.parametrize("width,height", [(1, 1), (1, 300), (300, 1), (7, 5),
                                          (333, 17), (1000, 2)])
def test_odd_sizes(server, folder, width, height):
    (folder / "odd.png").write_bytes(
        encoded(noise_picture(width, height), "PNG"))
    response = server.post("odd.png")
    assert response.status_code == 200
    assert mask_of(response.json()).shape == (height, width)


def test_pages_beside_it(server):
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
        assert requests.get(server.url + path, timeout=10).status_code == 200
    assert requests.head(server.url + "/healthz", timeout=10).content == b""


def test_metrics_count_requests(server):
    before = server.metric("silhouette_http_requests_total", code="200")
    server.post("flat.jpg")
    after = server.metric("silhouette_http_requests_total", code="200")
    assert after >= before + 1
    assert server.metric("silhouette_queue_capacity") > 0
    assert server.metric("process_resident_memory_bytes") > 1e6


def test_one_log_line_per_request(server):
    server.post("flat.jpg", headers={"X-Request-Id": "find-me"})
    server.post("missing.jpg", headers={"X-Request-Id": "lose-me"})
    wait_until(lambda: "lose-me" in server.log(), 10, "the log line")
    lines = {line["request_id"]: line for line in server.log_lines()}
    assert lines["find-me"]["code"] == 200
    assert lines["lose-me"]["code"] == 404
    assert lines["lose-me"]["error"] == "image_not_found"
    assert "missing.jpg" not in server.log()
