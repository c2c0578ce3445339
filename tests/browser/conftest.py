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

SHOTS = pathlib.Path(os.environ.get("SIL_SHOTS", service.BUILD / "screenshots"))
WAIT_MS = 30000
VIOLATIONS = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => window.violations.push(
  `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


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


class Watched:
    """Pages whose troubles are kept."""

    def __init__(self, chromium, server):
        self.chromium, self.server = chromium, server
        self.contexts, self.troubles = [], []

    def note_console(self, message):
        # An answer of 400 or above is told by the browser, too.
        if message.type == "error" and "status of" not in message.text:
            self.troubles.append(message.text)

    def note_request(self, request):
        if not request.url.startswith((self.server.url, "blob:", "data:")):
            self.troubles.append("asked for " + request.url)

    def open(self, path="/", width=1280, height=900, **options):
        """A page that is ready to be used."""
        context = self.chromium.new_context(
            viewport={"width": width, "height": height},
            **{"locale": "en-US", "reduced_motion": "reduce", **options})
        context.set_default_timeout(WAIT_MS)
        context.add_init_script(VIOLATIONS)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", self.note_console)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("request", self.note_request)
        page.goto(self.server.url + path)
        page.wait_for_selector("html[data-ready]")
        return page

    def close(self):
        for context in self.contexts:
            for page in context.pages:
                self.troubles += page.evaluate("window.violations ?? []")
            context.close()
        assert self.troubles == []


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
