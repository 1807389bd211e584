"""The functions, a few of each kind; the whole table is compared with Microsoft's engine in tests/conformance."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.templates.errors import ExpressionError
from armature.templates.evaluation import StaticScope, evaluate
from armature.templates.functions.composite_format import FormatError, composite_format
from armature.templates.functions.dates import format_time
from armature.templates.functions.hashes import guid, unique_string
from armature.templates.functions.uris import join_uri


def value_of(expression: str) -> Any:
    return evaluate(expression, StaticScope())


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[add(2, mul(3, -4))]", -10),
        ("[div(-7, 2)]", -3),
        ("[mod(-7, 3)]", -1),
        ("[length('😀')]", 2),
        ("[indexOf('abcB', 'b')]", 1),
        ("[lastIndexOf('abcb', 'B')]", 3),
        ("[startsWith('Abc', 'aB')]", True),
        ("[contains('abc', 'B')]", False),
        ("[split('a,b;c', createArray(',', ';'))]", ["a", "b", "c"]),
        ("[padLeft(7, 3, '0')]", "007"),
        ("[toUpper('straße')]", "STRAßE"),
        ("[substring('abcdef', 2, 3)]", "cde"),
        (
            "[union(createObject('a', createObject('x', 1)), createObject('A', createObject('y', 2)))]",
            {"A": {"x": 1, "y": 2}},
        ),
        ("[union(createArray(1, 2), createArray(2, 3))]", [1, 2, 3]),
        ("[intersection(createArray(2, 1, 2), createArray(1, 2))]", [2, 1]),
        ("[items(createObject('b', 1, 'A', 2))]", [{"key": "A", "value": 2}, {"key": "b", "value": 1}]),
        ("[range(3, 2)]", [3, 4]),
        ("[tryGet(createObject('a', createArray(5)), 'A', 0)]", 5),
        ("[tryGet(createObject(), 'a', 'b')]", None),
        ('[json(\'{"a": [1.0, "2020-01-01T00:00:00Z"]}\')]', {"a": [1.0, "2020-01-01T00:00:00Z"]}),
        ("[base64ToString(base64('grün'))]", "grün"),
        ("[dataUriToString(dataUri('x'))]", "x"),
        ("[string(createObject('a', true()))]", '{"a":true}'),
        ("[uriComponent('a b/c')]", "a%20b%2Fc"),
        ("[dateTimeAdd('2020-04-07 14:53:14Z', 'P1M', 'yyyy-MM-dd')]", "2020-05-07"),
        ("[dateTimeToEpoch(dateTimeFromEpoch(1586271194))]", 1586271194),
        ("[less('B', 'a')]", True),
        ("[min(createArray(3, 1, 2))]", 1),
        ("[bool('TRUE')]", True),
    ],
)
def test_functions_have_the_values_of_arm(expression: str, value: Any) -> None:
    assert value_of(expression) == value


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1).filter(bool))
def test_division_and_remainder_belong_together(left: int, right: int) -> None:
    if (left, right) == (-(2**63), -1):
        return

    quotient, remainder = value_of(f"[div({left}, {right})]"), value_of(f"[mod({left}, {right})]")

    assert quotient * right + remainder == left
    assert abs(remainder) < abs(right)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_the_hashes_depend_on_the_joined_text_only(parts: list[str]) -> None:
    joined = "-".join(parts)

    assert unique_string(*parts) == unique_string(joined)
    assert guid(*parts) == guid(joined)
    assert len(unique_string(joined)) == 13
    assert uuid.UUID(guid(joined)).version == 5


@pytest.mark.parametrize(
    ("text", "unique"),
    [("", "aaaaaaaaaaaaa"), ("a", "eveiun73364hy"), ("é", "5i6hbiqzwuby6"), ("rg-abcdefghijk", "zitt3yhtkg4cw")],
)
def test_unique_strings_are_byte_for_byte_those_of_arm(text: str, unique: str) -> None:
    assert unique_string(text) == unique


def test_identifiers_are_byte_for_byte_those_of_arm() -> None:
    assert guid("a") == "3703365d-5a9f-59b4-bca7-b9681389e4c1"
    assert guid("a", "b", "c") == "a98fa280-e03f-5afa-8d8e-92d0a9c201e8"


@pytest.mark.parametrize(
    ("pattern", "values", "text"),
    [
        ("{0:D3}|{1,5}|{1,-5}|", [5, "x"], "005|    x|x    |"),
        ("{{{0}}}", ["a"], "{a}"),
        ("{0:N2} {0:X4} {0:E1} {0:P0} {0:C}", [1234], "1,234.00 04D2 1.2E+003 123,400 % ¤1,234.00"),
        ("{0:#,##0.00} {0:000000}", [1234.5], "1,234.50 001235"),
        ("{0:0;(0);zero}{1:0;(0);zero}", [-5, 0], "(5)zero"),
        ("{0}{1}", [None, True], "True"),
    ],
)
def test_composite_formats_are_those_of_dotnet(pattern: str, values: list[Any], text: str) -> None:
    assert composite_format(pattern, values) == text


@given(
    st.text(alphabet="{}0123,:-DNXFE#.; ab", max_size=20),
    st.integers() | st.floats(allow_nan=False, allow_infinity=False),
)
def test_any_format_is_applied_or_refused(pattern: str, value: float) -> None:
    try:
        text = composite_format(pattern, [value])
    except FormatError:
        return
    assert isinstance(text, str)


@pytest.mark.parametrize("pattern", ["{0", "}", "{}", "{1}", "{a}", "{0:Z}", "{0,}"])
def test_a_bad_format_is_refused(pattern: str) -> None:
    with pytest.raises(FormatError):
        composite_format(pattern, [1])


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("yyyyMMddTHHmmssZ", "20260307T090503Z"),
        ("o", "2026-03-07T09:05:03.0450000+00:00"),
        ("R", "Sat, 07 Mar 2026 09:05:03 GMT"),
        ("ddd d MMM yy h:m tt", "Sat 7 Mar 26 9:5 AM"),
        ("'at' fff", "at 045"),
    ],
)
def test_times_are_formatted_as_dotnet_formats_them(pattern: str, text: str) -> None:
    assert format_time(datetime(2026, 3, 7, 9, 5, 3, 45_000, tzinfo=UTC), pattern) == text


@pytest.mark.parametrize(
    ("base", "relative", "joined"),
    [
        ("https://a.com/b/main.json?sv=1", "x.json", "https://a.com/b/x.json"),
        ("https://a.com/b", "x.json", "https://a.com/x.json"),
        ("https://a.com/b/", "nested/x.json?sv=1&sig=a%2Bb%3D", "https://a.com/b/nested/x.json?sv=1&sig=a%2Bb%3D"),
        ("https://a.com/b/c/", "../x.json", "https://a.com/b/x.json"),
        ("HTTPS://A.com:443/B", "?q", "https://a.com/B?q"),
        ("https://127.0.0.1:10000/account/c/main.json", "x y.json", "https://127.0.0.1:10000/account/c/x%20y.json"),
        ("https://a.com/b/", "https://c.com", "https://c.com/"),
    ],
)
def test_uris_are_joined_as_dotnet_joins_them(base: str, relative: str, joined: str) -> None:
    assert join_uri(base, relative) == joined


@pytest.mark.parametrize(("base", "relative"), [("a/b", "c"), ("", "c"), ("https://a.com/b/", "c:d")])
def test_what_can_not_be_joined_is_refused(base: str, relative: str) -> None:
    with pytest.raises(ExpressionError, match="uri"):
        join_uri(base, relative)


@pytest.mark.parametrize("function", ["guid", "uniqueString"])
def test_half_of_a_character_is_hashed_and_no_crash(function: str) -> None:
    half = value_of(f"[{function}(take('😀', 1))]")

    assert half == value_of(f"[{function}('\ufffd')]")
