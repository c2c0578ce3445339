"""Starting the programs that the flows talk to: silhouette and versitygw.

Everything listens on 127.0.0.1, on a port that was free a moment ago.
"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SIL_BUILD", ROOT / "build"))
BINARY = BUILD / "silhouette"
ROUTE = "/analyze/segmentation-v2"
START_S = 30
# Sanitizers hold freed memory back: there, figures of memory mean nothing.
IS_SANITIZED = BINARY.exists() and b"__asan_init" in BINARY.read_bytes()
STOP_S = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(is_true, seconds, what):
    """Poll until is_true(); time out with a message."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_true():
            return
        time.sleep(0.02)
    raise TimeoutError(f"{what}: not within {seconds} s")


def clean_environment(**extra):
    """Our own environment without what would steer the service or the AWS
    credentials, and with `extra`."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("AWS_", "SILHOUETTE_"))
                   and not name.lower().endswith("_proxy")}
    environment["TBB_ENABLE_SANITIZERS"] = "1"
    environment.update(extra)
    return environment


class Service:
    """`silhouette serve` with a store; a context manager."""

    def __init__(self, store, *flags, log_path, environment=None, ready=True):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = pathlib.Path(log_path)
        self.command = [str(BINARY), "serve", "--listen",
                        f"127.0.0.1:{self.port}", "--store", str(store),
                        "--models", str(ROOT / "models"), *flags]
        self.environment = clean_environment(**(environment or {}))
        self.wants_ready = ready
        self.process = None

    def __enter__(self):
        self.output = open(self.log_path, "wb")
        self.process = subprocess.Popen(
            self.command, stdout=self.output, stderr=self.output,
            stdin=subprocess.DEVNULL, env=self.environment)
        path = "/readyz" if self.wants_ready else "/healthz"
        try:
            wait_until(lambda: self.answers(path), START_S, f"{path} is 200")
        except TimeoutError:
            self.process.kill()
            self.process.wait()
            raise AssertionError(self.log()) from None
        return self

    def answers(self, path):
        assert self.process.poll() is None, self.log()
        try:
            return requests.get(self.url + path, timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_S)
        self.output.close()
        assert code == 0, f"exit code {code}\n{self.log()}"
        assert "ERROR: AddressSanitizer" not in self.log(), self.log()
        assert "ERROR: LeakSanitizer" not in self.log(), self.log()
        assert "runtime error:" not in self.log(), self.log()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def log_lines(self, event="request"):
        """The parsed JSON lines of one event."""
        lines = [json.loads(line) for line in self.log().splitlines()
                 if line.startswith("{")]
        return [line for line in lines if line.get("event") == event]

    def post(self, key=None, body=None, **more):
        """POST {"imgSrc": key, ...}, or `body` as it is. `headers` and
        `timeout` are those of requests; everything else joins the JSON."""
        headers = {"Content-Type": "application/json"}
        headers.update(more.pop("headers", {}))
        timeout = more.pop("timeout", 60)
        if body is None:
            body = json.dumps({"imgSrc": key, **more})
        if isinstance(body, str):
            body = body.encode()
        return requests.post(self.url + ROUTE, data=body, headers=headers,
                             timeout=timeout)

    def metric(self, name, **labels):
        """The sum of a metric's samples that carry these labels."""
        total = 0.0
        for line in requests.get(self.url + "/metrics",
                                 timeout=10).text.splitlines():
            head, _, value = line.rpartition(" ")
            if head.split("{")[0] != name:
                continue
            if all(f'{label}="{wanted}"' in head
                   for label, wanted in labels.items()):
                total += float(value)
        return total


ACCESS_KEY, SECRET_KEY = "test-access", "test-secret-key"
REGION = "us-east-1"
BUCKET = "pictures"


class S3Server:
    """versitygw over a folder: buckets are folders, objects are files."""

    def __init__(self, folder, log_path):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = log_path

    def __enter__(self):
        self.output = open(self.log_path, "wb")
        self.process = subprocess.Popen(
            [str(ROOT / ".deps/bin/versitygw"), "--port",
             f"127.0.0.1:{self.port}", "--access", ACCESS_KEY, "--secret",
             SECRET_KEY, "--region", REGION, "--keep-alive", "posix",
             "--nometa", str(self.folder)],
            stdout=self.output, stderr=self.output, stdin=subprocess.DEVNULL)
        wait_until(self.is_up, START_S, "versitygw answers")
        return self

    def is_up(self):
        assert self.process.poll() is None, "versitygw ended"
        try:
            requests.get(self.url, timeout=5)
            return True
        except requests.RequestException:
            return False

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(STOP_S)
        self.output.close()

    def environment(self, secret=SECRET_KEY):
        return {"AWS_ACCESS_KEY_ID": ACCESS_KEY,
                "AWS_SECRET_ACCESS_KEY": secret, "AWS_REGION": REGION,
                "AWS_ENDPOINT_URL_S3": self.url}


def failure(response, status, code, state, message):
    """Assert that a response is exactly this row of the error table; returns
    the sentence in `errors`."""
    assert response.status_code == status, response.text
    answer = response.json()
    assert list(answer) == ["state", "message", "errors", "data"]
    assert answer["state"] == state
    assert answer["message"] == message
    assert len(answer["data"]) == 1
    assert answer["data"][0]["code"] == code, answer
    assert answer["data"][0]["stage"] in (
        "request", "fetch", "decode", "infer", "mask", "encode")
    assert answer["errors"]
    for secret in (str(ROOT), "/tmp", ACCESS_KEY, SECRET_KEY, "127.0.0.1"):
        assert secret not in response.text
    return answer["errors"]
