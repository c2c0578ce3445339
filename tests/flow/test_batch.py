"""`silhouette batch`: folders and buckets, going on, failing, stopping."""
import hashlib
import json
import os
import re
import resource
import signal
import subprocess
import time

import pytest

from pictures import encoded, mask_of_png, person_picture
from service import (BINARY, BUCKET, IS_SANITIZED, ROOT, clean_environment,
                     wait_until)
from stub import Handler, Stub

PATIENCE_S = 300 if IS_SANITIZED else 60


def batch(*words, cwd, given=None, environment=None, **options):
    return subprocess.run(
        [str(BINARY), "batch", *map(str, words), "--models",
         str(ROOT / "models"), *(() if "--jobs" in words else ("--jobs", "1"))],
        input=given, capture_output=True, timeout=PATIENCE_S, cwd=cwd,
        env=clean_environment(**(environment or {})), **options)


def events(done, kind=None):
    """The parsed lines of --json."""
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [line for line in lines if kind in (None, line["event"])]


def failures(folder, name="silhouette-failures.jsonl"):
    path = folder / name
    if not path.exists():
        return {}
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        assert list(line) == ["key", "code", "stage", "reason"]
        assert line["reason"]
    return {line["key"]: line["code"] for line in lines}


def files_of(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")
            if path.is_file()}


@pytest.fixture(scope="module")
def picture():
    return encoded(person_picture(80, 100), "JPEG")


@pytest.fixture
def corpus(tmp_path, picture):
    """A folder of six pictures, at several depths, and what is none."""
    root = tmp_path / "corpus"
    for name in ("a.jpg", "a.png", "b c+#%.JPG", "deep/er/a.jpg",
                 "사진/얼굴.jpeg", "z.jpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(
            encoded(person_picture(80, 100), "PNG")
            if name.endswith("png") else picture)
    (root / "notes.txt").write_text("no picture")
    (root / ".silhouette-0123456789abcdef").write_bytes(b"half")
    return root


EXPECTED = {"a.jpg.png", "a.png.png", "b c+#%.JPG.png", "deep/er/a.jpg.png",
            "사진/얼굴.jpeg.png", "z.jpg.png"}


