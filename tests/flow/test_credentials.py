"""Keys that have to be asked for: each service is a stub, and the store's stub
tells which keys a request was signed with."""
import datetime
import http.server
import itertools
import re
import threading

import pytest

import pictures
import service
import stub

ROLE = "arn:aws:iam::123456789012:role/pictures"


class KeyService:
    """A server whose answers are a table: {"METHOD /path": function(handler)
    -> bytes, or a status}."""

    def __init__(self, answers):
        self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(handler):
                size = int(handler.headers.get("Content-Length") or 0)
                handler.body = handler.rfile.read(size).decode()
                asked = f"{handler.command} {handler.path}"
                self.seen.append((asked, dict(handler.headers), handler.body))
                made = answers.get(asked, lambda _: 404)(handler)
                status, body = ((made, b"no") if isinstance(made, int)
                                else (200, made))
                handler.send_response(status)
                handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                handler.wfile.write(body)

            do_GET = do_PUT = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.01,),
                         daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def count(self, asked):
        return sum(line == asked for line, _, _ in self.seen)


def expiration(seconds):
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(
        seconds=seconds)
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")


def json_keys(name, seconds=3600):
    return (f'{{"AccessKeyId":"{name}","SecretAccessKey":"secret",'
            f'"Token":"token-of-{name}","Expiration":"{expiration(seconds)}"}}'
            ).encode()


def xml_keys(name, seconds=3600):
    return (f"<R><Credentials><AccessKeyId>{name}</AccessKeyId>"
            f"<SecretAccessKey>secret</SecretAccessKey>"
            f"<SessionToken>token-of-{name}</SessionToken>"
            f"<Expiration>{expiration(seconds)}</Expiration></Credentials></R>"
            ).encode()


@pytest.fixture(scope="module")
def store():
    """A store that gives a picture, but not to keys named OLD."""
    content = pictures.flat_jpeg(64, 48)

    def give(handler):
        if "Credential=OLD" in handler.headers["Authorization"]:
            return handler.answer(
                400, b"<Error><Code>ExpiredToken</Code></Error>")
        return handler.answer(200, content)

    with stub.Stub({"flat.jpg": give,
                    "pictures": lambda handler: handler.answer(
                        200, b"<ListBucketResult/>")}) as running:
        yield running


@pytest.fixture
def serve(start, store):
    """serve(**environment): a service over that store without any keys but
    those that it asks for."""
    def starter(ready=True, **environment):
        return start(store="s3://pictures", ready=ready, environment={
            "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL_S3": store.url,
            "HOME": "/nonexistent", **environment})
    return starter


def signed_with(store):
    """The keys of the last request for the picture: (name, token)."""
    headers = [headers for path, headers in store.server.seen
               if path.endswith("/flat.jpg")][-1]
    name = re.search("Credential=([^/]*)/", headers["Authorization"]).group(1)
    return name, {key.lower(): value
                  for key, value in headers.items()}["x-amz-security-token"]


def test_container(serve, store, tmp_path):
    token = tmp_path / "token"
    token.write_text("let-me-in\n")

    def give(handler):
        if handler.headers.get("Authorization") != "let-me-in":
            return 403
        return json_keys("CONTAINER")

    with KeyService({"GET /v1/keys": give}) as keys, serve(
            AWS_CONTAINER_CREDENTIALS_FULL_URI=keys.url + "/v1/keys",
            AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(token)) as server:
        assert server.post("flat.jpg").status_code == 200
        assert signed_with(store) == ("CONTAINER", "token-of-CONTAINER")
        assert keys.count("GET /v1/keys") == 1
        for secret in ("let-me-in", "token-of", "CONTAINER", "secret"):
            assert secret not in server.log()


def test_a_container_far_away_is_not_asked_in_the_open(serve):
    with serve(ready=False, AWS_CONTAINER_CREDENTIALS_FULL_URI=(
            "http://198.51.100.7/keys")) as server:
        assert server.log_lines("aws_container_not_allowed")
        service.failure(server.post("flat.jpg"), 503, "store_unavailable", -1,
                        "image load error")


