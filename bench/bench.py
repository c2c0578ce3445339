#!/usr/bin/env python3
"""Everything that docs/PERFORMANCE.md tells, in one run: `make bench`.

    bench/bench.py [--peer python_peer.py --peer-python VENV/bin/python]
                   [--only ROW...] [--json OUT.json]

Each row is a function below; it prints what it measured and returns it. Times
are medians of requests taken by turns with what they are compared to, so that
a busy machine disturbs both. Without a peer, ratios to it are left out. The
peer is a FastAPI program with OpenCV and MediaPipe's selfie segmentation
(`pip install mediapipe==0.10.21 fastapi uvicorn` in a virtual environment of
its own) that answers the same route from the folder in LOCAL_ROOT.
"""
import argparse
import contextlib
import json
import os
import pathlib
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import harness

SMALL, LARGE = "550x832.jpg", "3024x4032.jpg"   # 0.46 and 12 megapixels
SIZES = {1: (880, 1180), 3: (1512, 2016), 12: (3024, 4032),
         48: (6048, 8064), 100: (8750, 11600)}  # megapixels: width, height
PAIRS = 15
CLIENTS, LOOP_S = 32, 12
STORE_DELAY_S = 0.1
STALLED_READERS = 256


def build_folder(folder):
    for name in (SMALL, LARGE):
        width, height = map(int, name.split(".")[0].split("x"))
        harness.make_picture(folder / name, width, height)


def against_peer(options):
    """One request at a time, beside the peer."""
    if not options.peer:
        return {"skipped": "no peer was named"}
    result = {}
    with harness.silhouette(f"dir:{options.folder}") as ours, \
            harness.python_peer(options.peer, options.peer_python,
                                options.folder) as peer:
        # One quality after the other: by turns they would take each other's
        # prepared shapes away, which no single client does.
        for quality in ("fast", "best"):
            for key in (SMALL, LARGE):
                mine, theirs = harness.by_turns(
                    PAIRS, lambda: ours.ask(key, quality=quality),
                    lambda: peer.ask(key))
                result[f"{key} {quality}"] = {
                    "ms": mine, "peer_ms": theirs, "ratio": theirs / mine}
        result["resident_mb"] = {"ours": ours.memory_mb("Pss"),
                                 "peer": peer.memory_mb("Pss")}
    return result


def gzip_beside_identity(options):
    with harness.silhouette(f"dir:{options.folder}") as ours:
        plain, packed = harness.by_turns(
            PAIRS, lambda: ours.ask(LARGE, quality="fast"),
            lambda: ours.ask(LARGE, quality="fast", coding="gzip"))
        sizes = [ours.ask(LARGE, coding=coding)[1]
                 for coding in ("identity", "gzip")]
    return {"identity_ms": plain, "gzip_ms": packed,
            "more_ms": packed - plain, "bytes_ratio": sizes[0] / sizes[1]}


def stages(options):
    """Where the time of a request goes, and how much of it is neither
    inference nor the JPEG's entropy decoding."""
    result = {}
    with harness.silhouette(f"dir:{options.folder}", "--workers", "1") as ours:
        for key in (SMALL, LARGE):
            entropy = float(subprocess.run(
                [harness.ROOT / "build/bench_entropy", options.folder / key],
                capture_output=True, text=True, check=True).stdout)
            for quality in ("fast", "best"):
                rows = [ours.ask(key, quality=quality) for _ in range(PAIRS)]
                row = {name: statistics.median(each[2][name] for each in rows)
                       for name in rows[0][2]}
                row["total"] = statistics.median(each[0] for each in rows)
                row["entropy"] = entropy
                row["rest_share"] = 1 - (row["infer"] + entropy) / row["total"]
                result[f"{key} {quality}"] = row
    return result


