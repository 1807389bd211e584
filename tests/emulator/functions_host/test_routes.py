"""Route templates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.functions_host.errors import HostError
from emulator.functions_host.routes import compile_route

SEGMENT = st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters="-_.~"), min_size=1)


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("deployments", "deployments", {}),
        ("Deployments", "deployments", {}),
        ("deployments/{id}", "deployments/a%20b", {"id": "a b"}),
        ("deployments/{id}/events", "deployments/x/events", {"id": "x"}),
        ("files/{name}.{extension}", "files/a.json", {"name": "a", "extension": "json"}),
        ("pages/{number:int}", "pages/12", {"number": "12"}),
        ("d/{id:regex(^[a-z]{{2,3}}$)}", "d/abc", {"id": "abc"}),
        ("d/{id:length(2,3)}", "d/ab", {"id": "ab"}),
        ("d/{id:int:maxlength(2)}", "d/12", {"id": "12"}),
        ("list/{page?}", "list", {}),
        ("list/{page?}", "list/2", {"page": "2"}),
        ("dashboard/{*rest}", "dashboard/a/b.css", {"rest": "a/b.css"}),
        ("dashboard/{*rest}", "dashboard", {}),
        ("{*rest}", "a/b", {"rest": "a/b"}),
        ("", "", {}),
    ],
)
def test_a_path_matches_its_route(template: str, path: str, values: dict[str, str]) -> None:
    assert compile_route(template).match(path) == values


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("deployments", "deployments/x"),
        ("deployments/{id}", "deployments"),
        ("deployments/{id}", "deployments/a/b"),
        ("pages/{number:int}", "pages/x"),
        ("d/{id:regex(^[a-z]{{2,3}}$)}", "d/abcd"),
        ("d/{id:length(2,3)}", "d/a"),
        ("d/{id:int:maxlength(2)}", "d/123"),
        ("d/{id:guid}", "d/1"),
    ],
)
def test_another_path_does_not(template: str, path: str) -> None:
    assert compile_route(template).match(path) is None


@pytest.mark.parametrize("template", ["a/{id", "a/{id:unheard(1)}", "a/}b"])
def test_a_template_that_is_not_understood_is_refused(template: str) -> None:
    with pytest.raises(HostError):
        compile_route(template)


def test_literals_come_before_constraints_and_those_before_free_values() -> None:
    templates = ["d/{*rest}", "d/{id}", "d/{id:int}", "d/list"]

    ranked = sorted(map(compile_route, templates), key=lambda route: route.precedence)

    assert [route.template for route in ranked] == templates[::-1]


@given(st.lists(SEGMENT, min_size=1, max_size=4))
def test_every_segment_of_a_path_is_given_back(segments: list[str]) -> None:
    template = "/".join(f"{{p{number}}}" for number in range(len(segments)))

    values = compile_route(template).match("/".join(segments))

    assert values == {f"p{number}": segment for number, segment in enumerate(segments)}
