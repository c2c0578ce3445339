"""What somebody does on a page, and what is looked at afterwards."""
import json

from service import ROOT

AXE = (ROOT / ".deps/node_modules/axe-core/axe.min.js").read_text(
    encoding="utf-8")
SERIOUS = ("serious", "critical")
DONE = "#stage[aria-busy=false]"


def finish(page):
    """Wait until the page has all that it asked for."""
    page.wait_for_selector(DONE)
    return page.inner_text("#status")


def choose(page, path):
    with page.expect_file_chooser() as chooser:
        page.click("#choose")
    chooser.value.set_files(path)
    return finish(page)


def take_sample(page, name="astronaut.jpg"):
    page.click(f"[data-sample='{name}']")
    return finish(page)


def view(page, name):
    page.check(f"#views [value={name}]", force=True)


def download(page, name):
    """(the suggested name, the bytes) of a download."""
    with page.expect_download() as waiting:
        page.click(f"[data-download={name}]")
    return (waiting.value.suggested_filename,
            open(waiting.value.path(), "rb").read())


def pixel(page, canvas, x, y):
    """[r, g, b, a] at a place given as fractions, once all is painted."""
    return page.evaluate(
        """async ([selector, x, y]) => {
            const frame = () => new Promise((done) =>
                requestAnimationFrame(done));
            await frame();
            await frame();
            const canvas = document.querySelector(selector);
            return [...canvas.getContext("2d").getImageData(
                Math.floor(x * canvas.width), Math.floor(y * canvas.height),
                1, 1).data];
        }""", [canvas, x, y])


def complaints(page, scope="document"):
    """What axe-core finds serious, in short."""
    page.evaluate("() => {}")
    page.evaluate(AXE)
    found = page.evaluate(f"axe.run({scope}, {{resultTypes: ['violations']}})")
    return [json.dumps([rule["id"], [node["target"] for node in
                                     rule["nodes"]][:5]])
            for rule in found["violations"] if rule["impact"] in SERIOUS]


def focused(page):
    """What the keyboard is at: an id, or what it says."""
    return page.evaluate("""() => {
        const at = document.activeElement;
        return at.id || at.dataset.sample || at.dataset.download
            || (at.name && `${at.name}=${at.value}`) || at.textContent.trim();
    }""")


def tab_to(page, wanted, most=60):
    """Press Tab until that has the focus; what was passed on the way."""
    passed = []
    for _ in range(most):
        page.keyboard.press("Tab")
        passed.append(focused(page))
        if passed[-1] == wanted:
            return passed
    raise AssertionError(f"Tab never comes to {wanted}: {passed}")