def kernels(_):
    run = subprocess.run([harness.ROOT / "build/bench_kernels"],
                         capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


def throughput(options):
    """Two workers, a closed loop of clients, and the same with a slow store."""
    result = {}
    rates = {}
    for delay in (0, STORE_DELAY_S):
        with harness.SlowStore(options.folder, delay) as store, \
                harness.silhouette("s3://pictures", "--workers", "2",
                                   **store.environment) as ours:
            for _ in range(5):
                _, _, times = ours.ask(SMALL, accept="image/png",
                                       quality="fast")
            compute = statistics.median(
                sum(ours.ask(SMALL, accept="image/png", quality="fast")[2][s]
                    for s in ("decode", "infer", "mask", "encode"))
                for _ in range(PAIRS))
            rates[delay], middle, late = harness.closed_loop(
                ours, SMALL, CLIENTS, LOOP_S, accept="image/png",
                quality="fast")
            result[f"store +{delay * 1e3:.0f} ms"] = {
                "per_s": rates[delay], "median_ms": middle, "p99_ms": late,
                "single_compute_ms": compute,
                "of_ideal": rates[delay] / (2e3 / compute)}
    result["slow_of_quick"] = rates[STORE_DELAY_S] / rates[0]
    return result


def memory(options):
    """Idle, under large requests at once, and with readers that stall."""
    result = {}
    for quality in ("best", "fast"):
        with harness.silhouette(f"dir:{options.folder}", "--workers", "2",
                                "--quality", quality) as ours:
            harness.closed_loop(ours, SMALL, 2, 1)
            time.sleep(0.5)
            result[f"idle_{quality}_mb"] = ours.memory_mb("Pss")
    with harness.silhouette(f"dir:{options.folder}", "--workers", "2",
                            "--quality", "fast") as ours:
        harness.closed_loop(ours, LARGE, 2, 4)
        before = ours.peak_mb()
        harness.closed_loop(ours, LARGE, 10, 6)
        result["per_request_mb"] = (ours.peak_mb() - before) / 8
    with harness.silhouette(f"dir:{options.folder}", "--workers", "2",
                            "--quality", "fast",
                            "--queue", str(STALLED_READERS)) as ours:
        harness.closed_loop(ours, LARGE, 4, 3)  # both workers, warm
        before = ours.memory_mb("Pss") + harness.socket_memory_mb()
        readers = [stalled_reader(ours.port) for _ in range(STALLED_READERS)]
        wait_until_idle(ours)
        result["stalled_readers_mb"] = (ours.memory_mb("Pss")
                                        + harness.socket_memory_mb() - before)
        for reader in readers:
            reader.close()
    return result


def stalled_reader(port):
    """A client that asks for 24 MB and doesn't read them."""
    reader = socket.create_connection(("127.0.0.1", port))
    body = json.dumps({"imgSrc": LARGE, "quality": "fast"})
    reader.sendall(f"POST {harness.ROUTE} HTTP/1.1\r\nHost: bench\r\n"
                   "Content-Type: application/json\r\n"
                   f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
    return reader


def wait_until_idle(server):
    """Until the server has used no processor for a second: all that it can
    do without its readers is done."""
    end = time.monotonic() + harness.TIMEOUT_S
    spent, since = server.processor_s(), time.monotonic()
    while time.monotonic() < since + 1:
        if time.monotonic() > end:
            raise SystemExit("the stalled readers' answers are not computed")
        time.sleep(0.1)
        now = server.processor_s()
        if now > spent:
            spent, since = now, time.monotonic()


def start(options):
    """Seconds until /readyz says yes, the model cache being warm."""
    with tempfile.TemporaryDirectory() as cache:
        seconds = []
        for _ in range(6):
            begin = time.perf_counter()
            with harness.silhouette(f"dir:{options.folder}", "--model-cache",
                                    cache) as ours:
                while True:
                    client = ours.connection()
                    client.request("GET", "/readyz")
                    if client.getresponse().status == 200:
                        break
                    client.close()
                    time.sleep(0.005)
                seconds.append(time.perf_counter() - begin)
    return {"cold_s": seconds[0], "warm_s": statistics.median(seconds[1:])}


def sizes(options):
    """Time and memory against the picture's size, JPEG and PNG."""
    result = {}
    for suffix in (".jpg", ".png"):
        for megapixels, (width, height) in SIZES.items():
            path = options.folder / f"size{megapixels}{suffix}"
            length = harness.make_picture(path, width, height)
            with harness.silhouette(
                    f"dir:{options.folder}", "--workers", "1",
                    "--image-bytes-max", str(2 ** 30),
                    "--image-pixels-max", "120000000",
                    "--deadline-ms", "100000") as ours:
                ours.ask(SMALL)
                rows = [ours.ask(path.name, accept="image/png",
                                 quality="fast")[2] for _ in range(3)]
                result[path.name] = {
                    "file_mb": length / 2 ** 20,
                    **{stage: statistics.median(row[stage] for row in rows)
                       for stage in ("decode", "infer", "mask", "encode")},
                    "peak_mb": sum_of_peaks(ours)}
            path.unlink()
    return result


def sum_of_peaks(server):
    """The most resident of the process and of each child, added up."""
    total = 0
    for pid in server.pids():
        with contextlib.suppress(OSError):
            text = pathlib.Path(f"/proc/{pid}/status").read_text()
            total += int(text.split("VmHWM:")[1].split()[0]) / 1024
    return total


def crowd(options):
    """Latency against how many ask at once."""
    result = {}
    with harness.silhouette(f"dir:{options.folder}", "--workers", "2",
                            "--queue", "512") as ours:
        for clients in (1, 2, 4, 8, 16, 32, 64, 128, 256):
            rate, middle, late = harness.closed_loop(
                ours, SMALL, clients, 4, accept="image/png", quality="fast")
            result[str(clients)] = {"per_s": rate, "median_ms": middle,
                                    "p99_ms": late}
    return result


ROWS = [against_peer, stages, gzip_beside_identity, kernels, throughput,
        memory, start, sizes, crowd]


def show(value, depth=0):
    """Figures with three digits that count, one group a line."""
    pad = "  " * depth
    for name, item in value.items():
        if isinstance(item, dict) and any(isinstance(inner, dict)
                                          for inner in item.values()):
            print(f"{pad}{name}:")
            show(item, depth + 1)
        elif isinstance(item, dict):
            print(f"{pad}{name}: " + ", ".join(
                f"{key} {number:.3g}" if isinstance(number, float)
                else f"{key} {number}" for key, number in item.items()))
        elif isinstance(item, float):
            print(f"{pad}{name}: {item:.3g}")
        else:
            print(f"{pad}{name}: {item}")


def machine():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((line.split(":", 1)[1].strip() for line in text.splitlines()
                  if line.startswith("model name")), platform.processor())
    return {"processor": model, "cores": os.cpu_count(),
            "load_before": os.getloadavg()[0]}


def main():
    names = [row.__name__ for row in ROWS]
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", type=pathlib.Path)
    parser.add_argument("--peer-python")
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    if bool(options.peer) != bool(options.peer_python):
        parser.error("--peer and --peer-python go together")
    result = {"machine": machine()}
    show(result)
    with tempfile.TemporaryDirectory() as folder:
        options.folder = pathlib.Path(folder)
        build_folder(options.folder)
        for row in ROWS:
            if row.__name__ not in options.only:
                continue
            begin = time.monotonic()
            found = row(options)
            result[row.__name__] = found
            print(f"\n{row.__name__} ({time.monotonic() - begin:.0f} s)")
            if isinstance(found, list):
                print("\n".join(found))
            else:
                show(found, 1)
            sys.stdout.flush()
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
