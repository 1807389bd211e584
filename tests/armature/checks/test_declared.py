"""The section `validation`: its limits on both sides, and what the rest of the bundle says against it."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from armature.bundle import BundleLimits
from armature.checks.declared import (
    MAX_ENDPOINTS,
    MAX_FUNCTION_APPS,
    MAX_PATTERN,
    MAX_PROPERTIES,
    EndpointDeclaration,
    FunctionAppDeclaration,
    PropertyDeclaration,
    ValidationSection,
)
from armature.problems import ProblemCode
from armature.validation import review_bundle
from armature.zip_bundle import ZipBundle
from tests.builders import declared, manifest, template, zipped

URI = "https://shop.example"


def is_taken(kind: Any, document: dict[str, Any]) -> bool:
    try:
        kind.model_validate(document)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, True),
        ({"uri": "http://shop.example"}, False),
        ({"uri": "https://user@shop.example"}, False),
        ({"path": "/" + "a" * 1023}, True),
        ({"path": "/" + "a" * 1024}, False),
        ({"path": "/a b"}, False),
        ({"uri": "https://shop.example/h?code=Zm9v"}, False),
        ({"uri": "https://shop.example/h?a=1&subscription-key=Zm9v"}, False),
        ({"uri": "https://shop.example/h?apiKey=Zm9v"}, False),
        ({"uri": "https://shop.example/h?countryCode=de&key="}, True),
        ({"path": "/h?sv=2025&sig=Zm9v"}, False),
        ({"path": "/h?access_token=Zm9v"}, False),
        ({"path": "/h?page=2&keyword=x"}, True),
        ({"method": "POST"}, False),
        ({"method": "HEAD"}, True),
        ({"method": "HEAD", "contains": "x"}, False),
        ({"expect": 100}, True),
        ({"expect": 99}, False),
        ({"expect": 599}, True),
        ({"expect": 600}, False),
        ({"expect": "5xx"}, True),
        ({"expect": "2XX"}, False),
        ({"contains": "x" * 1000}, True),
        ({"contains": "x" * 1001}, False),
        ({"matches": "a" * MAX_PATTERN}, True),
        ({"matches": "a" * (MAX_PATTERN + 1)}, False),
        ({"matches": "("}, False),
        ({"matches": "(" * 400}, False),
        ({"maxLatencyMilliseconds": 1}, True),
        ({"maxLatencyMilliseconds": 0}, False),
        ({"maxLatencyMilliseconds": 60_000}, True),
        ({"maxLatencyMilliseconds": 60_001}, False),
        ({"tlsDaysLeft": 365}, True),
        ({"tlsDaysLeft": 366}, False),
        ({"warmUpSeconds": 3600}, True),
        ({"warmUpSeconds": 3601}, False),
        ({"warmUpSeconds": -1}, False),
        ({"headers": {"Accept": "application/json"}}, True),
        ({"headers": {"Accept": "a\r\nX: y"}}, False),
        ({"headers": {"A:B": "x"}}, False),
        ({"headers": {"Host": "other.example"}}, False),
        ({"headers": {"Content-Length": "1"}}, False),
        ({"headers": {"Authorization": "Bearer x"}}, False),
        ({"headers": {"x-functions-key": "x"}}, False),
        ({"headers": {"Cookie": "x"}}, False),
        ({"headers": {"X-Api-Key": "x"}}, False),
        ({"headers": {"X-Monkey": "x"}}, True),
        ({"headers": {"a": "1", "A": "2"}}, False),
        ({"headers": {f"h{n}": "x" for n in range(20)}}, True),
        ({"headers": {f"h{n}": "x" for n in range(21)}}, False),
        ({"typo": 1}, False),
    ],
)
def test_an_endpoint_has_limits(parts: dict[str, Any], expected: bool) -> None:
    assert is_taken(EndpointDeclaration, {"uri": URI, **parts}) is expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"id": "/subscriptions/a/resourceGroups/b"}, True),
        ({"output": "web.id"}, True),
        ({"template": "web", "type": "Microsoft.Web/sites", "name": "x"}, True),
        ({"template": "web", "type": "Microsoft.Web/sites"}, False),
        ({"id": "/a/b", "output": "web.id"}, False),
        ({"id": "no-slash"}, False),
        ({"id": "/a/../b?x=1"}, False),
        ({"id": "/subscriptions/a/resourceGroups/../b"}, False),
        ({"id": "/subscriptions/a/resourceGroups/b/.."}, False),
        ({"id": "/subscriptions/a/resourceGroups/..b."}, True),
        ({}, False),
    ],
)
def test_a_property_names_its_resource_in_one_way(parts: dict[str, Any], expected: bool) -> None:
    assert is_taken(PropertyDeclaration, {"property": "p", "equals": None, **parts}) is expected


def test_a_property_must_say_what_it_equals() -> None:
    assert not is_taken(PropertyDeclaration, {"id": "/a/b", "property": "p"})


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"name": "func-shop"}, True),
        ({"name": "func-shop/blue"}, True),
        ({"output": "web.siteId"}, True),
        ({"name": "func-shop", "output": "web.siteId"}, False),
        ({"name": "func.shop"}, False),
        ({}, False),
        ({"name": "func-shop", "functions": []}, False),
        ({"name": "func-shop", "functions": ["has space"]}, False),
    ],
)
def test_a_function_app_is_named_in_one_way(parts: dict[str, Any], expected: bool) -> None:
    assert is_taken(FunctionAppDeclaration, {"functions": ["hello"], **parts}) is expected


@pytest.mark.parametrize(
    ("key", "item", "limit"),
    [
        ("endpoints", {"uri": URI}, MAX_ENDPOINTS),
        ("resources", {"output": "web.id", "property": "p", "equals": 1}, MAX_PROPERTIES),
        ("functionApps", {"name": "f", "functions": ["x"]}, MAX_FUNCTION_APPS),
    ],
)
def test_there_is_a_limit_to_each_kind(key: str, item: dict[str, Any], limit: int) -> None:
    assert is_taken(ValidationSection, {key: [item] * limit})
    assert not is_taken(ValidationSection, {key: [item] * (limit + 1)})


@given(st.text(max_size=60))
def test_any_pattern_is_taken_or_refused_with_reason(pattern: str) -> None:
    is_taken(EndpointDeclaration, {"uri": URI, "matches": pattern})


OUTPUTS = {
    "url": {"type": "string", "value": "x"},
    "port": {"type": "int", "value": 1},
    "key": {"type": "secureString", "value": "x"},
}
BY_NAME = {"template": "web", "type": "Microsoft.Web/sites", "name": "x", "property": "p", "equals": 1}


@pytest.mark.parametrize(
    ("section", "faults"),
    [
        ({"endpoints": [{"output": "WEB.URL"}]}, []),
        ({"endpoints": [{"output": "web.uri"}]}, [(ProblemCode.OUTPUT_UNKNOWN, "/endpoints/0/output")]),
        ({"endpoints": [{"output": "web.port"}]}, [(ProblemCode.PARAMETER_TYPE, "/endpoints/0/output")]),
        ({"endpoints": [{"output": "web.key"}]}, [(ProblemCode.OUTPUT_SECURE, "/endpoints/0/output")]),
        ({"endpoints": [{"output": "api.url"}]}, [(ProblemCode.DEPENDENCY_UNKNOWN, "/endpoints/0/output")]),
        ({"resources": [{"output": "web.x", "property": "p", "equals": 1}]},
         [(ProblemCode.OUTPUT_UNKNOWN, "/resources/0/output")]),
        ({"resources": [BY_NAME]}, []),
        ({"resources": [{**BY_NAME, "template": "api"}]}, [(ProblemCode.DEPENDENCY_UNKNOWN, "/resources/0/template")]),
        ({"resources": [{**BY_NAME, "property": "a..b"}]}, [(ProblemCode.MANIFEST_FIELD, "/resources/0/property")]),
        ({"functionApps": [{"output": "web.port", "functions": ["f"]}]},
         [(ProblemCode.PARAMETER_TYPE, "/functionApps/0/output")]),
        ({"functionApps": [{"name": "f", "functions": ["f"]}, {"name": "F", "functions": ["g"]}]},
         [(ProblemCode.NAME_DUPLICATE, "/functionApps/1/name")]),
    ],
)  # fmt: skip
def test_what_the_bundle_says_against_a_check_is_told_at_its_place(
    section: dict[str, Any], faults: list[tuple[ProblemCode, str]]
) -> None:
    documents = {
        "manifest.json": manifest(declared("web", "web.json"), validation=section),
        "web.json": template(outputs=OUTPUTS),
    }
    bundle = ZipBundle(io.BytesIO(zipped(documents)), BundleLimits())

    review = review_bundle(bundle, request=None, deployment_id="d-1", cloud_name=None, default_location=None)

    assert [(problem.code, problem.pointer.removeprefix("/validation")) for problem in review.errors] == faults
