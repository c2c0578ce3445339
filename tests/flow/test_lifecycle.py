"""Starting, draining, stopping; clients that leave; nothing is lost."""
import json
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
import requests

from pictures import flat_jpeg, mask_of
from service import (BINARY, ROOT, ROUTE, Service, clean_environment,
                     free_port, wait_until)


def test_the_printed_curl_line_works_as_pasted(tmp_path):
    """`silhouette serve` without a store serves the samples and says how."""
    port = free_port()
    process = subprocess.Popen(
        [str(BINARY), "serve", "--listen", f"127.0.0.1:{port}"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        cwd=ROOT, env=clean_environment())
    try:
        line = ""
        while not line.strip().startswith("curl "):
            line = process.stdout.readline()
            assert line, "it ended without a curl line"
        done = subprocess.run(["sh", "-c", line], capture_output=True,
                              text=True, timeout=60)
        assert mask_of(json.loads(done.stdout)).any()
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        process.stdout.close()


def test_stop_under_load_cuts_no_answer(start, folder):
    (folder / "big.jpg").write_bytes(flat_jpeg(1800, 1200))
    answers, refused = [], []

    def ask(server):
        while not refused:
            try:
                answers.append(server.post("big.jpg", headers={
                    "Accept-Encoding": "identity"}))
            except requests.ConnectionError:
                refused.append(True)

    with start() as server:
        threads = [threading.Thread(target=ask, args=(server,))
                   for _ in range(6)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(answers) >= 6, 30, "answers under load")
        server.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        assert server.process.wait(30) == 0
    assert answers
    for response in answers:
        assert response.status_code in (200, 503)
        length = int(response.headers["Content-Length"])
        assert length == len(response.content)


def test_a_client_that_leaves_is_dropped(start, folder):
    (folder / "big.jpg").write_bytes(flat_jpeg(1800, 1200))
    body = b'{"imgSrc":"big.jpg"}'
    head = (f"POST {ROUTE} HTTP/1.1\r\nHost: a\r\nContent-Type: "
            f"application/json\r\nContent-Length: {len(body)}\r\n\r\n")
    with start("--workers", "1") as server:
        for _ in range(30):
            with socket.create_connection(("127.0.0.1", server.port),
                                          10) as client:
                client.sendall(head.encode() + body)
        wait_until(
            lambda: server.metric("silhouette_requests_in_progress") <= 1,
            30, "nothing is in progress")
        assert server.metric("silhouette_cancelled_total") >= 1
        assert server.post("flat.jpg").status_code == 200


def test_a_deadline_in_the_queue(start, folder):
    (folder / "big.jpg").write_bytes(flat_jpeg(3000, 3000))
    with start("--workers", "1", "--deadline-ms", "60") as server:
        codes = []

        def ask():
            codes.append(server.post("big.jpg", headers={
                "Accept": "image/png"}).status_code)

        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 504 in codes
        assert set(codes) <= {200, 503, 504}


def test_health_while_the_store_is_down(start):
    environment = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
                   "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{free_port()}"}
    with start(store="s3://bucket", ready=False,
               environment=environment) as server:
        time.sleep(0.3)
        assert server.answers("/healthz")
        assert not server.answers("/readyz")


def test_a_port_in_use_is_told(server, tmp_path, folder):
    done = subprocess.run(
        [str(BINARY), "serve", "--listen", f"127.0.0.1:{server.port}",
         "--store", f"dir:{folder}"], capture_output=True, text=True,
        timeout=60, env=clean_environment())
    assert done.returncode == 1
    assert re.search(r"address|in use|listen", done.stderr)


@pytest.mark.parametrize("setting,value", [("SILHOUETTE_DEADLINE_MS", "50"),
                                           ("SILHOUETTE_WORKERS", "1")])
def test_settings_from_the_environment(start, setting, value):
    with start(environment={setting: value}) as server:
        assert server.post("flat.jpg").status_code in (200, 504)


def test_concurrent_masks_equal_the_lonely_one(server):
    lonely = server.post("person.jpg").content
    answers = []
    threads = [threading.Thread(
        target=lambda: answers.append(server.post("person.jpg").content))
        for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 24
    assert set(answers) == {lonely}
