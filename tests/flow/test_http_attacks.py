"""Bytes that no well-behaved client sends, over raw sockets, to the real
service. Each case gets exactly one answer, or none, and a closed connection;
afterwards the service is as it was."""
import contextlib
import json
import pathlib
import re
import socket
import time

import pytest

from pictures import flat_jpeg
from service import IS_SANITIZED, ROUTE, wait_until

HOST = b"Host: localhost\r\n"
HEALTHZ = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
POST = b"POST " + ROUTE.encode() + b" HTTP/1.1\r\n" + HOST \
    + b"Content-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
BODY = b'{"imgSrc":"missing.jpg"}'
SHORT_MS = 400
PATIENCE_S = 5
BIG = (4000, 3000)                      # its answer has 24 MB
READERS = 24


@pytest.fixture(scope="module")
def server(folder, tmp_path_factory):
    """A service that loses patience soon."""
    from service import Service
    (folder / "big.jpg").write_bytes(flat_jpeg(*BIG))
    log = tmp_path_factory.mktemp("log") / "server.log"
    with Service(f"dir:{folder}", "--header-ms", str(SHORT_MS), "--body-ms",
                 str(SHORT_MS), "--stall-ms", str(2 * SHORT_MS), "--idle-ms",
                 "3000", "--connections", "64", "--deadline-ms", "60000",
                 log_path=log) as running:
        yield running


@contextlib.contextmanager
def connection(server, receive_bytes=None):
    with socket.socket() as client:
        client.settimeout(PATIENCE_S)
        if receive_bytes:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                              receive_bytes)
        client.connect(("127.0.0.1", server.port))
        yield client


def rest(client):
    """All bytes until the server closes; a reset is a failure."""
    heard = b""
    while True:
        piece = client.recv(65536)
        if not piece:
            return heard
        heard += piece


def say(server, *pieces, pause_s=0.0):
    """What the server answers to these bytes until it closes."""
    with connection(server) as client:
        for piece in pieces:
            client.sendall(piece)
            time.sleep(pause_s)
        return rest(client)


def statuses(heard):
    """The status of each answer in a stream of bytes."""
    return [int(status)
            for status in re.findall(rb"HTTP/1\.1 (\d{3}) [^\r]*\r\n", heard)]


def refused(heard, status, code):
    """Exactly one answer, of the contract's form."""
    assert statuses(heard) == [status], heard
    head, _, body = heard.partition(b"\r\n\r\n")
    assert b"\r\nConnection: close" in head
    answer = json.loads(body)
    assert answer["data"][0]["code"] == code
    assert answer["state"] == 0
    assert answer["errors"]


def is_well(server):
    """One good request is still answered."""
    with connection(server) as client:
        client.sendall(HEALTHZ)
        return statuses(client.recv(65536)) == [200]


