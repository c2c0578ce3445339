"""/openapi.json against the tables it is made from, against its own schemas,
and against what the service really answers; and the files of the pages."""
import importlib.machinery
import importlib.util
import json
import re

import jsonschema
import openapi_spec_validator
import pytest
import requests
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from service import IS_SANITIZED, ROOT, ROUTE

ADDRESS = "urn:openapi"
CONDITION = re.compile(r"@@if [^@]*@@|@@end@@")


def load_tables():
    """tools/tables, whose reader of .tbl files is used here, too."""
    loader = importlib.machinery.SourceFileLoader("tables",
                                                  str(ROOT / "tools/tables"))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("tables", loader))
    loader.exec_module(module)
    return module


TABLES = load_tables()


def rows(path, macro):
    return [row for name, row in TABLES.rows(path) if name == macro]


@pytest.fixture(scope="module")
def document(server):
    response = requests.get(server.url + "/openapi.json", timeout=10)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    return response.json()


@pytest.fixture(scope="module")
def check(document):
    """check(value, schema of the document): raises where it doesn't fit."""
    registry = Registry().with_resource(
        ADDRESS, Resource(contents=document, specification=DRAFT202012))

    def checker(value, schema):
        # References are to the document: give them its address.
        schema = json.loads(json.dumps(schema).replace('"#/',
                                                       f'"{ADDRESS}#/'))
        jsonschema.Draft202012Validator(schema, registry=registry).validate(
            value)
    return checker


