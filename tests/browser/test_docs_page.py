"""The API page, in a real browser."""
import re

import requests

from acting import complaints
from service import ROUTE

ANALYZE = "#operations-segmentation-analyze"


def open_docs(open_page, **options):
    page = open_page("/docs", **options)
    page.wait_for_selector(ANALYZE)
    return page


def test_it_shows_the_whole_api(open_page, server, shoot):
    page = open_docs(open_page)
    document = requests.get(server.url + "/openapi.json", timeout=10).json()
    assert page.locator(".opblock").count() == len(document["paths"])
    rows = page.locator("#error-rows tr")
    assert rows.count() == len(document["x-errors"])
    assert "image_not_found" in page.inner_text("#error-rows")
    page.fill("#filter", "image_too_large")
    assert page.locator("#error-rows tr:not([hidden])").count() == 1
    page.fill("#filter", "")
    assert complaints(page) == []
    shoot(page, "docs")


def test_a_call_can_be_tried(open_page, server, shoot):
    page = open_docs(open_page)
    page.click(f"{ANALYZE} .opblock-summary-control")
    page.wait_for_selector(f"{ANALYZE} .execute")
    with page.expect_response("**" + ROUTE + "**") as waiting:
        page.click(f"{ANALYZE} .execute")
    assert waiting.value.status == 200
    assert waiting.value.url == server.url + ROUTE
    assert waiting.value.json()["state"] == 1
    page.wait_for_selector(f"{ANALYZE} .live-responses-table")
    # A mask's numbers are not all set on lines of their own.
    assert len(page.inner_text(f"{ANALYZE} .live-responses-table")) < 8000
    assert complaints(page) == []
    shoot(page, "docs-tried", whole=False)


def test_it_speaks_korean(open_page, shoot):
    page = open_docs(open_page, locale="ko-KR")
    assert page.get_attribute("html", "lang") == "ko"
    assert page.inner_text("#errors-title") == "오류 코드"
    assert re.search("[가-힣]", page.inner_text("#image_not_found"))
    page.click(f"{ANALYZE} .opblock-summary-control")
    page.wait_for_selector(f"{ANALYZE} .execute")
    page.wait_for_selector(f"{ANALYZE} :text('저장소')")
    assert "사진 속 사람 찾기" in page.inner_text(ANALYZE)
    shoot(page, "docs-korean", whole=False)
    page.click("#language")
    page.wait_for_selector("html[lang=en]")
    page.wait_for_selector(ANALYZE)
    assert page.inner_text("#errors-title") == "Error codes"


def test_dark_and_small(open_page, shoot):
    page = open_docs(open_page, color_scheme="dark", width=390, height=844)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shoot(page, "docs-dark")
    page.click(f"{ANALYZE} .opblock-summary-control")
    page.wait_for_selector(f"{ANALYZE} .execute")
    assert complaints(page) == []


def test_an_error_code_has_an_address(open_page):
    page = open_docs(open_page)
    page.goto(page.url + "#image_corrupt")
    assert page.evaluate("""document.querySelector(":target")?.id""") \
        == "image_corrupt"
