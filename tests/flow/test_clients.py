"""The three client examples of the API's page, as they stand there but for
the host in front of the path (examples/)."""
import ast
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from pictures import encoded, person_picture
from service import ROOT, ROUTE

EXAMPLES = pathlib.Path(__file__).parent / "examples"
KEY = "path/to/your/image/in/s3/bucket"


@pytest.fixture(scope="module")
def page_server(server, folder):
    """A server with a picture at the page's example key."""
    picture = folder / KEY
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(encoded(person_picture(), "JPEG"))
    return server


def with_host(name, server, tmp_path):
    """The example with the host put in, as a file."""
    text = (EXAMPLES / name).read_text()
    assert text.count(f'"{ROUTE}"') == 1
    path = tmp_path / name
    path.write_text(text.replace(f'"{ROUTE}"', f'"{server.url}{ROUTE}"'))
    return str(path)


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60,
                          **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(answer):
    assert answer["state"] == 1
    assert len(answer["data"]) == 200 and len(answer["data"][0]) == 160
    assert 1000 < sum(map(sum, answer["data"])) < 31000


def test_curl(page_server, tmp_path):
    check(json.loads(run("sh", with_host("example.sh", page_server,
                                         tmp_path))))


def test_python_requests(page_server, tmp_path):
    printed = run(sys.executable, with_host("example.py", page_server,
                                            tmp_path))
    check(ast.literal_eval(printed))


def test_node_fetch(page_server, tmp_path):
    """console.log abbreviates long arrays, so its options are opened up from
    outside: the example itself stays as it is."""
    script = with_host("example.mjs", page_server, tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / ".deps/node_modules")
    (tmp_path / "whole.mjs").write_text(
        "console.log = data => process.stdout.write(JSON.stringify(data));\n")
    node = ROOT / ".deps/bin/node"
    node = str(node) if node.exists() else shutil.which("node")
    assert node
    check(json.loads(run(node, "--import", str(tmp_path / "whole.mjs"),
                         script, env=dict(os.environ, NODE_NO_WARNINGS="1"))))
