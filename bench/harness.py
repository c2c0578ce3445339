"""What the measuring programs share: pictures, servers, requests, memory.

Everything listens on 127.0.0.1, on a port that was free a moment ago.
"""
import http.client
import http.server
import io
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import threading
import time

import numpy
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = ROOT / "build/silhouette"
ROUTE = "/analyze/segmentation-v2"
GRAIN = 5.0         # standard deviation, of 255
JPEG_QUALITY = 90
START_S = 60
TIMEOUT_S = 120


def make_picture(path, width, height):
    """A sample, resized, with grain as a camera leaves it, so that the file
    is as long as a photograph's. The form is the path's suffix. Returns
    bytes."""
    source = Image.open(ROOT / "samples/astronaut.jpg").convert("RGB")
    pixels = numpy.asarray(source.resize((width, height)), numpy.float32)
    grain = numpy.random.default_rng(1).normal(0, GRAIN, (height, width, 1))
    grain = grain.astype(numpy.float32)
    if path.suffix == ".jpg":   # colours have grain of their own
        grain = numpy.random.default_rng(1).normal(0, GRAIN, pixels.shape)
    grainy = Image.fromarray(numpy.clip(pixels + grain, 0, 255)
                             .astype(numpy.uint8))
    stream = io.BytesIO()
    if path.suffix == ".jpg":
        grainy.save(stream, "JPEG", quality=JPEG_QUALITY)
    else:
        grainy.save(stream, "PNG", compress_level=1)
    path.write_bytes(stream.getvalue())
    return len(stream.getvalue())


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A program that listens, and connections to it."""

    def __init__(self, command, port, cwd=None, **environment):
        self.port = port
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd=cwd, env=dict(os.environ, **environment))
        self.client = self.connection()
        while True:
            try:
                self.client.connect()
                break
            except OSError:
                if (time.perf_counter() > begin + START_S
                        or self.process.poll() is not None):
                    raise SystemExit(f"does not start: {command}") from None
                time.sleep(0.005)
        self.start_s = time.perf_counter() - begin

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port,
                                          timeout=TIMEOUT_S)

    def ask(self, key, client=None, accept="application/json",
            coding="identity", **options):
        """(milliseconds from sending to the answer's last byte, its bytes,
        the stages of Server-Timing in milliseconds)"""
        client = client or self.client
        body = json.dumps({"imgSrc": key, **options})
        begin = time.perf_counter()
        client.request("POST", ROUTE, body, {
            "Content-Type": "application/json", "Accept": accept,
            "Accept-Encoding": coding})
        response = client.getresponse()
        content = response.read()
        spent = (time.perf_counter() - begin) * 1e3
        if response.status != 200:
            raise SystemExit(f"{response.status}: {content[:300]!r}")
        stages = {name: float(ms) for name, ms in re.findall(
            r"(\w+);dur=([\d.]+)", response.getheader("Server-Timing", ""))}
        return spent, len(content), stages

    def pids(self):
        """Of the process and all below it."""
        pids = [str(self.process.pid)]
        for pid in pids:
            try:
                for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                    pids += (task / "children").read_text().split()
            except OSError:
                pass
        return pids

    def memory_mb(self, field="Rss"):
        """Of the process and its children: Rss, or Pss, where pages that
        several have are counted once in all."""
        total = 0
        for pid in self.pids():
            try:
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            total += int(re.search(rf"^{field}:\s+(\d+) kB", text, re.M)[1])
        return total / 1024

    def processor_s(self):
        """Processor time used by the process and its children, seconds; ticks
        of 10 ms."""
        ticks = 0
        for pid in self.pids():
            try:
                text = pathlib.Path(f"/proc/{pid}/stat").read_text()
            except OSError:
                continue
            ticks += sum(map(int, text.rsplit(")", 1)[1].split()[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def peak_mb(self):
        """The most that the process itself ever had resident."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", text)[1]) / 1024

    def stop(self):
        self.client.close()
        self.process.terminate()
        self.process.wait(30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def silhouette(store, *flags, **environment):
    """The service, quietly, on a free port."""
    port = free_port()
    return Server([str(BINARY), "serve", "--listen", f"127.0.0.1:{port}",
                   "--store", str(store), "--log-level", "error", *flags],
                  port, **environment)


def python_peer(program, python, folder):
    """The service that is to be beaten, over the same folder."""
    program = pathlib.Path(program)
    port = free_port()
    return Server([str(python), "-m", "uvicorn", f"{program.stem}:app",
                   "--port", str(port), "--log-level", "warning"], port,
                  cwd=program.parent, LOCAL_ROOT=str(folder),
                  PYTHONDONTWRITEBYTECODE="1")


def by_turns(times, *asks):
    """Medians, ms, of several kinds of request, one after another in turn."""
    spent = [[] for _ in asks]
    for ask in asks:
        ask()
        ask()
    for _ in range(times):
        for values, ask in zip(spent, asks):
            values.append(ask()[0])
    return [statistics.median(values) for values in spent]


def closed_loop(server, key, clients, seconds, **options):
    """(requests a second, median ms, 99th percentile ms) of clients that
    each ask again as soon as they have their answer."""
    spent = []
    end = time.perf_counter() + seconds

    def ask_on():
        client = server.connection()
        while time.perf_counter() < end:
            spent.append(server.ask(key, client, **options)[0])
        client.close()

    begin = time.perf_counter()
    threads = [threading.Thread(target=ask_on) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - begin
    spent.sort()
    return (len(spent) / elapsed, statistics.median(spent),
            spent[min(len(spent) - 1, int(len(spent) * 0.99))])


class SlowStore:
    """An S3 endpoint that gives the files of a folder after a delay."""

    def __init__(self, folder, delay_s):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                time.sleep(delay_s)
                content = (pathlib.Path(folder)
                           / self.path.split("/")[-1].split("?")[0])
                is_there = content.is_file()    # probes name no key
                content = content.read_bytes() if is_there else b""
                self.send_response(200 if is_there else 404)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        self.environment = {
            "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL_S3":
            f"http://127.0.0.1:{self.server.server_address[1]}"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()


def socket_memory_mb():
    """What the kernel holds in TCP buffers, all of the machine's."""
    text = pathlib.Path("/proc/net/sockstat").read_text()
    pages = int(re.search(r"^TCP:.* mem (\d+)", text, re.M)[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2 ** 20