def nodes(node, path=""):
    """Every object of the document with its place."""
    if isinstance(node, dict):
        yield path, node
        for name, value in node.items():
            yield from nodes(value, f"{path}/{name}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from nodes(value, f"{path}/{index}")


def test_it_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    openapi_spec_validator.validate(document)


def test_routes_are_those_of_the_table(document):
    wanted = {(row[2].replace("*", "{name}"), row[1].lower()): row
              for row in rows("src/server/routes.tbl", "SIL_ROUTE")}
    found = {(path, method): operation
             for path, methods in document["paths"].items()
             for method, operation in methods.items()}
    assert set(found) == set(wanted)
    for place, operation in found.items():
        assert operation["operationId"] == wanted[place][3]
        assert operation["summary"] == wanted[place][4]
        assert re.search("[가-힣]", operation["x-ko-summary"])


def test_options_are_those_of_the_table(document):
    members = document["components"]["schemas"]["Request"]["properties"]
    table = {row[0]: row for row in rows("src/base/options.tbl",
                                         "SIL_OPTION")}
    assert set(members) == set(table) | {"imgSrc", "threshold"}
    for name, row in table.items():
        assert members[name]["enum"] == row[2].split(), name
        assert members[name]["default"] == row[3], name
    analyze = document["paths"][ROUTE]["post"]
    query = {parameter["name"] for parameter in analyze["parameters"]
             if parameter["in"] == "query"}
    assert query == set(table) | {"threshold"}


def test_errors_are_those_of_the_table(document):
    table = rows("src/base/errors.tbl", "SIL_ERROR")
    assert [[row["code"], row["status"], row["state"], row["message"],
             row["when"], row["when_ko"]] for row in document["x-errors"]] \
        == [[row[1], int(row[3]), int(row[4]), row[5], row[6], row[7]]
            for row in table]
    responses = document["paths"][ROUTE]["post"]["responses"]
    assert set(responses) == {"200"} | {row[3] for row in table}
    for row in table:
        answers = responses[row[3]]["content"]["application/json"]
        value = answers["examples"][row[1]]["value"]
        assert value["state"] == int(row[4])
        assert value["message"] == row[5]
        assert value["data"][0]["code"] == row[1]
    told = [code for response in responses.values() for code in
            response["content"]["application/json"].get("examples", {})
            if code in {row[1] for row in table}]
    assert sorted(told) == sorted(row[1] for row in table)


def test_each_error_says_what_to_do_in_both_languages():
    for language in ("en", "ko"):
        texts = json.loads((ROOT / f"web/texts.{language}.json").read_text(
            encoding="utf-8"))
        for row in rows("src/base/errors.tbl", "SIL_ERROR"):
            assert len(texts["do_" + row[1]]) > 10, row[1]


def test_both_languages_have_the_same_texts():
    english, korean = (json.loads(
        (ROOT / f"web/texts.{language}.json").read_text(encoding="utf-8"))
        for language in ("en", "ko"))
    assert set(english) == set(korean)
    for key, text in english.items():
        assert sorted(re.findall(r"\{\w+\}", text)) \
            == sorted(re.findall(r"\{\w+\}", korean[key])), key


def test_each_description_is_in_korean_too(document):
    for path, node in nodes(document):
        if not isinstance(node.get("description"), str):
            continue
        if re.fullmatch(r"(`\w+`(, )?)+", node["description"]):
            continue    # a response's list of codes: no language at all
        assert re.search("[가-힣]", node.get("x-ko", "")), path


def test_examples_fit_their_schemas(document, check):
    count = 0
    for path, node in nodes(document):
        if "schema" not in node:
            continue
        values = [example["value"] for example
                  in node.get("examples", {}).values()] \
            if isinstance(node.get("examples"), dict) else []
        if "example" in node:
            values.append(node["example"])
        for value in values:
            check(value, node["schema"])
            count += 1
    assert count > 40


def test_answers_fit_the_schemas(server, document, check):
    responses = document["paths"][ROUTE]["post"]["responses"]
    options = document["components"]["schemas"]["Request"]["properties"]

    def schema(status):
        return responses[str(status)]["content"]["application/json"]["schema"]

    wanted = [{}] + [{"people": word} for word in options["people"]["enum"]]
    wanted += [{"output": word} for word in options["output"]["enum"]
               if word != "cutout"]
    for more in wanted:
        answer = server.post("person.jpg", **more)
        assert answer.status_code == 200, answer.text
        check(answer.json(), schema(200))
        for name in responses["200"]["headers"]:
            assert name in answer.headers or name == "Content-Encoding"
    for response in (server.post("none.jpg"), server.post(body="{"),
                     server.post("person.jpg", output="none"),
                     server.post("person.jpg", headers={"Accept": "a/b"})):
        check(response.json(), schema(response.status_code))
        row = next(row for row in document["x-errors"]
                   if row["code"] == response.json()["data"][0]["code"])
        assert response.status_code == row["status"]


def test_coco_runs_fit_the_schema(server, document, check):
    kinds = document["paths"][ROUTE]["post"]["responses"]["200"]["content"]
    rle = "application/vnd.coco.rle+json"
    answer = server.post("person.jpg", headers={"Accept": rle})
    assert answer.headers["Content-Type"] == rle
    check(answer.json(), kinds[rle]["schema"])


def test_pages_fit_what_is_said_of_them(server, document, check):
    ready = document["paths"]["/readyz"]["get"]["responses"]["200"]
    check(requests.get(server.url + "/readyz", timeout=10).json(),
          ready["content"]["application/json"]["schema"])
    for path in ("/", "/docs"):
        for language in ("en", "ko"):
            page = requests.get(server.url + path, timeout=10, headers={
                "Accept-Language": language})
            assert page.status_code == 200
            assert page.headers["Content-Language"] == language
            assert f'<html lang="{language}">' in page.text
            assert not CONDITION.search(page.text)


def test_a_page_is_sent_once(server):
    for path in ("/", "/docs", "/web/page.js", "/web/astronaut.jpg",
                 "/web/swagger-ui.js"):
        first = requests.get(server.url + path, timeout=10)
        again = requests.get(server.url + path, timeout=10, headers={
            "If-None-Match": first.headers["ETag"]})
        assert first.status_code == 200 and first.content
        assert again.status_code == 304 and not again.content
        assert again.headers["ETag"] == first.headers["ETag"]
        head = requests.head(server.url + path, timeout=10, headers={
            "Accept-Encoding": "gzip"})
        assert not head.content
        assert int(head.headers["Content-Length"]) > 0


def test_packed_and_plain_files_are_the_same(server):
    for path in ("/", "/web/page.css", "/web/texts.ko.json"):
        plain, packed = (requests.get(server.url + path, timeout=10, headers={
            "Accept-Encoding": coding}) for coding in ("identity", "gzip"))
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert plain.content == packed.content
        assert plain.headers["ETag"] != packed.headers["ETag"]


def test_every_file_that_a_page_names_is_there(server):
    seen, waiting = set(), ["/", "/docs"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = requests.get(server.url + path, timeout=10)
        assert answer.status_code == 200, path
        if path.endswith("swagger-ui.js") or path.endswith("swagger-ui.css") \
                or not answer.headers["Content-Type"].startswith("text/"):
            continue
        waiting += ["/" + name for name in
                    re.findall(r'(?:src|href)="(web/[^"#]+)', answer.text)]
        waiting += ["/web/" + name for name in
                    re.findall(r'(?:from|import|url\()\s*"(?:\./)?([\w.-]+)"',
                               answer.text)]
    assert len(seen) > 20


@pytest.mark.skipif(IS_SANITIZED, reason="its memory means nothing")
def test_many_pages_cost_no_memory(server):
    def ask(count):
        with requests.Session() as session:
            for _ in range(count):
                session.get(server.url + "/web/swagger-ui.js", timeout=10)
        return server.metric("process_resident_memory_bytes")
    before = ask(50)
    assert ask(300) - before < 4e6
