#!/usr/bin/env python3
"""What a corpus takes, and what queues in front of a service do: by simulating
them event by event. docs/SCALE.md holds what it says.

    simulate.py capacity              machines, hours, requests, money
    simulate.py fleet                 stragglers, and how many parts help
    simulate.py service               waiting and refusals by utilization
    simulate.py machine RUN.jsonl     predict a run from its own times
    simulate.py check                 run `silhouette batch`, and predict it
    simulate.py tables                the tables of docs/SCALE.md

Times are measured ones (the events of `silhouette batch --json`) or given as
flags; prices are inputs, stated with each table. Same seed, same answer.
"""
import argparse
import heapq
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile
from collections import deque
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parents[1]
HANDS, AHEAD, STORE_MAX = 16, 8, 256    # as in src/batch and limits.tbl
PAGE_KEYS = 1000                        # of ListObjectsV2
HOUR_S = 3600


# --- events -----------------------------------------------------------------

class Clock:
    """Things that happen, in order of time; equal times in order of asking."""

    def __init__(self):
        self.now = 0.0
        self.queue = []
        self.count = 0

    def after(self, seconds, happen, *what):
        self.count += 1
        heapq.heappush(self.queue,
                       (self.now + seconds, self.count, happen, what))

    def run(self):
        while self.queue:
            self.now, _, happen, what = heapq.heappop(self.queue)
            happen(*what)


class Crew:
    """So many servers with one line in front of them."""

    def __init__(self, clock, size):
        self.clock, self.free, self.size = clock, size, size
        self.line = deque()
        self.busy_s = 0.0

    def ask(self, seconds, then, *what):
        """Be served for so long, then then(*what)."""
        self.line.append((seconds, then, what))
        self.serve()

    def serve(self):
        while self.free and self.line:
            seconds, then, what = self.line.popleft()
            self.free -= 1
            self.busy_s += seconds
            self.clock.after(seconds, self.done, then, what)

    def done(self, then, what):
        self.free += 1
        then(*what)
        self.serve()


# --- one machine ------------------------------------------------------------

@dataclass
class Picture:
    """What one picture takes, in seconds."""
    fetch: float
    compute: float
    put: float
    look: float = 0.0


class Machine:
    """One `silhouette batch`: a feeder with so many places, hands that look
    and put, a store that fetches, and jobs that compute."""

    def __init__(self, pictures, jobs, fetches=1):
        self.clock = Clock()
        self.pictures = iter(pictures)
        self.places = min(jobs * AHEAD + HANDS, STORE_MAX)
        self.hands = Crew(self.clock, HANDS)
        self.store = Crew(self.clock, fetches)
        self.jobs = Crew(self.clock, jobs)
        self.count = 0

    def run(self):
        """Seconds until all is done."""
        for _ in range(self.places):
            self.feed()
        self.clock.run()
        return self.clock.now

    def feed(self):
        picture = next(self.pictures, None)
        if picture is not None:
            self.hands.ask(picture.look, self.store.ask, picture.fetch,
                           self.jobs.ask, picture.compute, self.hands.ask,
                           picture.put, self.end)

    def end(self):
        self.count += 1
        self.feed()


def read_run(lines):
    """(pictures, seconds they took together) of the events of a run."""
    pictures, wall_s = [], None
    for line in lines:
        event = json.loads(line)
        if event["event"] == "done":
            pictures.append(Picture(event["fetch_ms"] / 1e3,
                                    event["compute_ms"] / 1e3,
                                    event["put_ms"] / 1e3))
        elif event["event"] == "end":
            wall_s = event["elapsed_s"] - event["open_s"]
    return pictures, wall_s


def predict(pictures, count, jobs, fetches=1, seed=1):
    """Seconds for `count` pictures like these."""
    chance = random.Random(seed)
    return Machine([chance.choice(pictures) for _ in range(count)], jobs,
                   fetches).run()


# --- a fleet ----------------------------------------------------------------

