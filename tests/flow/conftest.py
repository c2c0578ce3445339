"""Fixtures of the flows: a folder of pictures, and services over it."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import pictures  # noqa: E402
import service  # noqa: E402


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A store's folder with a few pictures."""
    root = tmp_path_factory.mktemp("store")
    picture = pictures.person_picture()
    (root / "person.jpg").write_bytes(pictures.encoded(picture, "JPEG"))
    (root / "person.png").write_bytes(pictures.encoded(picture, "PNG"))
    (root / "flat.jpg").write_bytes(pictures.flat_jpeg(64, 48))
    (root / "deep/er").mkdir(parents=True)
    (root / "deep/er/person.jpg").write_bytes(
        pictures.encoded(picture, "JPEG"))
    return root


@pytest.fixture(scope="module")
def server(folder, tmp_path_factory):
    """A service over that folder, as it is started by default."""
    log = tmp_path_factory.mktemp("log") / "server.log"
    with service.Service(f"dir:{folder}", log_path=log) as running:
        yield running


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory):
    """Compiled networks, so that the many starts of the flows take less."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def start(tmp_path, folder, model_cache):
    """start(*flags, store=…, environment=…, ready=…): a Service to enter, with
    one worker unless a flag says otherwise."""
    def starter(*flags, store=None, **options):
        return service.Service(store or f"dir:{folder}", "--model-cache",
                               str(model_cache), "--workers", "1", *flags,
                               log_path=tmp_path / "server.log", **options)
    return starter


@pytest.fixture(scope="session")
def s3(tmp_path_factory):
    """versitygw with one bucket, empty at first."""
    root = tmp_path_factory.mktemp("s3")
    (root / "data" / service.BUCKET).mkdir(parents=True)
    with service.S3Server(root / "data", root / "versitygw.log") as running:
        yield running
