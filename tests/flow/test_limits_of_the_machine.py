"""What a machine can run out of: descriptors, memory, disk, and lines that
somebody else would like to write into the log."""
import contextlib
import json
import resource
import socket
import subprocess

import requests
from PIL import Image

from pictures import encoded
import service
from service import IS_SANITIZED, failure

MEBI = 1 << 20


def count_of_files(server):
    return int(server.metric("process_open_fds"))


def test_row_50_descriptors_run_out_and_come_back(start):
    """Who comes then waits in the queue of the system; who is there is
    served."""
    with start("--connections", "1000") as server:
        session = requests.Session()
        session.get(server.url + "/healthz", timeout=10)
        most = count_of_files(server) + 8
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE,
                         (most, most))
        with contextlib.ExitStack() as stack:
            for _ in range(40):
                stack.enter_context(socket.create_connection(
                    ("127.0.0.1", server.port), 10))
            assert session.get(server.url + "/healthz",
                               timeout=10).status_code == 200
        assert server.post("flat.jpg").status_code == 200


def test_row_50_memory_runs_out_and_comes_back(start, folder):
    """A picture for which there is no room is refused, the next small one
    served, and with room again the large one, too."""
    (folder / "large.jpg").write_bytes(encoded(
        Image.new("RGB", (5000, 5000)), "JPEG", progressive=True))
    if IS_SANITIZED:        # whose own memory isn't bounded so
        return
    with start("--sandbox", "off") as server:
        pid = server.process.pid
        small = server.post("person.jpg").content
        mapped = int(open(f"/proc/{pid}/statm").read().split()[0])
        now = mapped * resource.getpagesize()
        none = resource.RLIM_INFINITY
        resource.prlimit(pid, resource.RLIMIT_AS, (now + MEBI, none))
        failure(server.post("large.jpg", headers={"Accept": "image/png"}), 503, "overloaded", -1,
                "server busy")
        resource.prlimit(pid, resource.RLIMIT_AS, (none, none))
        assert server.post("large.jpg", headers={
            "Accept": "image/png"}).status_code == 200
        assert server.post("person.jpg").content == small


def test_row_50_a_full_disk_costs_the_log_alone(start):
    server = start()
    with open("/dev/full", "wb") as full:
        process = subprocess.Popen(server.command, stdout=full, stderr=full,
                                   stdin=subprocess.DEVNULL,
                                   env=server.environment)
        try:
            server.process = process
            server.log_path.write_text("")
            service.wait_until(lambda: server.answers("/readyz"), 30, "ready")
            assert server.post("person.jpg").status_code == 200
        finally:
            process.terminate()
            assert process.wait(30) == 0


def test_row_54_nobody_else_writes_the_log_or_the_metrics(start):
    """Line ends, quotes and fields in all that a client names: each request
    has one line, whose fields are its own."""
    evil = ['a"},{"level":"error"}.jpg', 'b\\n{"event":"forged"}', "c‮d",
            "e\\u2028f", 'g{route="x"} 1']
    with start("--log-level", "debug") as server:
        for key in evil:
            server.post(body=json.dumps({"imgSrc": key}), headers={
                "X-Request-Id": "x" * 65, "traceparent": 'a"b',
                "User-Agent": '"}\t{"event":"forged"}'})
        server.post(body='{"imgSrc":"h\\ni"}')
        text = requests.get(server.url + "/metrics", timeout=10).text
        lines = server.log_lines("request")
        posts = [line for line in lines if line["route"] == "analyze"]
        assert len(posts) == len(evil) + 1
        assert not server.log_lines("forged")
        for line in posts:
            assert line["code"] in (400, 404)
            assert len(line["request_id"]) <= 64
            assert set(line["trace_id"]) <= set("0123456789abcdef")
    assert "forged" not in text and "imgSrc" not in text
    for line in text.splitlines():
        name = line.split("{")[0].split(" ")[0]
        assert line.startswith("# ") or name.startswith(
            ("silhouette_", "process_")), line


def test_one_mask_at_any_number_of_threads(start):
    answers = set()
    for workers in ("1", "2", "3"):
        with start("--workers", workers) as server:
            answers.add(server.post("person.jpg").content)
    assert len(answers) == 1
