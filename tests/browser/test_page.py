"""The page to try it, in a real browser."""
import base64
import hashlib
import io
import json
import pathlib
import re
import subprocess

import pytest
import requests
from PIL import Image
from playwright.sync_api import expect

from acting import (choose, complaints, download, finish, focused, pixel,
                    tab_to, take_sample, view)
from service import ROOT, ROUTE, Service, wait_until
from watched import Watched

SAMPLES = ROOT / "samples"
RLE = "application/vnd.coco.rle+json"


@pytest.fixture(scope="module")
def offered(server):
    """offered(option, value): does this server offer it?"""
    document = requests.get(server.url + "/openapi.json", timeout=10).json()
    options = document["components"]["schemas"]["Request"]["properties"]
    return lambda option, value: value in options[option]["enum"]


def answer(server, file, accept, **options):
    """The API's own bytes for a picture that is sent along."""
    kind = "image/" + {"jpg": "jpeg"}.get(file.suffix[1:], file.suffix[1:])
    response = requests.post(server.url + ROUTE, data=file.read_bytes(),
                             params=options, timeout=60, headers={
                                 "Content-Type": kind, "Accept": accept})
    assert response.status_code == 200, response.text
    return response.content


def drop(page, file, kind="image/jpeg"):
    """Drop a file onto the page, as a file manager would."""
    page.evaluate("""async ([name, kind, text]) => {
        const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], name, { type: kind }));
        const at = document.getElementById("drop");
        for (const type of ["dragenter", "dragover", "drop"]) {
            at.dispatchEvent(new DragEvent(type,
                { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }
    }""", [file.name, kind, base64.b64encode(file.read_bytes()).decode()])


def test_start(open_page, shoot):
    page = open_page()
    assert page.title().startswith("silhouette")
    assert page.inner_text("h1") == "Find the people in a picture."
    assert page.is_visible("#drop") and not page.is_visible("#result")
    assert "curl -s" in page.inner_text("#line")
    assert complaints(page) == []
    shoot(page, "start")


def test_a_dropped_picture(open_page, server, shoot):
    page = open_page()
    drop(page, SAMPLES / "astronaut.jpg")
    assert "One silhouette" in finish(page)
    assert not page.is_visible("#veil")
    # The mask's corner is black, the astronaut's face white.
    view(page, "mask")
    assert pixel(page, "#found", .02, .02) == [0, 0, 0, 255]
    assert pixel(page, "#found", .43, .25) == [255, 255, 255, 255]
    for name, kind, file in (("mask", "image/png", "mask.png"),
                             ("json", "application/json", "mask.json"),
                             ("rle", RLE, "mask.rle.json")):
        if not page.is_visible(f"[data-download={name}]"):
            continue
        assert download(page, name) == (
            file, answer(server, SAMPLES / "astronaut.jpg", kind))
    shoot(page, "mask")


def test_a_chosen_picture_and_its_views(open_page, shoot):
    page = open_page()
    choose(page, SAMPLES / "astronaut.jpg")
    assert page.evaluate("document.activeElement.id") == "result-title"
    assert complaints(page) == []
    view(page, "overlay")
    shoot(page, "overlay")
    face, corner = (.43, .25), (.02, .02)
    tinted = pixel(page, "#found", *face)
    page.fill("#opacity", "100")
    assert pixel(page, "#found", *face) == [47, 84, 255, 255]
    page.fill("#opacity", "0")
    page.uncheck("#outline")
    assert pixel(page, "#found", *face) == pixel(page, "#photo", *face)
    assert tinted != pixel(page, "#photo", *face)
    view(page, "cutout")
    assert pixel(page, "#found", *corner)[3] == 0
    page.check("[name=background][value=color]", force=True)
    page.fill("#color", "#00ff00")
    assert pixel(page, "#found", *corner) == [0, 255, 0, 255]
    shoot(page, "cutout")
    page.check("[name=background][value=picture]", force=True)
    with page.expect_file_chooser() as chooser:
        page.click("#backdrop-choose")
    chooser.value.set_files(SAMPLES / "rocket.webp")
    wait_until(lambda: pixel(page, "#found", *corner)[2] > 20, 20,
               "the backdrop is there")
    view(page, "photo")
    wait_until(lambda: not page.is_visible("#divider"), 20,
               "there is nothing to divide")


def test_the_divider_can_be_dragged(open_page):
    page = open_page()
    take_sample(page)
    box = page.locator("#stage").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * .2, middle, steps=4)
    page.mouse.up()
    assert abs(int(page.input_value("#divider")) - 20) <= 4
    split = page.evaluate("""getComputedStyle(
        document.getElementById("photo")).clipPath""")
    assert re.search(r"inset\(0(px)? calc\(100% - (1[6-9]|2[0-4])%\)|"
                     r"inset\(0(px)? (7[6-9]|8[0-4])%", split), split