MALFORMED = {
    # request line
    "no version": b"GET /healthz\r\n",
    "http/2.0": b"GET / HTTP/2.0\r\n" + HOST + b"\r\n",
    "two blanks": b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n",
    "absolute form": b"GET http://localhost/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "connect": b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "h2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    # lines
    "bare lf": HEALTHZ.replace(b"\r\n", b"\n"),
    "bare cr": b"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
    "nul": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n",
    "folded": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n",
    "blank before colon": b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\n" + HOST + b"X\r\n\r\n",
    # host
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    # lengths
    "length -1": POST + b"Content-Length: -1\r\n\r\n",
    "length +3": POST + b"Content-Length: +3\r\n\r\nabc",
    "length 0x3": POST + b"Content-Length: 0x3\r\n\r\nabc",
    "length list": POST + b"Content-Length: 3, 3\r\n\r\nabc",
    "two lengths": POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "length 2^64+3": POST + b"Content-Length: 18446744073709551619\r\n\r\nabc",
    # codings
    "length and chunked": POST + b"Content-Length: 5\r\n"
                          b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + b"Transfer-Encoding: chunked\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "xchunked": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "identity": POST + b"Transfer-Encoding: identity\r\n\r\n",
    "gzip, chunked": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    "folded chunked": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n",
    # chunks
    "chunk +3": CHUNKED + b"+3\r\nabc\r\n0\r\n\r\n",
    "chunk 0x3": CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n",
    "chunk overflow": CHUNKED + b"10000000000000003\r\nabc\r\n0\r\n\r\n",
    "chunk lf": CHUNKED + b"3\nabc\n0\n\n",
    "chunk extension lf": CHUNKED + b"3;a\nabc\r\n0\r\n\r\n",
    "chunk quote": CHUNKED + b'3;a="\r\nabc\r\n0\r\n\r\n',
    "chunk too long": CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_requests_get_one_answer(server, name):
    """Whole with requests behind it, and byte by byte: nothing that follows
    is ever taken for a request."""
    bytes_ = MALFORMED[name]
    refused(say(server, bytes_ + b"\r\n" + HEALTHZ + HEALTHZ), 400, "bad_json")
    pieces = [bytes_[at:at + 1] for at in range(len(bytes_))]
    with connection(server) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for piece in pieces:
                client.sendall(piece)
        refused(rest(client), 400, "bad_json")
    assert is_well(server)


def test_trace_has_no_route(server):
    with connection(server) as client:
        client.sendall(b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n")
        heard = client.recv(65536)
    assert statuses(heard) == [405]
    assert b"\r\nAllow: " in heard


@pytest.mark.parametrize("bytes_,status,code", [
    (b"GET /" + b"a" * 2048 + b" HTTP/1.1\r\n", 414, "uri_too_long"),
    (b"GET / HTTP/1.1\r\nX: " + b"a" * 16384, 431, "headers_too_large"),
    (b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 65, 431, "headers_too_large"),
])
def test_heads_above_their_limits(server, bytes_, status, code):
    refused(say(server, bytes_ + b"\r\n\r\n" + HEALTHZ), status, code)


@pytest.mark.parametrize("head", [
    b"Content-Length: 16385\r\n\r\n",
    b"Content-Length: 9223372036854775807\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n4001\r\n"])
def test_large_bodies_are_not_read(server, head):
    """The answer is there although the client goes on sending."""
    refused(say(server, POST + head, b"x" * 5_000_000), 413,
            "request_too_large")


def test_chunks_have_a_limit(server):
    """More bytes of framing than of body: refused, not collected."""
    refused(say(server, CHUNKED + b"0" * 1_100_000), 400, "bad_json")


def test_slow_heads_and_bodies_are_cut_in_total_time(server):
    """A byte now and then does not buy time."""
    for head in (b"GET /healthz HTTP/1.1\r\nX: ",
                 POST + b"Content-Length: 999\r\n\r\n"):
        start = time.monotonic()
        with connection(server) as client:
            client.sendall(head)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                while time.monotonic() - start < SHORT_MS / 1000 - 0.1:
                    client.sendall(b"a")
                    time.sleep(0.05)
            refused(rest(client), 408, "request_timeout")
        assert time.monotonic() - start < 2


def test_silence_gets_no_answer(server):
    with connection(server) as client:
        assert rest(client) == b""


def test_pipelined_requests_are_answered_in_order(server):
    head = POST + b"Content-Length: %d\r\n\r\n" % len(BODY)
    heard = say(server, HEALTHZ + head + BODY + HEALTHZ + head + BODY
                + b"GET /nothing HTTP/1.1\r\n" + HOST
                + b"Connection: close\r\n\r\n" + HEALTHZ)
    assert statuses(heard) == [200, 404, 200, 404, 404]


def test_continue_is_said_only_to_bodies_that_are_taken(server):
    expect = POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    with connection(server) as client:
        client.sendall(expect % len(BODY))
        assert statuses(client.recv(65536)) == [100]
        client.sendall(BODY)
        assert statuses(client.recv(65536)) == [404]
    refused(say(server, expect % 999999), 413, "request_too_large")
    heard = say(server, expect.replace(b"application/json", b"text/plain")
                % len(BODY))
    assert statuses(heard) == [415]


def test_http10_is_answered_and_closed(server):
    heard = say(server, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert statuses(heard) == [200]
    assert b"\r\nConnection: close" in heard


def test_more_connections_than_the_limit_wait_or_replace_idle_ones(server):
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connection(server))
                   for _ in range(100)]
        assert is_well(server)
        clients[-1].sendall(HEALTHZ)
        assert statuses(clients[-1].recv(65536)) == [200]
    assert is_well(server)


def resident_kb(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1))


def test_slow_readers_of_large_answers_cost_little(server):
    """Each answer has 24 MB; none of it is held, and who takes nothing is
    cut off."""
    request = json.dumps({"imgSrc": "big.jpg"}).encode()
    message = POST + b"Content-Length: %d\r\n\r\n" % len(request) + request
    assert server.post("big.jpg").status_code == 200    # all is warm
    before_kb = resident_kb(server)
    peak_kb = before_kb
    with contextlib.ExitStack() as stack:
        for _ in range(READERS):
            client = stack.enter_context(connection(server, 4096))
            client.sendall(message)

        def all_cut():
            nonlocal peak_kb
            peak_kb = max(peak_kb, resident_kb(server))
            return server.metric("silhouette_slow_client_closed_total",
                                 phase="write") >= READERS
        wait_until(all_cut, 60, "all slow readers are cut off")
    assert IS_SANITIZED or peak_kb - before_kb < READERS * 24_000 // 8
    assert is_well(server)


def test_clients_that_leave_are_forgotten(server):
    """A hundred clients go while their requests run."""
    request = json.dumps({"imgSrc": "person.jpg"}).encode()
    message = POST + b"Content-Length: %d\r\n\r\n" % len(request) + request
    for _ in range(100):
        with connection(server) as client:
            client.sendall(message)
    wait_until(lambda: server.metric("silhouette_requests_in_progress") <= 1,
               30, "nothing is in progress")
    assert server.post("person.jpg").status_code == 200
