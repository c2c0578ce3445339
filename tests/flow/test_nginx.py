"""nginx in front, with the configuration that is shipped: only its addresses,
paths and the limits by address are replaced, as a user would. Registered where
nginx is installed."""
import re
import shutil
import socket
import ssl
import subprocess

import pytest
import requests

import service
from pictures import mask_of

CONFIG = service.ROOT / "deploy/nginx/silhouette.conf"
HOST = b"Host: silhouette.example.org\r\n"
POST = b"POST " + service.ROUTE.encode() + b" HTTP/1.1\r\n" + HOST \
    + b"Content-Type: application/json\r\n"
BODY = b'{"imgSrc":"flat.jpg"}'
NEXT = (b"GET /smuggled HTTP/1.1\r\nHost: silhouette.example.org\r\n\r\n")


class Nginx:
    def __init__(self, folder, backend, **replaced):
        self.folder = folder
        self.port = service.free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        text = CONFIG.read_text()
        for before, after in {
                "127.0.0.1:8080": f"127.0.0.1:{backend}",
                "listen 443": f"listen 127.0.0.1:{self.port}",
                "/etc/silhouette/tls": str(folder), **replaced}.items():
            assert before in text, before
            text = text.replace(before, after)
        (folder / "site.conf").write_text(text)
        (folder / "nginx.conf").write_text(f"""
            daemon off; master_process off; pid {folder}/pid;
            error_log {folder}/error.log;
            events {{ worker_connections 256; }}
            http {{
                access_log {folder}/access.log;
                client_body_temp_path {folder}/body;
                proxy_temp_path {folder}/proxy;
                fastcgi_temp_path {folder}/fastcgi;
                uwsgi_temp_path {folder}/uwsgi;
                scgi_temp_path {folder}/scgi;
                include {folder}/site.conf;
            }}""")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=silhouette.example.org", "-addext",
             "subjectAltName=DNS:silhouette.example.org,IP:127.0.0.1",
             "-keyout", folder / "key.pem", "-out", folder / "chain.pem"],
            check=True, capture_output=True)

    def __enter__(self):
        self.process = subprocess.Popen(
            [shutil.which("nginx") or "/usr/sbin/nginx", "-e",
             self.folder / "error.log", "-c", self.folder / "nginx.conf"],
            stdin=subprocess.DEVNULL)
        service.wait_until(self.listens, 10, "nginx listens")
        return self

    def listens(self):
        assert self.process.poll() is None, (
            self.folder / "error.log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def context(self):
        return ssl.create_default_context(cafile=self.folder / "chain.pem")

    def say(self, *pieces):
        """What it answers to these bytes until it closes, or is silent."""
        heard = b""
        with socket.create_connection(("127.0.0.1", self.port), 10) as plain:
            with self.context().wrap_socket(
                    plain, server_hostname="silhouette.example.org") as client:
                client.settimeout(1)
                try:
                    for piece in pieces:
                        client.sendall(piece)
                    while piece := client.recv(65536):
                        heard += piece
                except (TimeoutError, ssl.SSLError, ConnectionError):
                    pass
        return heard


@pytest.fixture(scope="module")
def pair(folder, tmp_path_factory):
    root = tmp_path_factory.mktemp("nginx")
    with service.Service(f"dir:{folder}", "--workers", "1",
                         log_path=root / "server.log") as server:
        with Nginx(root, server.port) as front:
            yield front, server


def statuses(heard):
    return [int(status) for status in re.findall(
        rb"HTTP/1\.1 (\d{3}) [^\r]*\r\n", heard)]


def routes(server):
    """What the backend was asked for, from its own log."""
    return [line["route"] for line in server.log_lines("request")]


def test_a_mask_over_tls(pair):
    front, server = pair
    answer = requests.post(front.url + service.ROUTE,
                           json={"imgSrc": "person.jpg"}, timeout=30,
                           verify=str(front.folder / "chain.pem"))
    assert answer.status_code == 200
    assert (mask_of(answer.json())
            == mask_of(server.post("person.jpg").json())).all()
    assert "Server" not in answer.headers or \
        answer.headers["Server"] == "nginx"
    assert answer.headers["Strict-Transport-Security"]


def test_http2(pair):
    front, _ = pair
    said = subprocess.run(
        ["curl", "-sS", "--http2", "--cacert", front.folder / "chain.pem",
         "-o", "/dev/null", "-w", "%{http_version} %{http_code}",
         "-H", "Content-Type: application/json", "-d", BODY.decode(),
         front.url + service.ROUTE],
        check=True, capture_output=True, text=True).stdout
    assert said == "2 200"


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_what_is_for_inside_stays_inside(pair, path):
    front, server = pair
    assert requests.get(server.url + path, timeout=10).status_code == 200
    assert requests.get(front.url + path, timeout=10, verify=str(
        front.folder / "chain.pem")).status_code == 404


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_tls_is_refused(pair):
    front, _ = pair
    context = front.context()
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", front.port), 10) as plain:
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(plain,
                                server_hostname="silhouette.example.org")


LENGTH = b"Content-Length: %d\r\n"
SMUGGLED = {
    "CL.TE": POST + LENGTH % (5 + len(NEXT))
    + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
    "TE.CL": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"%x\r\n" % len(NEXT) + NEXT + b"\r\n0\r\n\r\n",
    "TE.TE": POST + b"Transfer-Encoding: chunked\r\n"
    b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n" + NEXT,
    "xchunked": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + NEXT,
    "blank before colon": POST + b"Transfer-Encoding : chunked\r\n"
    + LENGTH % (5 + len(NEXT)) + b"\r\n0\r\n\r\n" + NEXT,
    "tab before chunked": POST + b"Transfer-Encoding:\tchunked\r\n"
    + LENGTH % (5 + len(NEXT)) + b"\r\n0\r\n\r\n" + NEXT,
    "folded": POST + b"Transfer-Encoding:\r\n chunked\r\n"
    + LENGTH % (5 + len(NEXT)) + b"\r\n0\r\n\r\n" + NEXT,
    "two lengths": POST + LENGTH % len(BODY) + LENGTH % (
        len(BODY) + len(NEXT)) + b"\r\n" + BODY + NEXT,
    "length +": POST + b"Content-Length: +21\r\n\r\n" + BODY + NEXT,
    "length of a list": POST + b"Content-Length: 21, 21\r\n\r\n" + BODY + NEXT,
    "body of a GET": b"GET /nothing HTTP/1.1\r\n" + HOST
    + LENGTH % len(NEXT) + b"\r\n" + NEXT,
    "bare LF": POST.replace(b"\r\n", b"\n") + b"Content-Length: 0\n\n" + NEXT,
    "chunk size": POST + b"Transfer-Encoding: chunked\r\n\r\n"
    b"10000000000000005\r\n" + BODY + b"\r\n0\r\n\r\n" + NEXT,
    "chunk extension": POST + b"Transfer-Encoding: chunked\r\n\r\n"
    b"15;a\n" + BODY + b"\r\n0\r\n\r\n" + NEXT,
    "absolute form": b"POST http://other.example" + service.ROUTE.encode()
    + b" HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
    + LENGTH % len(BODY) + b"\r\n" + BODY,
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_row_24_front_and_back_read_the_same_requests(pair, name):
    """Whatever nginx makes of the bytes, the backend sees no more requests
    than nginx forwarded, and never one that it calls malformed."""
    front, server = pair
    access = front.folder / "access.log"
    seen, forwarded = len(routes(server)), len(access.read_text().splitlines())
    front.say(SMUGGLED[name])
    server.answers("/healthz")          # its line is behind all others
    new = [route for route in routes(server)[seen:] if route != "healthz"]
    lines = access.read_text().splitlines()[forwarded:]
    assert len(new) <= len(lines)
    # What stood in a body was never a request of its own, unless nginx itself
    # took it for one: then it is in nginx's log too.
    hidden = sum("/smuggled" in line for line in lines)
    assert new.count("none") + new.count("other") <= hidden + (
        name == "body of a GET")


def test_row_28_many_streams_are_bounded(pair):
    """200 requests over one connection, 32 at once at most: all answered,
    none by an error of ours."""
    front, server = pair
    urls = [f"{front.url}/openapi.json?{i}" for i in range(40)]
    arguments = []
    for url in urls:
        arguments += ["-o", "/dev/null", url]
    said = subprocess.run(
        ["curl", "-sS", "--http2", "--parallel", "--parallel-max", "40",
         "--cacert", front.folder / "chain.pem", "-w", "%{http_code}\n",
         *arguments], check=True, capture_output=True, text=True).stdout
    assert set(said.split()) <= {"200", "429"} and "200" in said


def test_a_body_above_the_limit_never_reaches_the_backend(pair):
    front, server = pair
    before = len(routes(server))
    heard = front.say(POST.replace(b"application/json", b"image/jpeg")
                      + b"Content-Length: 99999999\r\n\r\n" + b"x" * 1000)
    assert statuses(heard) == [413]
    assert len(routes(server)) == before


def test_a_flood_of_one_address_is_held_back(pair):
    front, server = pair
    session = requests.Session()
    codes = [session.get(front.url + "/", timeout=10, verify=str(
        front.folder / "chain.pem")).status_code for _ in range(120)]
    assert codes.count(429) > 0 and codes.count(200) > 0
    assert server.answers("/readyz")