def test_a_sample_goes_by_its_key(open_page, server):
    page = open_page()
    with page.expect_request("**" + ROUTE) as request:
        page.click("[data-sample='astronaut.jpg']")
    assert request.value.post_data_json == {"imgSrc": "astronaut.jpg"}
    finish(page)
    assert re.search(r"512 × 512 · person", page.inner_text("#facts"))
    stages = page.locator("#time-list dt").all_inner_texts()
    assert stages == ["fetch", "decode", "infer", "mask", "encode"]
    assert re.fullmatch(r"[\d.,]+ ms", page.inner_text("#timing-total"))
    assert page.evaluate("""[...document.querySelectorAll("#times i")].reduce(
        (sum, part) => sum + parseFloat(part.style.width), 0)""") \
        == pytest.approx(100, abs=.1)


def test_nobody_is_said(open_page):
    page = open_page()
    assert take_sample(page, "rocket.webp") \
        == "Nobody was found in this picture."


def test_a_sample_that_the_store_lacks_goes_along(open_page, server):
    (server_store(server) / "pair.jpg").rename(server_store(server) / "away")
    try:
        page = open_page()
        assert "silhouettes" in take_sample(page, "pair.jpg")
        assert "--data-binary" in page.inner_text("#line")
    finally:
        (server_store(server) / "away").rename(
            server_store(server) / "pair.jpg")


def server_store(server):
    at = server.command.index("--store")
    return pathlib.Path(server.command[at + 1].removeprefix("dir:"))


def test_options_are_sent(open_page, offered, shoot):
    page = open_page()
    take_sample(page, "pair.jpg")
    with page.expect_request("**" + ROUTE) as request:
        page.fill("#threshold", "0.8")
        page.dispatch_event("#threshold", "change")
    assert request.value.post_data_json["threshold"] == 0.8
    finish(page)
    assert '"threshold":0.8' in page.inner_text("#line")
    page.click("#threshold-reset")
    finish(page)
    assert "threshold" not in page.inner_text("#line")
    for option, value in (("quality", "fast"), ("people", "each")):
        assert page.is_visible(f"#{option}-choice") == offered(option, value)
        if not offered(option, value):
            continue
        with page.expect_request("**" + ROUTE) as request:
            page.check(f"[name={option}][value={value}]", force=True)
        assert request.value.post_data_json[option] == value
        finish(page)
    if offered("people", "each"):
        assert "people" in page.inner_text("#status")
        shoot(page, "people")
    if offered("people", "each") and offered("output", "boxes"):
        assert page.locator("#person-list li").count() >= 2


def test_the_cut_out_is_the_servers(open_page, server, offered):
    if not offered("output", "cutout"):
        pytest.skip("this server offers none")
    page = open_page()
    choose(page, SAMPLES / "astronaut.jpg")
    assert download(page, "cutout") == ("cutout.png", answer(
        server, SAMPLES / "astronaut.jpg", "image/png", output="cutout"))


def test_a_turned_picture_stands(open_page):
    page = open_page()
    choose(page, SAMPLES / "camera_turned.jpg")
    width, height = page.evaluate("""(() => {
        const canvas = document.getElementById("photo");
        return [canvas.width, canvas.height]; })()""")
    assert width < height


def test_an_error_is_told_as_the_api_tells_it(open_page, server, shoot):
    page = open_page()
    page.fill("#key", "no/such/picture.jpg")
    page.press("#key", "Enter")
    page.wait_for_selector("#problem:not([hidden])")
    told = server.post("no/such/picture.jpg").json()
    box = page.inner_text("#problem").lower()
    assert told["message"] in box and told["errors"].lower() in box
    assert "404" in box and "image_not_found" in box and "fetch" in box
    assert page.is_visible("#start")
    assert complaints(page) == []
    shoot(page, "error")
    # And it goes away with the next picture.
    take_sample(page)
    assert not page.is_visible("#problem")


def test_what_is_no_picture(open_page, tmp_path):
    (tmp_path / "text.jpg").write_text("this is no picture")
    page = open_page()
    with page.expect_file_chooser() as chooser:
        page.click("#choose")
    chooser.value.set_files(tmp_path / "text.jpg")
    page.wait_for_selector("#problem:not([hidden])")
    assert "unsupported_format" in page.inner_text("#problem-facts")


def test_a_pasted_picture(open_page):
    page = open_page()
    text = base64.b64encode((SAMPLES / "portrait.avif").read_bytes()).decode()
    page.evaluate("""(text) => {
        const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], "a.avif", { type: "image/avif" }));
        dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
    }""", text)
    assert "One silhouette" in finish(page)


