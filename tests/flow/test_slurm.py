"""`silhouette batch --shard auto` as a Slurm array, really run: one task is
killed and requeued, and all of it is done once."""
import hashlib
import json
import os
import pathlib
import shutil
import signal

import pytest

import slurm
from pictures import encoded, mask_of_png, person_picture
from service import BINARY, IS_SANITIZED, ROOT, wait_until

TASKS, PICTURES, VICTIM = 8, 200, 3
PATIENCE_S = 300 if IS_SANITIZED else 100

pytestmark = pytest.mark.skipif(slurm.missing() != "", reason=slurm.missing())


def part_of(key):
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:8], "big") % TASKS


def process_of(job):
    """Our own program of a Slurm job, found by its environment."""
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if os.readlink(entry / "exe") == str(BINARY.resolve()) and \
                    f"SLURM_JOB_ID={job}\0" in \
                    (entry / "environ").read_text(errors="replace"):
                parent = (entry / "stat").read_text().rsplit(")")[1].split()[1]
                if os.readlink(f"/proc/{parent}/exe") != str(BINARY.resolve()):
                    return int(entry.name)
        except (OSError, IndexError):
            pass        # not a process, or gone meanwhile
    return None


@pytest.fixture
def corpus(tmp_path):
    picture = encoded(person_picture(60, 80), "JPEG")
    root = tmp_path / "corpus"
    root.mkdir()
    for index in range(PICTURES):
        (root / f"{index:03}.jpg").write_bytes(picture)
    return root


def events(folder, task):
    """The lines that a task has logged, in all its lives."""
    lines = []
    for path in folder.glob(f"silhouette-*-{task}.log"):
        for line in path.read_text().splitlines():
            if line.startswith("{"):
                lines.append(json.loads(line))
    return lines


def test_array_with_a_killed_task(tmp_path, corpus):
    out = tmp_path / "out"
    out.mkdir()
    keys = [path.name for path in corpus.iterdir()]
    victims = {key for key in keys if part_of(key) == VICTIM}
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/silhouette").symlink_to(BINARY.resolve())
    shutil.copy(ROOT / "deploy/slurm/silhouette.sbatch", tmp_path)
    (tmp_path / "slurm").mkdir()
    with slurm.Slurm(tmp_path / "slurm") as running:
        number = running.run(
            "sbatch", "--parsable", f"--array=0-{TASKS - 1}",
            "--cpus-per-task=1", "--mem-per-cpu=100", "--chdir", str(tmp_path),
            "silhouette.sbatch", SOURCE=str(corpus), DEST=str(out),
            BATCH_FLAGS="--json --models " + str(ROOT / "models"),
            PATH=f"{tmp_path}/bin:{running.environment['PATH']}")
        assert number.isdigit()

        def results():
            return {path.name[:-len(".png")] for path in out.iterdir()
                    if not path.name.startswith(".")}

        wait_until(lambda: results() & victims, PATIENCE_S, "a first result")
        job = running.jobs()[VICTIM]["JobId"]
        process = process_of(job)
        assert process is not None, running.logs()
        os.kill(process, signal.SIGKILL)
        wait_until(lambda: running.jobs()[VICTIM]["JobState"] == "FAILED",
                   PATIENCE_S, "the death of the task")
        first = results() & victims
        assert 0 < len(first) < len(victims)
        running.run("scontrol", "requeue", job)
        wait_until(lambda: all(words["JobState"] == "COMPLETED"
                               for words in running.jobs().values()),
                   PATIENCE_S, "the end of all tasks")
        assert len(running.jobs()) == TASKS
        assert int(running.jobs()[VICTIM]["Restarts"]) == 1
    assert results() == set(keys)
    for key in keys:
        assert mask_of_png((out / (key + ".png")).read_bytes()).shape == (80,
                                                                          60)
    done = [line["key"] for task in range(TASKS)
            for line in events(tmp_path, task) if line["event"] == "done"]
    # What the killed task had put away but not yet said is not said at all.
    assert len(done) == len(set(done))
    assert set(keys) - set(done) <= first
    for task in range(TASKS):
        assert all(part_of(line["key"]) == task
                   for line in events(tmp_path, task) if "key" in line)
    skipped = {line["key"] for line in events(tmp_path, VICTIM)
               if line["event"] == "skipped"}
    assert skipped == first