def test_folder_to_folder(corpus, tmp_path):
    done = batch(corpus, tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert files_of(tmp_path / "out") == EXPECTED
    assert b"6 done, 0 failed, 0 skipped" in done.stderr
    assert done.stdout == b""
    mask = mask_of_png((tmp_path / "out/deep/er/a.jpg.png").read_bytes())
    assert mask.shape == (100, 80) and 0.05 < mask.mean() < 0.95
    assert not (tmp_path / "silhouette-failures.jsonl").exists()


def test_second_run_goes_on(corpus, tmp_path):
    out = tmp_path / "out"
    assert batch(corpus, out, cwd=tmp_path).returncode == 0
    (out / "z.jpg.png").unlink()
    before = (out / "a.jpg.png").stat().st_mtime_ns
    done = batch(corpus, out, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [line["key"] for line in events(done, "done")] == ["z.jpg"]
    assert len(events(done, "skipped")) == 5
    assert (out / "a.jpg.png").stat().st_mtime_ns == before
    done = batch(corpus, out, "--overwrite", "--json", cwd=tmp_path)
    assert len(events(done, "done")) == 6
    assert (out / "a.jpg.png").stat().st_mtime_ns > before


def test_forms(corpus, tmp_path):
    done = batch(corpus, tmp_path / "out", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads((tmp_path / "out/a.png.json").read_text())
    assert answer["state"] == 1 and len(answer["data"]) == 100


@pytest.mark.parametrize("words, name, begins", [
    (["--form", "boxes", "--format", "json"], "a.jpg.json", b'{"state":1'),
    (["--form", "alpha"], "a.jpg.png", b"\x89PNG"),
    (["--form=cutout"], "a.jpg.png", b"\x89PNG"),
    (["--people", "each", "--format", "rle"], "a.jpg.rle.json", b"["),
])
def test_all_forms_of_results(corpus, tmp_path, words, name, begins):
    done = batch(corpus, tmp_path / "out", "--list", "-", *words,
                 cwd=tmp_path, given=b"a.jpg\n")
    assert done.returncode == 0, done.stderr
    assert files_of(tmp_path / "out") == {name}
    assert (tmp_path / "out" / name).read_bytes().startswith(begins)


def test_json_events(corpus, tmp_path):
    (corpus / "bad.jpg").write_bytes(b"no picture at all")
    done = batch(corpus, tmp_path / "out", "--json", cwd=tmp_path)
    assert done.returncode == 1
    ended = events(done, "done")
    assert {line["output"] for line in ended} == EXPECTED
    assert all(line["width"] == 80 and line["height"] == 100
               and line["persons"] == 1 and line["bytes"] > 0
               and 0 < line["area"] < 1 for line in ended)
    assert all(0 < line["fetch_ms"] < line["ms"] and line["put_ms"] > 0
               and 0 < line["compute_ms"] < line["ms"] for line in ended)
    (bad,) = events(done, "failed")
    assert (bad["key"], bad["code"]) == ("bad.jpg", "unsupported_format")
    (end,) = events(done, "end")
    assert (end["done"], end["failed"], end["exit"]) == (6, 1, 1)
    assert 0 < end["open_s"] < end["elapsed_s"]


def test_failures_are_listed_and_tried_again(corpus, tmp_path):
    broken = {"cut.jpg": encoded(person_picture(), "JPEG")[:1000],
              "text.png": b"text"}
    for name, content in broken.items():
        (corpus / name).write_bytes(content)
    (corpus / "link.jpg").symlink_to(corpus / "a.jpg")
    done = batch(corpus, tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 1
    assert failures(tmp_path) == {"cut.jpg": "image_corrupt",
                                  "text.png": "unsupported_format",
                                  "link.jpg": "image_not_found"}
    assert files_of(tmp_path / "out") == EXPECTED
    assert b'"cut.jpg": image_corrupt: ' in done.stderr
    for name in (*broken, "link.jpg"):
        (corpus / name).unlink()
        (corpus / name).write_bytes((corpus / "a.jpg").read_bytes())
    done = batch(corpus, tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert failures(tmp_path) == {}


def test_list_from_standard_input(corpus, tmp_path):
    keys = ["a.jpg", "", "deep/er/a.jpg\r", "missing.jpg", "../out.jpg",
            "k" * 5000, "nul\0.jpg", "\x1b[2Jx"]
    done = batch(corpus, tmp_path / "out", "--list", "-", cwd=tmp_path,
                 given="\n".join(keys).encode())
    assert done.returncode == 1
    assert files_of(tmp_path / "out") == {"a.jpg.png", "deep/er/a.jpg.png"}
    assert sorted(failures(tmp_path).values()) == (
        ["bad_img_src"] * 4 + ["image_not_found"])
    assert b"\x1b" not in done.stderr


def test_list_without_a_source_names_files(corpus, tmp_path):
    (tmp_path / "list").write_text("corpus/a.jpg\ncorpus/z.jpg")
    done = batch("out", "--list", "list", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert files_of(tmp_path / "out") == {"corpus/a.jpg.png",
                                          "corpus/z.jpg.png"}


def test_results_inside_of_the_source_are_no_pictures(corpus, tmp_path):
    for _ in range(2):
        done = batch(corpus, corpus / "masks", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert files_of(corpus / "masks") == EXPECTED
    (tmp_path / "same").symlink_to(corpus)
    done = batch(corpus, tmp_path / "same", cwd=tmp_path)
    assert done.returncode == 2 and b"their own" in done.stderr


def test_shards_are_all_of_it_and_nothing_twice(corpus, tmp_path):
    for index in range(3):
        done = batch(corpus, tmp_path / "out", "--shard", f"{index}/3",
                     "--json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert events(done, "skipped") == []
        for line in events(done, "done"):       # as documented
            digest = hashlib.sha256(line["key"].encode()).digest()
            assert int.from_bytes(digest[:8], "big") % 3 == index
    assert files_of(tmp_path / "out") == EXPECTED


@pytest.mark.parametrize("words, said", [
    ([], b"SOURCE DEST"),
    (["a"], b"SOURCE DEST"),
    (["a", "b", "c"], b"too many"),
    ([".", "out", "--form", "cutout", "--format", "json"], b"as json"),
    (["nowhere", "out"], b"can't be opened"),
    ([".", "no/such/place"], b"can't be made"),
    ([".", "out", "--shard", "3/3"], b"0 <= I < N"),
    ([".", "out", "--shard", "auto"], b"Slurm"),
    ([".", "out", "--jobs", "0"], b"--jobs"),
    ([".", "out", "--max-failures", "-1"], b"--max-failures"),
    ([".", "out", "--format", "gif"], b"--format"),
    ([".", "out", "--threshold", "2"], b"--threshold"),
    ([".", "out", "--quality", "worst"], b"--quality"),
    ([".", "out", "--list", "none"], b"none"),
    ([".", "out", "--nonsense", "1"], b"no flag"),
    ([".", "out", "--failures"], b"needs a value"),
    ([".", "s3://Bad_/../x"], b""),
])
def test_wrong_words(tmp_path, words, said):
    done = subprocess.run(
        [str(BINARY), "batch", *words], cwd=tmp_path, capture_output=True,
        timeout=PATIENCE_S,
        env=clean_environment(SILHOUETTE_MODELS=str(ROOT / "models")))
    assert done.returncode == 2, done.stderr
    assert said in done.stderr and done.stdout == b""


def test_help(tmp_path):
    done = batch("--help", cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == b""
    for word in (b"--shard", b"--list", b"--max-failures", b"Exit code"):
        assert word in done.stdout


def test_max_failures(corpus, tmp_path):
    keys = "\n".join(f"missing-{i}.jpg" for i in range(2000)) + "\na.jpg\n"
    done = batch(corpus, tmp_path / "out", "--list", "-", "--max-failures",
                 "5", "--jobs", "1", cwd=tmp_path, given=keys.encode())
    assert done.returncode == 1
    assert b"ended after" in done.stderr
    assert 5 <= len(failures(tmp_path)) < 1000


def test_broken_model(corpus, tmp_path):
    (tmp_path / "models").mkdir()
    done = batch(corpus, tmp_path / "out", "--models", tmp_path / "models",
                 cwd=tmp_path)       # the first --models of two: the last wins
    assert done.returncode == 0
    done = subprocess.run(
        [str(BINARY), "batch", str(corpus), str(tmp_path / "out"),
         "--models", str(tmp_path / "models")], capture_output=True,
        timeout=PATIENCE_S, cwd=tmp_path, env=clean_environment())
    assert done.returncode == 3


# --- stopping ---------------------------------------------------------------

def many(tmp_path, picture, count):
    root = tmp_path / "many"
    root.mkdir()
    for index in range(count):
        (root / f"{index:04}.jpg").write_bytes(picture)
    return root


def begin(source, out, cwd, *words):
    """A run that is looked at while it runs."""
    return subprocess.Popen(
        [str(BINARY), "batch", str(source), str(out), "--json", "--jobs", "1",
         "--models", str(ROOT / "models"), *words], cwd=cwd,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=clean_environment())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_finishes_what_is_under_way(tmp_path, picture, number):
    root = many(tmp_path, picture, 400)
    out = tmp_path / "out"
    process = begin(root, out, tmp_path)
    wait_until(lambda: out.exists() and len(files_of(out)) > 3, PATIENCE_S,
               "results")
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 4, stderr
    lines = [json.loads(line) for line in stdout.splitlines()]
    done = {line["output"] for line in lines if line["event"] == "done"}
    assert files_of(out) == done and 3 < len(done) < 400
    assert lines[-1]["exit"] == 4
    # And on from there.
    rest = batch(root, out, "--json", cwd=tmp_path)
    assert rest.returncode == 0
    assert len(events(rest, "skipped")) == len(done)
    assert len(files_of(out)) == 400


def test_second_signal_ends_at_once(tmp_path, picture):
    hang = Stub({"0.jpg": lambda handler: time.sleep(600)})
    with hang as stub:
        process = subprocess.Popen(
            [str(BINARY), "batch", f"s3://{BUCKET}", str(tmp_path / "out"),
             "--list", "-", "--models", str(ROOT / "models")], cwd=tmp_path,
            stdin=subprocess.PIPE, stderr=subprocess.PIPE,
            env=clean_environment(**stub.environment()))
        process.stdin.write(b"0.jpg\n")
        process.stdin.close()
        wait_until(lambda: stub.count("0.jpg") == 1, PATIENCE_S,
                   "the fetch")
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 4
        assert b"once more" in process.stderr.read()


def test_killed_run_is_gone_on_with(tmp_path, picture):
    root = many(tmp_path, picture, 100)
    out = tmp_path / "out"
    process = begin(root, out, tmp_path)
    wait_until(lambda: out.exists() and len(files_of(out)) > 3, PATIENCE_S,
               "results")
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    for name in files_of(out):      # none of them is half
        if not name.startswith(".silhouette-"):
            assert mask_of_png((out / name).read_bytes()).shape == (100, 80)
    assert batch(root, out, cwd=tmp_path).returncode == 0
    assert len({name for name in files_of(out)
                if not name.startswith(".silhouette-")}) == 100


# --- disks ------------------------------------------------------------------

def test_full_disk_ends_the_run(tmp_path, picture):
    """A limit on the size of files stands for a disk that is full."""
    root = many(tmp_path, picture, 60)

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    done = batch(root, tmp_path / "out", "--sandbox", "off", cwd=tmp_path,
                 preexec_fn=limit)
    assert done.returncode == 3
    assert b"a result can't be written" in done.stderr
    assert files_of(tmp_path / "out") == set()


def test_destination_that_is_gone(tmp_path, picture):
    root = many(tmp_path, picture, 3)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/0001.jpg.png").mkdir()     # something is in the way
    done = batch(root, tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert failures(tmp_path) == {"0001.jpg": "bad_img_src"}


# --- buckets ----------------------------------------------------------------

def test_bucket_to_bucket(s3, picture, tmp_path):
    source = s3.folder / BUCKET / "batch"
    names = [f"{index:04}.jpg" for index in range(1010)]
    source.mkdir()
    (source / "odd").mkdir()
    odd = ["odd/a b.jpg", "odd/a+b&c<d>'\".jpg", "odd/사진.jpg", "odd/a%20.jpg"]
    for name in odd:
        (source / name).write_bytes(picture)
    for name in names[:3]:
        (source / name).write_bytes(picture)
    words = (f"s3://{BUCKET}/batch", f"s3://{BUCKET}/masks/of/all")
    done = batch(*words, "--json", cwd=tmp_path, environment=s3.environment())
    assert done.returncode == 0, done.stdout
    out = s3.folder / BUCKET / "masks/of/all"
    wanted = {name + ".png" for name in odd + names[:3]}
    assert files_of(out) == wanted
    for name in wanted:
        assert mask_of_png((out / name).read_bytes()).shape == (100, 80)
    done = batch(*words, "--json", cwd=tmp_path, environment=s3.environment())
    assert len(events(done, "skipped")) == 7


def test_pages(s3, picture, tmp_path):
    """More keys than a page of a list holds; the store is asked for two."""
    source = s3.folder / BUCKET / "pages"
    source.mkdir()
    for index in range(1010):
        (source / f"{index:04}.txt").write_bytes(b"x")
    (source / "0000.jpg").write_bytes(picture)
    (source / "9999.jpg").write_bytes(picture)
    done = batch(f"s3://{BUCKET}/pages", tmp_path / "out", cwd=tmp_path,
                 environment=s3.environment())
    assert done.returncode == 0, done.stderr
    assert files_of(tmp_path / "out") == {"0000.jpg.png", "9999.jpg.png"}


def test_bucket_refuses(s3, corpus, tmp_path):
    environment = s3.environment(secret="wrong")
    done = batch(f"s3://{BUCKET}/batch", tmp_path / "out", cwd=tmp_path,
                 environment=environment)
    assert done.returncode == 3
    assert b"credentials" in done.stderr
    done = batch(corpus, f"s3://{BUCKET}/out", cwd=tmp_path,
                 environment=environment)
    assert done.returncode == 3
    done = batch(corpus, "s3://no-such-bucket/out", cwd=tmp_path,
                 environment=s3.environment())
    assert done.returncode == 3, done.stderr
    assert b"no such bucket" in done.stderr


class Taker(Handler):
    """A store that also takes results."""

    def do_PUT(self):
        size = int(self.headers["Content-Length"])
        self.server.put.append((self.path, dict(self.headers),
                                self.rfile.read(size)))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.answer(status)

    def do_HEAD(self):
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()


class TakingStub(Stub):
    def __init__(self, *statuses):
        super().__init__({})
        self.server.RequestHandlerClass = Taker
        self.server.put = []
        self.server.statuses = list(statuses)


def test_put_is_signed_whole_and_tried_again(corpus, tmp_path):
    with TakingStub(503, 500) as stub:
        done = batch(corpus, "s3://results/x", "--list", "-", cwd=tmp_path,
                     given=b"a.jpg\n", environment=stub.environment())
        put = stub.server.put
    assert done.returncode == 0, done.stderr
    assert len(put) == 3
    path, headers, body = put[-1]
    assert path == "/results/x/a.jpg.png"
    assert headers["Content-Type"] == "image/png"
    assert headers["x-amz-content-sha256"] == hashlib.sha256(body).hexdigest()
    assert "x-amz-content-sha256" in headers["Authorization"]
    assert headers["x-amz-security-token"] == "test-token"
    assert mask_of_png(body).shape == (100, 80)


def test_store_that_fails_for_long_costs_one_picture(corpus, tmp_path):
    with TakingStub(*[503] * 6) as stub:
        done = batch(corpus, "s3://results/x", "--list", "-", "--jobs", "1",
                     cwd=tmp_path, given=b"a.jpg\nz.jpg\n",
                     environment=stub.environment())
        count = len(stub.server.put)
    assert done.returncode in (0, 1), done.stderr
    assert len(failures(tmp_path)) <= 1 and count >= 7


def test_store_that_denies_ends_the_run(corpus, tmp_path):
    with TakingStub(*[403] * 50) as stub:
        done = batch(corpus, "s3://results/x", cwd=tmp_path,
                     environment=stub.environment())
    assert done.returncode == 3
    assert b"denies writing" in done.stderr


def list_page(keys, token=None):
    items = "".join(f"<Contents><Key>{key}</Key><Size>1</Size></Contents>"
                    for key in keys)
    more = (f"<IsTruncated>true</IsTruncated>"
            f"<NextContinuationToken>{token}</NextContinuationToken>"
            if token else "<IsTruncated>false</IsTruncated>")
    return ('<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns='
            '"http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>'
            f"{more}{items}</ListBucketResult>").encode()


@pytest.mark.parametrize("pages, said", [
    ([list_page(["1.jpg"], "t")], b"same part"),        # for ever
    ([b"<html>welcome</html>"], b"can't be read"),
    ([list_page(["1.jpg"])[:-30]], b"can't be read"),
    ([b'<!DOCTYPE x [<!ENTITY a "b">]>' + list_page([])], b"can't be read"),
    ([list_page(["1.jpg"]).replace(b"<IsTruncated>false",
                                   b"<IsTruncated>true")], b"can't be read"),
])
def test_list_that_makes_no_sense(tmp_path, picture, pages, said):
    def answer(handler):
        handler.answer(200, pages[0])
    with Stub({"b": answer, "1.jpg": lambda h: h.answer(200, picture)}) as stub:
        done = batch("s3://b", tmp_path / "out", cwd=tmp_path,
                     environment=stub.environment())
    assert done.returncode == 3, done.stderr
    assert said in done.stderr


def test_store_that_is_gone_ends_the_run(tmp_path):
    with Stub({}) as stub:
        environment = stub.environment()
    keys = "\n".join(f"{index}.jpg" for index in range(3000))
    done = batch("s3://b", tmp_path / "out", "--list", "-", cwd=tmp_path,
                 given=keys.encode(), environment=environment)
    assert done.returncode == 3
    assert b"can't be reached" in done.stderr
    assert len(failures(tmp_path)) < 1000


# --- memory -----------------------------------------------------------------

@pytest.mark.skipif(IS_SANITIZED, reason="sanitizers hold memory back")
def test_memory_does_not_grow_with_the_number_of_keys(tmp_path, picture):
    """100,000 keys of a list that are all done already, against 1,000."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.jpg.png").write_bytes(b"done")
    peaks = []
    for count in (1000, 100000):
        process = subprocess.Popen(
            [str(BINARY), "batch", str(tmp_path), str(out), "--list", "-",
             "--models", str(ROOT / "models")], stdin=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=tmp_path, env=clean_environment())
        process.stdin.write(b"a.jpg\n" * count)
        process.stdin.close()
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0, said
        assert b"%d skipped" % count in said
        peaks.append(usage.ru_maxrss)
    assert peaks[1] < peaks[0] * 1.1 + 4096


# --- a terminal -------------------------------------------------------------

def test_bar_on_a_terminal(corpus, tmp_path):
    import pty
    primary, secondary = pty.openpty()
    process = subprocess.Popen(
        [str(BINARY), "batch", str(corpus), str(tmp_path / "out"), "--models",
         str(ROOT / "models")], stderr=secondary, stdout=subprocess.DEVNULL,
        cwd=tmp_path, env=clean_environment())
    os.close(secondary)
    said = b""
    try:
        while True:
            piece = os.read(primary, 4096)
            if not piece:
                break
            said += piece
    except OSError:     # its other end was closed
        pass
    os.close(primary)
    assert process.wait(PATIENCE_S) == 0
    assert b"\r\x1b[K" in said
    assert re.search(rb"\[[=> ]{20}\] +\d+ %  \d+ done, 0 failed of 6", said)
    assert b"6 done, 0 failed, 0 skipped in 0:00:" in said