def test_the_programs_do_what_they_say(open_page, server, tmp_path, offered):
    """The three are run as they are copied."""
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    choose(page, SAMPLES / "astronaut.jpg")
    (tmp_path / "astronaut.jpg").write_bytes(
        (SAMPLES / "astronaut.jpg").read_bytes())
    wanted = answer(server, SAMPLES / "astronaut.jpg", "image/png")
    runners = {"curl": ["sh", "-c"],
               "python": [str(ROOT / ".deps/venv/bin/python"), "-c"],
               "javascript": [str(ROOT / ".deps/bin/node"),
                              "--input-type=module", "-e"]}
    for language, runner in runners.items():
        page.click(f"#tab-{language}")
        page.click("#copy")
        expect(page.locator("#copy")).to_have_text("Copied")
        text = page.evaluate("navigator.clipboard.readText()")
        assert text == page.inner_text("#line")
        subprocess.run([*runner, text], cwd=tmp_path, check=True, timeout=60)
        assert (tmp_path / "mask.png").read_bytes() == wanted, language
        (tmp_path / "mask.png").unlink()


def test_korean(open_page, shoot):
    page = open_page(locale="ko-KR")
    assert page.get_attribute("html", "lang") == "ko"
    assert page.inner_text("h1") == "사진 속 사람을 찾습니다."
    assert "실루엣 하나" in take_sample(page)
    shoot(page, "korean")
    page.click("#language")
    page.wait_for_selector("html[lang=en]")
    assert "One silhouette" in page.inner_text("#status")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.inner_text("h1") == "Find the people in a picture."


def test_by_keyboard_alone(open_page):
    page = open_page()
    assert tab_to(page, "Skip to the picture") == ["Skip to the picture"]
    tab_to(page, "astronaut.jpg")
    page.keyboard.press("Enter")
    finish(page)
    assert focused(page) == "result-title"
    passed = tab_to(page, "another")
    for place in ("divider", "view=overlay", "threshold", "opacity",
                  "outline", "mask", "json"):
        assert place in passed, passed
    page.focus("#divider")
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    assert page.input_value("#divider") == "45"
    assert page.get_attribute("#divider", "aria-valuetext") == "45% photo"
    page.focus("#views [value=overlay]")
    page.keyboard.press("ArrowRight")
    assert page.is_checked("#views [value=cutout]")
    page.focus("#tab-curl")
    page.keyboard.press("ArrowRight")
    assert focused(page) == "tab-python"
    assert "import requests" in page.inner_text("#line")
    page.focus("#another")
    page.keyboard.press("Enter")
    assert focused(page) == "choose"


def test_dark(open_page, shoot):
    page = open_page(color_scheme="dark")
    take_sample(page)
    assert page.evaluate("getComputedStyle(document.body).color") \
        == "rgb(241, 237, 231)"
    assert complaints(page) == []
    shoot(page, "dark")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).color") \
        == "rgb(29, 27, 24)"
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.get_attribute("html", "data-theme") == "light"


def test_on_a_phone(open_page, shoot):
    page = open_page(width=390, height=844, has_touch=True, is_mobile=True,
                     device_scale_factor=2)
    assert page.is_visible("#photograph")
    assert page.get_attribute("#camera", "capture") == "environment"
    take_sample(page)
    # Nothing hangs over the edge.
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for name in ("choose", "another"):
        assert page.evaluate(f"""document.getElementById("{name}")
            .getBoundingClientRect().height""") in (0, pytest.approx(44, abs=9))
    assert complaints(page) == []
    shoot(page, "phone")


def test_an_api_key_is_asked_for(chromium, tmp_path, shoot):
    keys = tmp_path / "keys"
    keys.write_text(hashlib.sha256(b"open sesame").hexdigest() + "\n")
    with Service(f"dir:{SAMPLES}", "--workers", "1", "--api-keys", str(keys),
                 log_path=tmp_path / "log") as server:
        watched = Watched(chromium, server)
        page = watched.open()
        page.click("[data-sample='astronaut.jpg']")
        page.wait_for_selector("#api-key-form:not([hidden])")
        page.fill("#api-key", "open sesame")
        page.press("#api-key", "Enter")
        expect(page.locator("#status")).to_contain_text("One silhouette")
        assert "Authorization: Bearer $API_KEY" in page.inner_text("#line")
        watched.close()


def test_the_mask_png_is_the_json(open_page):
    """What is downloaded in two forms is the same mask."""
    page = open_page()
    choose(page, SAMPLES / "portrait.avif")
    grey = Image.open(io.BytesIO(download(page, "mask")[1]))
    told = json.loads(download(page, "json")[1])["data"]
    assert [len(told[0]), len(told)] == list(grey.size)
    assert [value // 255 for value in grey.tobytes()] == sum(told, [])
