"""Who may ask: keys that are read again at SIGHUP, and the warning where
nobody is asked for one. tests/flow/test_errors.py has the answers."""
import hashlib
import signal

import requests

import service


def digest(key):
    return hashlib.sha256(key.encode()).hexdigest()


def ask(server, key):
    return server.post("flat.jpg",
                       headers={"X-API-Key": key}).status_code


def reload_keys(server, event, count):
    server.process.send_signal(signal.SIGHUP)
    service.wait_until(lambda: len(server.log_lines(event)) == count, 10,
                       event)


def test_row_52_keys_are_rotated_without_a_restart(start, tmp_path):
    """The old key and the new one are valid at the same time, then the new
    one alone; a list that is broken changes nothing."""
    keys = tmp_path / "keys"
    keys.write_text(digest("old") + "\n")
    with start("--api-keys", str(keys)) as server:
        assert (ask(server, "old"), ask(server, "new")) == (200, 401)
        keys.write_text(f"{digest('old')}\n{digest('new')} # since today\n")
        assert ask(server, "new") == 401
        reload_keys(server, "api_keys_read", 1)
        assert server.log_lines("api_keys_read")[0]["count"] == 2
        assert (ask(server, "old"), ask(server, "new")) == (200, 200)
        keys.write_text(digest("new") + "\n")
        reload_keys(server, "api_keys_read", 2)
        assert (ask(server, "old"), ask(server, "new")) == (401, 200)
        keys.write_text("half a has")
        reload_keys(server, "api_keys_kept", 1)
        assert ask(server, "new") == 200
        assert "half" not in server.log()


def test_row_52_the_key_is_asked_for_before_the_rate(start, tmp_path):
    """Strangers at an address don't use up the rate of a key there."""
    keys = tmp_path / "keys"
    keys.write_text(digest("mine") + "\n")
    with start("--api-keys", str(keys), "--rate", "1", "--rate-burst",
               "2") as server:
        assert [ask(server, "guess") for _ in range(4)] == [401, 401, 429, 429]
        assert [ask(server, "mine") for _ in range(3)] == [200, 200, 429]


def test_beyond_this_machine_without_keys_is_told(start, tmp_path):
    with start() as server:
        assert not server.log_lines("open_to_strangers")
    port = service.free_port()
    everywhere = start()
    everywhere.command[3] = f"0.0.0.0:{port}"
    everywhere.port = port
    everywhere.url = f"http://127.0.0.1:{port}"
    with everywhere as server:
        [line] = server.log_lines("open_to_strangers")
        assert line["level"] == "warn"
        assert requests.get(server.url + "/healthz",
                            timeout=10).status_code == 200
