"""bench/simulate.py against what is known without it: formulas of queues,
sums, and the tables of docs/SCALE.md."""
import json
import math
import pathlib
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import simulate  # noqa: E402  (bench/simulate.py)


def test_one_server_takes_the_sum():
    pictures = [simulate.Picture(0.0, 0.02, 0.0)] * 500
    assert simulate.Machine(pictures, 1).run() == pytest.approx(10.0)
    assert simulate.Machine(pictures, 4).run() == pytest.approx(2.5)


def test_the_slowest_stage_decides():
    """A store of one thread, as a folder is; then results that wait."""
    pictures = [simulate.Picture(0.03, 0.02, 0.01)] * 1000
    assert simulate.Machine(pictures, 8).run() == pytest.approx(30, rel=.01)
    pictures = [simulate.Picture(0.0, 0.001, 0.16)] * 1000
    assert simulate.Machine(pictures, 8).run() == pytest.approx(
        0.16 * 1000 / simulate.HANDS, rel=.02)


def test_waiting_is_hidden_behind_computing():
    """100 ms of a remote store cost nothing but at the beginning."""
    pictures = [simulate.Picture(0.1, 0.02, 0.03)] * 1000
    took = simulate.Machine(pictures, 2, fetches=256).run()
    assert took == pytest.approx(10.0 + 0.1 + 0.03, rel=.01)


def test_no_more_than_the_places_are_under_way():
    pictures = [simulate.Picture(1.0, 0.0, 0.0)] * 1000
    places = 2 * simulate.AHEAD + simulate.HANDS
    took = simulate.Machine(pictures, 2, fetches=1000).run()
    assert took == pytest.approx(math.ceil(1000 / places))


def test_all_pictures_are_done_once():
    machine = simulate.Machine([simulate.Picture(.1, .2, .3)] * 77, 3, 5)
    machine.run()
    assert machine.count == 77


@pytest.mark.parametrize("load", [.5, .8, .9])
def test_waiting_is_that_of_pollaczek_and_khinchine(load):
    """One worker, constant times: load / (2 (1 - load)) of a service."""
    service = simulate.Service(1, 10**9, [0.02])
    waits, refused = service.run(load, 400_000)
    assert refused == 0
    assert sum(waits) / len(waits) == pytest.approx(
        0.02 * load / 2 / (1 - load), rel=.05)


def test_more_than_can_be_served_is_refused():
    waits, refused = simulate.Service(4, 128, [0.02]).run(2.0, 100_000)
    assert refused / 100_000 == pytest.approx(.5, abs=.01)
    assert max(waits) <= 0.02 * (128 / 4 + 1)


def test_fleet_without_trouble_is_ideal():
    fleet = simulate.Fleet(10**7, 1000, 100, spread=0, start_s=0,
                           slow_share=0, loss_per_hour=0)
    assert 1 <= fleet.run() / fleet.ideal_s() < 1.1


def test_one_part_a_machine_waits_for_the_slowest():
    fleet = simulate.Fleet(10**7, 100, 100, slow_factor=3)
    assert fleet.run() / fleet.ideal_s() > 2.9
    fleet = simulate.Fleet(10**7, 3200, 100, slow_factor=3)
    assert fleet.run() / fleet.ideal_s() < 1.3


def test_same_seed_same_answer():
    fleets = [simulate.Fleet(10**6, 100, 10, seed=seed).run()
              for seed in (7, 7, 8)]
    assert fleets[0] == fleets[1] != fleets[2]


def test_capacity_is_arithmetic():
    load = simulate.Load("x", 0.036, 1e6, 1e4)
    found = simulate.capacity(load, 10**6, simulate.Prices(), core_use=1)
    assert found["core_h"] == pytest.approx(10)
    assert found["list"] == 1000 and found["parts"] == 100
    assert found["read_tb"] == pytest.approx(1)
    assert found["write_gb"] == pytest.approx(10)
    assert found["request_dollar"] == pytest.approx(.8 + 5 + .005)


def test_reads_the_events_of_a_run():
    lines = [json.dumps(line) for line in (
        {"event": "skipped", "key": "b"},
        {"event": "done", "key": "a", "fetch_ms": 1, "compute_ms": 20,
         "put_ms": 2, "ms": 30},
        {"event": "end", "elapsed_s": 2.5, "open_s": 1})]
    pictures, wall_s = simulate.read_run(lines)
    assert pictures == [simulate.Picture(.001, .02, .002)] and wall_s == 1.5


def test_the_document_holds_what_is_simulated():
    text = (ROOT / "docs/SCALE.md").read_text()
    held = dict(re.findall(r"<!-- simulated: (\w+) -->\n(.*?)\n<!-- /simulated -->",
                           text, re.S))
    assert held == simulate.tables(simulate.Prices())


def test_numbers_of_the_program_are_the_program_s():
    limits = (ROOT / "src/base/limits.tbl").read_text()
    for name, value in (("BATCH_AHEAD", simulate.AHEAD),
                        ("FETCH_CONCURRENCY", simulate.STORE_MAX)):
        assert re.search(rf"SIL_LIMIT\({name}, {value},", limits)
    assert f"BATCH_HANDS = {simulate.HANDS}," in (
        ROOT / "src/batch/batch_run.h").read_text()
