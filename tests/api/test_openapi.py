"""The description: valid OpenAPI 3.1, complete, and what a client generator needs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from plainwork.api.auth import CSRF_HEADER, OPEN, SAFE_METHODS, Permission
from plainwork.api.openapi import EXAMPLES
from tests.api import seeded
from tests.api.recording import OF_ANY_SHAPE
from tests.api.support import API, PROBLEM, Api, description, operations

DOCUMENT = description().document
SCHEMAS = DOCUMENT["components"]["schemas"]
DOCUMENTED = {one.name: DOCUMENT["paths"][one.path][one.method.lower()] for one in operations()}


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


async def test_it_is_served_to_everybody(api: Api) -> None:
    answer = await api.client().get(f"{API}/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == DOCUMENT


def test_it_is_openapi_3_1() -> None:
    assert re.fullmatch(r"3\.1\.\d", DOCUMENT["openapi"])
    assert set(DOCUMENT) <= {"openapi", "info", "paths", "components", "servers", "security", "tags"}
    assert {"title", "version", "description", "license"} <= set(DOCUMENT["info"])
    assert DOCUMENT["servers"] == [{"url": "/"}]
    for path, item in DOCUMENT["paths"].items():
        assert path.startswith(API + "/")
        assert set(item) <= {"get", "put", "post", "delete", "patch"}
        for operation in item.values():
            _check_operation(path, operation)


def _check_operation(path: str, operation: dict[str, Any]) -> None:
    known = {"tags", "summary", "description", "operationId", "parameters", "requestBody", "responses", "security"}
    assert {key for key in operation if not key.startswith("x-")} <= known
    named = {one["name"] for one in operation.get("parameters", ()) if one.get("in") == "path"}
    assert named == set(re.findall(r"\{(\w+)\}", path))
    for parameter in operation.get("parameters", ()):
        assert "$ref" in parameter or {"name", "in", "schema"} <= set(parameter)
        assert parameter.get("required") is True or parameter.get("in") != "path"
    assert operation["summary"]
    assert operation["description"]
    for status, answer in operation["responses"].items():
        assert re.fullmatch(r"[2-5]\d\d", status)
        assert answer["description"]
        for content in answer.get("content", {}).values():
            assert content["schema"], (path, status)


def test_every_reference_leads_somewhere_and_every_mark_is_gone() -> None:
    for node in nodes(DOCUMENT):
        assert "x-struct" not in node
        target = node.get("$ref")
        if isinstance(target, str):
            home, name = target.rsplit("/", 1)
            assert home in {"#/components/schemas", "#/components/parameters", "#/components/headers"}
            assert name in DOCUMENT["components"][home.rpartition("/")[2]]
    used = {str(node["$ref"]).rpartition("/")[2] for node in nodes(DOCUMENT) if isinstance(node.get("$ref"), str)}
    assert set(SCHEMAS) <= used


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_schema_is_json_schema(name: str) -> None:
    whole = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    jsonschema_rs.meta.validate(SCHEMAS[name])
    jsonschema_rs.Draft202012Validator(whole)


def test_operations_have_names_of_their_own() -> None:
    names = [one.name for one in operations()]
    assert len(names) == len(set(names))
    assert [DOCUMENTED[name]["operationId"] for name in names] == names


@pytest.mark.parametrize("operation", operations(), ids=lambda one: one.name)
def test_each_says_who_may_and_how_it_may_fail(operation: Any) -> None:
    documented = DOCUMENTED[operation.name]
    answers = documented["responses"]
    assert documented["x-permission"] == operation.permission.value
    expected: list[dict[str, Any]] = []
    if operation.permission not in OPEN:
        expected = [{"session": []} if operation.method in SAFE_METHODS else {"session": [], "csrf": []}]
        assert {"401", "403"} <= set(answers)
        if operation.permission is not Permission.ACCOUNT:
            expected.append({"bearer": [operation.permission.value]})
            assert {"$ref": "#/components/parameters/Workspace"} in documented["parameters"]
    assert documented["security"] == expected
    assert {"429", "500", "503"} <= set(answers)
    assert set(answers["429"]["headers"]) == {"Retry-After", "RateLimit", "RateLimit-Policy"}
    assert "404" in answers or "{" not in operation.path
    if "requestBody" in documented:
        assert {"400", "413", "415", "422"} <= set(answers)
    for status, answer in answers.items():
        if status >= "400":
            assert set(answer["content"]) == {PROBLEM}
            assert answer["content"][PROBLEM]["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_the_ways_to_sign_in() -> None:
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert (schemes["session"]["in"], schemes["session"]["name"]) == ("cookie", "plainwork_session")
    assert (schemes["csrf"]["in"], schemes["csrf"]["name"]) == ("header", CSRF_HEADER)


@pytest.mark.parametrize("operation", operations(), ids=lambda one: one.name)
def test_answers_are_typed(operation: Any) -> None:
    """A client generator gets a named type for every answer, not a bare object."""
    if operation.name == "get_schema":  # a JSON Schema, which is any object
        return
    good = {status: answer for status, answer in DOCUMENTED[operation.name]["responses"].items() if status < "300"}
    for status, answer in good.items():
        if status == "204":
            assert "content" not in answer
        elif (operation.name, status) == ("create_draft", "200"):
            schema = answer["content"]["text/event-stream"]["schema"]
            assert schema["contentSchema"] == {"$ref": "#/components/schemas/Draft"}
        elif operation.name == "watch_run":
            schema = answer["content"]["text/event-stream"]["schema"]
            assert schema["contentSchema"] == {"$ref": "#/components/schemas/Event"}
        elif operation.name == "export_audit":
            assert set(answer["content"]) == {"application/x-ndjson", "text/csv"}
        else:
            assert answer["content"]["application/json"]["schema"]["$ref"]


@pytest.mark.parametrize(
    "name", ["Agent", "Version", "Run", "RunStep", "Secret", "ApiKey", "Session", "Finding", "Kind"]
)
def test_the_main_types_name_their_fields(name: str) -> None:
    schema = SCHEMAS[name]
    assert schema["type"] == "object"
    assert len(schema["properties"]) >= 4
    assert schema["description"]
    free = {key for key, inner in schema["properties"].items() if not set(inner) - {"title", "default"}}
    assert free <= {"output", "failure", "fake"}, "only what steps give is of any type"
    if name not in {"Finding", "Kind"}:
        assert set(schema["required"]) == set(schema["properties"])


@pytest.mark.parametrize("operation", operations(), ids=lambda one: one.name)
def test_bodies_and_answers_have_examples_that_are_right(operation: Any) -> None:
    """``make examples`` records them: run it when a route is new, or gives something else."""
    documented = DOCUMENTED[operation.name]
    is_had = seeded.ANSWERS.get(operation.name, 200) < 300
    good = [answer for status, answer in documented["responses"].items() if status < "300" and is_had]
    contents = [one["content"] for one in (documented.get("requestBody", {}), *good) if "content" in one]
    for content in contents:
        if "application/json" not in content or operation.name in OF_ANY_SHAPE:
            continue
        described = content["application/json"]
        assert "example" in described, "run make examples"
        whole = {**described["schema"], "components": DOCUMENT["components"]}
        jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(described["example"])


def test_examples_hold_no_secret_of_whoever_recorded_them() -> None:
    text = EXAMPLES.read_text(encoding="utf-8")
    assert not re.search(r"pwk_[0-9a-f]{32}_", text)
    assert "/tmp/" not in text
    assert {one.name for one in operations()} >= set(json.loads(text))


def test_a_secret_value_goes_in_and_never_out() -> None:
    assert "value" in SCHEMAS["SecretValue"]["properties"]
    assert "value" not in SCHEMAS["Secret"]["properties"]
    assert SCHEMAS["SecretValue"]["properties"]["value"]["writeOnly"] is True
    assert "key" not in SCHEMAS["ApiKey"]["properties"]
    assert "key" in SCHEMAS["ApiKeyMade"]["properties"]


def test_descriptions_are_prose() -> None:
    for node in nodes(DOCUMENT):
        text = node.get("description")
        if isinstance(text, str):
            assert "``" not in text
            assert "\n    " not in text
