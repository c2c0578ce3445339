"""Decoders in processes of their own: what is lost when one is lost, and what
they can reach. tests/unit/sandbox tries to break out of one."""
import os
import pathlib
import signal
import threading

import pytest

import service

TRIES = 20
pytestmark = pytest.mark.filterwarnings("error")


def status_of(pid):
    """The lines of /proc/PID/status as a dict; empty if it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return {}
    return dict(line.split(":\t", 1) for line in text.splitlines()
                if ":\t" in line)


def children_of(pid):
    return [int(path.name) for path in pathlib.Path("/proc").iterdir()
            if path.name.isdigit()
            and status_of(path.name).get("PPid") == str(pid)
            and not status_of(path.name)["State"].startswith("Z")]


def forker_of(server):
    [forker] = children_of(server.process.pid)
    return forker


def decoder_of(server):
    [decoder] = children_of(forker_of(server))
    return decoder


def post_aside(server, answers):
    """A request in a thread of its own; its answer joins the list."""
    thread = threading.Thread(
        target=lambda: answers.append(server.post("person.jpg")))
    thread.start()
    return thread


def test_a_decoder_has_nothing_to_reach(start):
    secret = {"AWS_SECRET_ACCESS_KEY": "secret-of-the-test"}
    with start(environment=secret) as server:
        pid = decoder_of(server)
        status = status_of(pid)
        assert status["Seccomp"].strip() == "2"
        assert status["NoNewPrivs"].strip() == "1"
        if os.geteuid() == 0:       # nobody else may look
            files = sorted(map(int, os.listdir(f"/proc/{pid}/fd")))
            assert files == [0, 1, 2, 3]
            assert os.readlink(f"/proc/{pid}/fd/3").startswith("socket:")
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        assert "Max open files            0 " in limits
        assert "Max file size             0 " in limits
        for process in (pid, forker_of(server)):
            environment = pathlib.Path(f"/proc/{process}/environ")
            assert (os.geteuid() != 0
                    or b"secret-of-the-test" not in environment.read_bytes())


def test_the_service_itself_runs_no_program(start):
    with start() as server:
        status = status_of(server.process.pid)
        assert service.IS_SANITIZED or status["Seccomp"].strip() == "2"
        assert not server.log_lines("not_hardened")


def test_a_decoder_that_dies_while_idle_costs_nothing(start):
    with start() as server:
        before = server.post("person.jpg").content
        os.kill(decoder_of(server), signal.SIGSEGV)
        assert server.post("person.jpg").content == before
        assert len(server.log_lines("decoder_lost")) == 1
        assert server.metric("silhouette_decoders_lost_total") == 1


def test_a_decoder_that_dies_costs_its_picture(start):
    """It is held while it has the picture, then killed. Whether it has it yet
    can't be seen from outside: so until it had."""
    with start() as server:
        for _ in range(TRIES):
            answers = []
            pid = decoder_of(server)
            os.kill(pid, signal.SIGSTOP)
            thread = post_aside(server, answers)
            thread.join(0.2)
            os.kill(pid, signal.SIGKILL)
            thread.join()
            if answers[0].status_code != 200:
                break
        service.failure(answers[0], 422, "image_corrupt", 0,
                        "image load error")
        assert server.post("person.jpg").status_code == 200


def test_a_decoder_that_hangs_is_ended_at_the_deadline(start):
    with start("--deadline-ms", "1000") as server:
        os.kill(decoder_of(server), signal.SIGSTOP)
        service.failure(server.post("person.jpg"), 504, "deadline_exceeded",
                        -1, "processing timed out")
        service.wait_until(
            lambda: server.post("person.jpg").status_code == 200, 10,
            "another decoder")


def test_without_a_decoder_it_is_internal(start):
    """The process that forks them is gone: so are they, and none comes."""
    with start() as server:
        decoder = decoder_of(server)
        os.kill(forker_of(server), signal.SIGKILL)
        service.wait_until(lambda: not status_of(decoder), 10, "it is gone")
        service.failure(server.post("person.jpg"), 500, "internal", -1,
                        "processing failed")
        assert server.answers("/healthz")


def test_it_can_be_switched_off(start, tmp_path):
    with start() as server:
        behind_walls = server.post("person.jpg").content
    with start("--sandbox", "off") as server:
        assert children_of(server.process.pid) == []
        assert server.post("person.jpg").content == behind_walls


def test_nothing_is_left_after_the_end(start):
    """Also when the signal goes to all of them, as from a terminal."""
    with start() as server:
        everybody = [forker_of(server), decoder_of(server)]
        for pid in everybody:
            os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGINT)
        assert server.post("person.jpg").status_code == 200
    service.wait_until(lambda: not any(map(status_of, everybody)), 10,
                       "its processes are gone")
    assert not server.log_lines("decoder_lost")
