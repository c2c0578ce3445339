#!/usr/bin/env python3
"""The service against a Python service of the usual kind, in one run.

    bench/peer.py --peer python_peer.py --peer-python VENV/bin/python
                  [--pairs N] [--json OUT.json]

The peer is a FastAPI program with OpenCV and MediaPipe's selfie segmentation
(`pip install mediapipe==0.10.21 fastapi uvicorn` in a virtual environment of
its own) that answers the same route from the folder in LOCAL_ROOT. Both serve
the same pictures, one request at a time, by turns; the client asks for the
identity coding and reads the whole answer. Printed: median and least
milliseconds of each, and the ratio of the medians.

The pictures are made from a sample: resized, with grain as a camera leaves it,
so that the JPEGs are as long as photographs are.
"""
import argparse
import http.client
import io
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROUTE = "/analyze/segmentation-v2"
SIZES = {"0.46 MP": (550, 832), "12 MP": (3024, 4032)}
GRAIN = 5.0         # standard deviation, of 255
JPEG_QUALITY = 90
WARM_UP = 5         # requests before measuring
START_S = 60


def make_picture(path, width, height):
    source = Image.open(ROOT / "samples/astronaut.jpg").convert("RGB")
    pixels = numpy.asarray(source.resize((width, height)), numpy.float32)
    grain = numpy.random.default_rng(1).normal(0, GRAIN, pixels.shape)
    grainy = Image.fromarray(numpy.clip(pixels + grain, 0, 255)
                             .astype(numpy.uint8))
    stream = io.BytesIO()
    grainy.save(stream, "JPEG", quality=JPEG_QUALITY)
    path.write_bytes(stream.getvalue())
    return len(stream.getvalue())


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A program that listens, and one connection to it."""

    def __init__(self, command, port, cwd=None, **environment):
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd=cwd, env=dict(os.environ, **environment))
        self.client = http.client.HTTPConnection("127.0.0.1", port,
                                                 timeout=60)
        end = time.monotonic() + START_S
        while True:
            try:
                self.client.connect()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise SystemExit(f"does not start: {command}")
                time.sleep(0.1)

    def ask(self, key):
        """Milliseconds from sending the request to the answer's last byte."""
        body = json.dumps({"imgSrc": key})
        begin = time.perf_counter()
        self.client.request("POST", ROUTE, body, {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity"})
        response = self.client.getresponse()
        content = response.read()
        spent = (time.perf_counter() - begin) * 1e3
        if response.status != 200:
            raise SystemExit(f"{response.status}: {content[:300]!r}")
        return spent, len(content)

    def resident_mb(self):
        """Of the process and its children, MB."""
        pids = [str(self.process.pid)]
        for pid in pids:
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                pids += (task / "children").read_text().split()
        pages = sum(int(pathlib.Path(f"/proc/{pid}/statm").read_text()
                        .split()[1]) for pid in pids)
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def stop(self):
        self.client.close()
        self.process.terminate()
        self.process.wait(30)


def measure(ours, peer, pairs, size):
    key = f"{size[0]}x{size[1]}.jpg"
    for server in (ours, peer):
        for _ in range(WARM_UP):
            server.ask(key)
    spent = {"ours": [], "peer": []}
    for _ in range(pairs):
        spent["ours"].append(ours.ask(key)[0])
        spent["peer"].append(peer.ask(key)[0])
    row = {}
    for name, values in spent.items():
        row[name] = {"median_ms": round(statistics.median(values), 2),
                     "least_ms": round(min(values), 2)}
    row["ratio"] = round(row["peer"]["median_ms"]
                         / row["ours"]["median_ms"], 1)
    return row


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True, type=pathlib.Path)
    parser.add_argument("--peer-python", required=True)
    parser.add_argument("--binary", default=ROOT / "build/silhouette")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    result = {"machine": f"{os.cpu_count()} cores", "rows": {}}
    with tempfile.TemporaryDirectory() as folder:
        for name, size in SIZES.items():
            length = make_picture(
                pathlib.Path(folder) / f"{size[0]}x{size[1]}.jpg", *size)
            print(f"{name}: {length} bytes of JPEG")
        our_port, peer_port = free_port(), free_port()
        ours = Server([str(arguments.binary), "serve", "--listen",
                       f"127.0.0.1:{our_port}", "--store", f"dir:{folder}"],
                      our_port)
        peer = Server([arguments.peer_python, "-m", "uvicorn",
                       f"{arguments.peer.stem}:app", "--port",
                       str(peer_port), "--log-level", "warning"],
                      peer_port, cwd=arguments.peer.parent,
                      LOCAL_ROOT=folder, PYTHONDONTWRITEBYTECODE="1")
        try:
            print(f"{'picture':10} {'ours ms':>9} {'(least)':>9} "
                  f"{'peer ms':>9} {'(least)':>9} {'ratio':>7}")
            for name, size in SIZES.items():
                row = measure(ours, peer, arguments.pairs, size)
                result["rows"][name] = row
                print(f"{name:10} {row['ours']['median_ms']:9.1f} "
                      f"{row['ours']['least_ms']:9.1f} "
                      f"{row['peer']['median_ms']:9.1f} "
                      f"{row['peer']['least_ms']:9.1f} {row['ratio']:7.1f}")
            result["resident_mb"] = {"ours": round(ours.resident_mb()),
                                     "peer": round(peer.resident_mb())}
            print("resident MB:", result["resident_mb"])
        finally:
            ours.stop()
            peer.stop()
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
