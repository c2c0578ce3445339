"""`silhouette segment` and what scripts rely on: output, exit codes."""
import json
import re
import shutil
import socket
import subprocess

import numpy
import pytest

from pictures import (SAMPLES, encoded, flat_jpeg, mask_of, mask_of_png,
                      person_picture)
from service import BINARY, ROOT, clean_environment


def silhouette(*arguments, given=None, **environment):
    return subprocess.run([str(BINARY), *map(str, arguments)], input=given,
                          capture_output=True, timeout=120,
                          env=clean_environment(**environment))


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "person.jpg"
    path.write_bytes(encoded(person_picture(), "JPEG"))
    return path


def test_json_on_standard_output(picture):
    done = silhouette("segment", picture, "--format", "json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert list(answer) == ["state", "data"]
    assert mask_of(answer).shape == (200, 160)
    assert 0.05 < mask_of(answer).mean() < 0.95


def test_png_into_a_file(picture, tmp_path):
    out = tmp_path / "mask.png"
    done = silhouette("segment", picture, "-o", out)
    assert done.returncode == 0, done.stderr
    plain = silhouette("segment", picture, "--format", "json")
    assert numpy.array_equal(mask_of_png(out.read_bytes()),
                             mask_of(json.loads(plain.stdout)))


def test_standard_input(picture):
    done = silhouette("segment", "-", "--format", "png",
                      given=picture.read_bytes())
    assert done.returncode == 0, done.stderr
    assert mask_of_png(done.stdout).shape == (200, 160)


def test_several_into_a_folder(picture, tmp_path):
    second = tmp_path / "flat.jpg"
    second.write_bytes(flat_jpeg(30, 20))
    out = tmp_path / "out"
    out.mkdir()
    done = silhouette("segment", picture, second, "-o", f"{out}/",
                      "--format", "png")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == ["flat.png",
                                                           "person.png"]
    assert not mask_of_png((out / "flat.png").read_bytes()).any()


def test_a_bad_picture_does_not_stop_the_others(picture, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(picture.read_bytes()[:300])
    out = tmp_path / "out"
    out.mkdir()
    done = silhouette("segment", bad, tmp_path / "none.jpg", picture, "-o",
                      f"{out}/", "--format", "png")
    assert done.returncode == 1
    assert b"image_corrupt" in done.stderr
    assert b"image_not_found" in done.stderr
    assert [path.name for path in out.iterdir()] == ["person.png"]


def test_bench_times_each_stage(picture, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    done = silhouette("bench", bad, picture, "--runs", 3, "--json")
    assert done.returncode == 1
    assert b"unsupported_format" in done.stderr
    row, = map(json.loads, done.stdout.splitlines())
    assert (row["width"], row["height"]) == (160, 200)
    plain = silhouette("segment", picture, "--format", "json")
    assert row["json_bytes"] == len(plain.stdout)
    stages = [row[f"{part}_ms"] for part in ("decode", "infer", "mask",
                                             "write")]
    assert all(ms > 0 for ms in stages)
    assert row["total_ms"] >= row["infer_ms"]
    shown = silhouette("bench", picture, "--runs", 1).stdout.decode()
    assert "infer" in shown and "memory at most" in shown


@pytest.mark.parametrize("arguments", [
    [], ["nonsense"], ["segment"], ["bench"], ["bench", "a.jpg", "--runs", "0"],
    ["bench", "a.jpg", "--runs"], ["segment", "a.jpg", "--format", "gif"],
    ["segment", "--no-such-flag", "a.jpg"],
    ["segment", "a.jpg", "--threshold", "2"],
    ["serve", "--listen", "nowhere"], ["serve", "--no-such-flag"],
    ["serve", "--store", "ftp://x"]])
def test_wrong_usage_is_exit_code_2(arguments):
    done = silhouette(*arguments)
    assert done.returncode == 2
    assert done.stderr


def test_help_and_version():
    done = silhouette("--help")
    assert done.returncode == 0
    assert b"segment" in done.stdout and b"serve" in done.stdout
    assert re.match(rb"silhouette \d+\.\d+\.\d+",
                    silhouette("--version").stdout)
    assert b"--listen" in silhouette("serve", "--help").stdout
    assert b"--format" in silhouette("segment", "--help").stdout


def test_check_shows_settings_and_tries_them(tmp_path):
    settings = tmp_path / "silhouette.conf"
    settings.write_text(f"store = dir:{tmp_path}\nlisten = 127.0.0.1:0\n")
    done = silhouette("check", "--config", settings, SILHOUETTE_QUEUE="7")
    shown = done.stdout.decode()
    assert done.returncode == 0, shown
    assert re.search(rf"store +file +dir:{tmp_path}", shown)
    assert re.search(r"queue +variable +7", shown)
    assert shown.count(" ok\n") == 6
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = silhouette("check", "--config", settings, "--store",
                          "s3://nowhere", "--s3-region", "us-east-1",
                          "--listen",
                          f"127.0.0.1:{taken.getsockname()[1]}")
    shown = done.stdout.decode()
    assert done.returncode == 1
    assert "credentials" in shown and "Address already in use" in shown
    assert silhouette("check", "--config", tmp_path / "none").returncode == 2


def test_every_setting_is_documented():
    shown = silhouette("serve", "--help").stdout.decode()
    table = (ROOT / "src/server/config.tbl").read_text()
    names = re.findall(r'"--([a-z0-9-]+)"|^SIL_\w+\((\w+),', table, re.M)
    flags = {(a or b).lower().replace("_", "-") for a, b in names}
    assert len(flags) >= 10
    for flag in flags:
        assert f"--{flag}" in shown


def test_a_changed_network_is_refused(picture, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(ROOT / "models", models)
    network = models / "person.onnx"
    content = bytearray(network.read_bytes())
    content[len(content) // 2] ^= 1
    network.write_bytes(bytes(content))
    done = silhouette("segment", picture, "--models", models)
    assert done.returncode == 3
    assert b"SHA-256" in done.stderr or b"sha256" in done.stderr


def test_best_misses_its_networks_at_the_start(tmp_path):
    models = tmp_path / "models"
    shutil.copytree(ROOT / "models", models,
                    ignore=shutil.ignore_patterns("people"))
    done = silhouette("serve", "--models", models, "--listen", "127.0.0.1:0")
    assert done.returncode == 1
    assert b"detector.json" in done.stderr


def test_models_are_found_beside_the_program(picture, tmp_path):
    done = subprocess.run([str(BINARY), "segment", str(picture)],
                          capture_output=True, timeout=60, cwd=tmp_path,
                          env=clean_environment())
    assert done.returncode == 0, done.stderr


def test_the_samples(tmp_path):
    done = silhouette("segment", SAMPLES / "astronaut.jpg", "--format",
                      "json")
    assert done.returncode == 0, done.stderr
    assert 0.2 < mask_of(json.loads(done.stdout)).mean() < 0.7