@dataclass
class Fleet:
    """Machines that take one part after the other."""
    pictures: int
    parts: int
    machines: int
    jobs: int = 4
    compute_s: float = 0.020    # of one picture on one core
    spread: float = 0.8         # standard deviation over mean, of pictures
    start_s: float = 1.0        # process, network, first page
    slow_share: float = 0.02    # of the machines
    slow_factor: float = 3.0    # how much longer they take
    loss_per_hour: float = 0.01     # a machine goes away, and another comes
    replace_s: float = 120.0
    seed: int = 1
    busy_s: float = field(default=0.0, init=False)

    def run(self):
        """Seconds until the last part is done."""
        chance = random.Random(self.seed)
        self.busy_s = 0.0
        clock = Clock()
        line = deque(self.part_seconds(chance))
        rate = self.loss_per_hour / HOUR_S

        def take(speed):
            if line:
                work(speed, line.popleft() * speed + self.start_s)

        def work(speed, seconds):
            life_s = chance.expovariate(rate) if rate else math.inf
            self.busy_s += min(life_s, seconds)
            if life_s >= seconds:
                clock.after(seconds, take, speed)
            else:       # what is done stays done: another goes on from there
                left_s = seconds - life_s + self.start_s
                clock.after(life_s + self.replace_s, work, 1.0, left_s)

        for index in range(self.machines):
            is_slow = index < round(self.machines * self.slow_share)
            clock.after(0, take, self.slow_factor if is_slow else 1.0)
        clock.run()
        return clock.now

    def part_seconds(self, chance):
        """How long each part takes: by a hash, so their sizes are those of
        balls thrown into bins."""
        mean = self.pictures / self.parts
        deviation = math.sqrt(mean * (1 - 1 / self.parts))
        for _ in range(self.parts):
            count = max(0.0, chance.gauss(mean, deviation))
            seconds = chance.gauss(
                count * self.compute_s,
                math.sqrt(count) * self.compute_s * self.spread)
            yield max(0.0, seconds) / self.jobs

    def ideal_s(self):
        """If nothing started, was slow, was lost or had to wait."""
        return self.pictures * self.compute_s / self.jobs / self.machines


# --- a service --------------------------------------------------------------

class Service:
    """Requests that come by chance, workers, and a line that is full at some
    length: then they are refused."""

    def __init__(self, workers, room, service_s, seed=1):
        self.workers, self.room, self.service_s = workers, room, service_s
        self.chance = random.Random(seed)

    def run(self, utilization, count):
        """(waiting seconds of those served, how many were refused)."""
        mean = sum(self.service_s) / len(self.service_s)
        rate = utilization * self.workers / mean
        free = [0.0] * self.workers     # when each worker will be
        line, waits, refused, now = deque(), [], 0, 0.0
        for _ in range(count):
            now += self.chance.expovariate(rate)
            while line and line[0] <= now:
                line.popleft()
            if len(line) >= self.room:
                refused += 1
                continue
            start = max(now, heapq.heappop(free))
            heapq.heappush(free, start + self.chance.choice(self.service_s))
            if start > now:
                line.append(start)
            waits.append(start - now)
        return waits, refused


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


# --- capacity ---------------------------------------------------------------

@dataclass
class Prices:
    """In dollars; inputs, not facts: of one region on one day."""
    core_hour: float = 0.04     # a virtual core, on demand
    per_1000_get: float = 0.0004    # GET and HEAD
    per_1000_put: float = 0.005     # PUT and LIST
    gb_month: float = 0.023


@dataclass
class Load:
    """What one picture is. 12 megapixels: see docs/PERFORMANCE.md."""
    name: str
    compute_s: float            # on one core, decoding to encoding
    picture_bytes: float
    result_bytes: float


SMALL = Load("0.46 megapixels", 0.020, 126e3, 6e3)
LARGE = Load("12 megapixels", 0.055, 2.3e6, 60e3)


def capacity(load, pictures, prices, core_use=0.85):
    """What so many pictures take. core_use: the share of the time in which a
    core computes, after starting, waiting and stragglers."""
    core_h = pictures * load.compute_s / core_use / HOUR_S
    parts = max(1, min(100_000, round(pictures / 10_000)))
    # Each part goes through the whole list, unless it has one of its own.
    lists = math.ceil(pictures / PAGE_KEYS)
    return {
        "pictures": pictures,
        "core_h": core_h,
        "machines": max(1, math.ceil(core_h / 16 / 24)),
        "parts": parts,
        "list": lists,
        "list_by_parts": lists * parts,
        "get": pictures,
        "head": pictures,
        "put": pictures,
        "read_tb": pictures * load.picture_bytes / 1e12,
        "write_gb": pictures * load.result_bytes / 1e9,
        "compute_dollar": core_h * prices.core_hour,
        "request_dollar": (2 * pictures / 1000 * prices.per_1000_get
                           + (pictures + lists) / 1000
                           * prices.per_1000_put),
        "list_dollar": lists * parts / 1000 * prices.per_1000_put,
        "month_dollar": (pictures * load.result_bytes / 1e9
                         * prices.gb_month),
    }


# --- tables -----------------------------------------------------------------

def table(head, rows):
    """Markdown, numbers to the right."""
    lines = ["| " + " | ".join(head) + " |",
             "| " + " | ".join(["---:"] * len(head)) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def hours(seconds):
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / HOUR_S:,.1f} h"


def dollars(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:.2f}"


def capacity_table(prices):
    rows = []
    for load in (SMALL, LARGE):
        for pictures in (10**4, 10**6, 10**8, 10**9):
            found = capacity(load, pictures, prices)
            rows.append([
                load.name, f"{pictures:,}", f"{found['core_h']:,.1f}",
                f"{found['machines']:,}",
                f"{found['read_tb']:,.3g}", f"{found['write_gb']:,.4g}",
                dollars(found["compute_dollar"]),
                dollars(found["request_dollar"]),
                dollars(found["list_dollar"]),
                dollars(found["month_dollar"])])
    return table(["a picture has", "pictures", "core hours",
                  "machines of 16 cores for a day", "TB read", "GB written",
                  "$ cores", "$ requests", "$ if each part lists",
                  "$ a month to keep"], rows)