def test_web_identity(serve, store, tmp_path):
    token = tmp_path / "token"
    token.write_text("header.claims+more.signature\n")
    with KeyService({"POST /": lambda _: xml_keys("WEB")}) as keys, serve(
            AWS_ROLE_ARN=ROLE, AWS_WEB_IDENTITY_TOKEN_FILE=str(token),
            AWS_ROLE_SESSION_NAME="flow", AWS_ENDPOINT_URL_STS=keys.url,
            ) as server:
        assert server.post("flat.jpg").status_code == 200
        assert signed_with(store) == ("WEB", "token-of-WEB")
        asked, headers, body = keys.seen[0]
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert body == (
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
            "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpictures"
            "&RoleSessionName=flow"
            "&WebIdentityToken=header.claims%2Bmore.signature")
        assert "signature" not in server.log()


ROLE_PATH = "/latest/meta-data/iam/security-credentials/"


def metadata(handler_of_keys):
    def is_known(handler):
        return handler.headers.get("X-aws-ec2-metadata-token") == "session"

    return {
        "PUT /latest/api/token": lambda handler: b"session" if
        "X-aws-ec2-metadata-token-ttl-seconds" in handler.headers else 400,
        f"GET {ROLE_PATH}": lambda handler:
            b"the-role" if is_known(handler) else 401,
        f"GET {ROLE_PATH}the-role": lambda handler:
            handler_of_keys() if is_known(handler) else 401,
    }


def test_instance_metadata_when_asked_for(serve, store):
    with KeyService(metadata(lambda: json_keys("INSTANCE"))) as keys, serve(
            AWS_EC2_METADATA_DISABLED="false",
            AWS_EC2_METADATA_SERVICE_ENDPOINT=keys.url + "/") as server:
        assert server.post("flat.jpg").status_code == 200
        assert signed_with(store) == ("INSTANCE", "token-of-INSTANCE")


@pytest.mark.parametrize("said", [{}, {"AWS_EC2_METADATA_DISABLED": "true"}])
def test_instance_metadata_is_not_asked_otherwise(serve, said):
    with KeyService(metadata(lambda: json_keys("INSTANCE"))) as keys, serve(
            ready=False, AWS_EC2_METADATA_SERVICE_ENDPOINT=keys.url,
            **said) as server:
        assert server.post("flat.jpg").status_code == 503
        assert keys.seen == []


def test_keys_are_renewed_before_they_expire(serve, store):
    """They live for 4 s: others are asked for after 2, and used."""
    numbers = itertools.count(1)
    with KeyService({"GET /keys": lambda _: json_keys(f"K{next(numbers)}",
                                                      4)}) as keys, \
            serve(AWS_CONTAINER_CREDENTIALS_FULL_URI=keys.url + "/keys",
                  ) as server:
        assert server.post("flat.jpg").status_code == 200
        first = signed_with(store)[0]
        asked = keys.count("GET /keys")
        service.wait_until(lambda: keys.count("GET /keys") > asked, 10,
                           "others are asked for")
        service.wait_until(
            lambda: server.post("flat.jpg").status_code == 200
            and signed_with(store)[0] != first, 10, "they are used")


def test_a_service_of_keys_that_fails_at_first(serve, store):
    """The service starts, says what is wrong, and recovers by itself."""
    is_mended = threading.Event()
    with KeyService({"GET /keys": lambda _: json_keys("LATE")
                     if is_mended.is_set() else 500}) as keys, serve(
            ready=False,
            AWS_CONTAINER_CREDENTIALS_FULL_URI=keys.url + "/keys") as server:
        service.failure(server.post("flat.jpg"), 503, "store_unavailable", -1,
                        "image load error")
        is_mended.set()
        service.wait_until(
            lambda: server.post("flat.jpg").status_code == 200, 20,
            "keys have come")
        assert server.log_lines("aws_keys_not_given")


def test_keys_of_the_environment_come_first(serve, store):
    with KeyService({}) as keys, serve(
            AWS_ACCESS_KEY_ID="ENVIRONMENT", AWS_SECRET_ACCESS_KEY="secret",
            AWS_SESSION_TOKEN="given",
            AWS_CONTAINER_CREDENTIALS_FULL_URI=keys.url + "/keys") as server:
        assert server.post("flat.jpg").status_code == 200
        assert signed_with(store) == ("ENVIRONMENT", "given")
        assert keys.seen == []
