"""A scripted S3 server: each key has a behaviour. Faults only; the real thing
is versitygw."""
import http.server
import threading
import time


POLL_S = 0.01       # how soon the stub notices that it is to stop


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        name = self.path.rsplit("/", 1)[-1].split("?")[0]
        behave = self.server.behaviours.get(name)
        if behave is None:
            return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        return behave(self)

    do_HEAD = do_GET

    def answer(self, status, body=b"", length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Length",
                         str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if length is not None and length != len(body):
            self.close_connection = True

    def log_message(self, *_):
        pass


class Stub:
    """with Stub({"name.jpg": function(handler)}) as stub: stub.url"""

    def __init__(self, behaviours):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.server.daemon_threads = True
        self.server.behaviours = behaviours
        self.server.seen = []
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(POLL_S,),
                         daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def count(self, name):
        """How many requests there were for a key."""
        return sum(path.split("?")[0].endswith("/" + name)
                   for path, _ in self.server.seen)

    def environment(self):
        return {"AWS_ACCESS_KEY_ID": "test-access",
                "AWS_SECRET_ACCESS_KEY": "test-secret-key",
                "AWS_SESSION_TOKEN": "test-token",
                "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL_S3": self.url}


def sleeper(seconds):
    def behave(handler):
        time.sleep(seconds)
        handler.answer(200, b"late")
    return behave


def in_turn(*behaviours):
    """Each request the next behaviour; the last one stays."""
    left = list(behaviours)

    def behave(handler):
        return (left.pop(0) if len(left) > 1 else left[0])(handler)
    return behave
