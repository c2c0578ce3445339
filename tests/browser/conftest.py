"""A service, Debian's Chromium, and a page in it that may not go wrong
silently: what breaks the policy, the script or the origin fails the test."""
import os
import pathlib
import shutil
import sys

import pytest
from playwright.sync_api import sync_playwright

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "flow"))

import service  # noqa: E402
from watched import Watched  # noqa: E402

SHOTS = pathlib.Path(os.environ.get("SIL_SHOTS", service.BUILD / "screenshots"))


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A service over a copy of the samples."""
    root = tmp_path_factory.mktemp("pages")
    shutil.copytree(service.ROOT / "samples", root / "store")
    with service.Service(f"dir:{root / 'store'}", "--workers", "1",
                         log_path=root / "server.log") as running:
        yield running


@pytest.fixture(scope="session")
def chromium():
    """Without its sandbox, which needs more than a test's container has: it
    sees nothing but our own pages."""
    program = shutil.which("chromium")
    assert program, "chromium is missing: tools/setup test"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, server):
    """open_page(path, width, height, …): see Watched.open()."""
    watched = Watched(chromium, server)
    yield watched.open
    watched.close()


@pytest.fixture
def shoot():
    """shoot(page, name): keep a picture of the page, as an artefact."""
    SHOTS.mkdir(parents=True, exist_ok=True)

    def shooter(page, name, whole=True):
        page.screenshot(path=SHOTS / f"{name}.png", full_page=whole)
    return shooter