def fleet_table():
    rows = []
    for per_machine in (1, 2, 4, 8, 16, 64, 256):
        fleet = Fleet(pictures=10**8, parts=100 * per_machine, machines=100)
        times = []
        for seed in range(9):
            fleet.seed = seed
            times.append(fleet.run())
        ideal_s = fleet.ideal_s()
        rows.append([str(per_machine), f"{10**8 // fleet.parts:,}",
                     f"{quantile(times, .5) / ideal_s:.2f}",
                     f"{max(times) / ideal_s:.2f}",
                     hours(quantile(times, .5))])
    return table(["parts a machine", "pictures a part",
                  "time over ideal, median", "worst of 9", "time, median"],
                 rows)


def service_table():
    rows = []
    times = [0.8 * 0.020] * 4 + [1.8 * 0.020]   # mean 20 ms
    service = Service(workers=4, room=4 * 32, service_s=times)
    for utilization in (.5, .7, .8, .9, .95, 1.0, 1.2):
        waits, refused = service.run(utilization, 200_000)
        rows.append([f"{utilization:.0%}",
                     f"{1e3 * sum(waits) / len(waits):.1f}",
                     f"{1e3 * quantile(waits, .5):.1f}",
                     f"{1e3 * quantile(waits, .99):.1f}",
                     f"{refused / (refused + len(waits)):.2%}"])
    return table(["offered load", "mean wait, ms", "median", "99 %",
                  "refused (503)"], rows)


def tables(prices):
    return {"capacity": capacity_table(prices), "fleet": fleet_table(),
            "service": service_table()}


# --- against a measurement --------------------------------------------------

def run_batch(binary, source, keys, jobs, folder):
    """One run over a list of keys; its events."""
    done = subprocess.run(
        [str(binary), "batch", str(source), str(folder / "out"), "--list", "-",
         "--json", "--overwrite", "--jobs", str(jobs), "--models",
         str(ROOT / "models")], input="\n".join(keys), text=True, cwd=folder,
        stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"silhouette batch ended with {done.returncode}")
    return read_run(done.stdout.splitlines())


def check(options):
    """Three times as many pictures as were measured, predicted from two runs
    around it: the machine may be busier at one time than at another. And the
    run itself, from its own times: what overlaps with what, and who waits, is
    right if those agree."""
    source = pathlib.Path(options.source)
    names = sorted(path.name for path in source.iterdir()
                   if path.suffix.lower() in (".jpg", ".jpeg", ".png",
                                              ".webp", ".avif"))
    rows = []
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)

        def keys_of(count):
            return [names[index % len(names)] for index in range(count)]

        for jobs in options.jobs:
            before, _ = run_batch(options.binary, source,
                                  keys_of(options.count), jobs, folder)
            seen, took_s = run_batch(options.binary, source,
                                     keys_of(3 * options.count), jobs, folder)
            after, _ = run_batch(options.binary, source,
                                 keys_of(options.count), jobs, folder)
            told = predict(before + after, len(seen), jobs)
            own = Machine(seen, jobs).run()
            rows.append([str(jobs), str(len(seen)),
                         f"{len(seen) / took_s:.1f}",
                         f"{len(seen) / told:.1f}", f"{took_s / told - 1:+.1%}",
                         f"{len(seen) / own:.1f}", f"{took_s / own - 1:+.1%}"])
    print(table(["jobs", "pictures", "measured, pictures/s", "predicted",
                 "time over predicted", "from its own times",
                 "time over that"], rows))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("capacity", "fleet", "service",
                                         "machine", "check", "tables"))
    parser.add_argument("run", nargs="?", help="events of a run, for machine")
    parser.add_argument("--jobs", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--count", type=int, default=60,
                        help="pictures of the first run of check")
    parser.add_argument("--source", default=str(ROOT / "samples"))
    parser.add_argument("--binary", default=os.environ.get(
        "SIL_BUILD", str(ROOT / "build")) + "/silhouette")
    for name, value in vars(Prices()).items():
        parser.add_argument("--" + name.replace("_", "-"), type=float,
                            default=value, help="dollars (%(default)s)")
    options = parser.parse_args()
    prices = Prices(**{name: getattr(options, name)
                       for name in vars(Prices())})
    if options.what == "check":
        check(options)
    elif options.what == "machine":
        with open(options.run, encoding="utf-8") as lines:
            pictures, wall_s = read_run(lines)
        for jobs in options.jobs:
            told = Machine(pictures, jobs).run()
            print(f"{jobs} jobs: {told:.2f} s predicted; the run took "
                  f"{wall_s:.2f} s")
    elif options.what == "tables":
        for name, text in tables(prices).items():
            print(f"<!-- simulated: {name} -->\n{text}\n<!-- /simulated -->\n")
    else:
        print(tables(prices)[options.what])


if __name__ == "__main__":
    main()
