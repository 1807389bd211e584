"""Lenient reading of JSON, and the place of every value."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from armature.templates.reading import (
    MAX_NESTING,
    JsonSyntaxError,
    Position,
    escape_pointer,
    pointer_to,
    read_first_value,
    read_json,
    walk_values,
)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
NOISE = st.sampled_from(["", " ", "\n", "\t", "// note, [1]\n", "/* a 'note' */", "\r\n", "/* // */ "])


def value_of(text: str | bytes) -> Any:
    return read_json(text, file="main.json").value


def fault_of(text: str | bytes) -> JsonSyntaxError | None:
    """What the reader refuses a text with; anything but a syntax error fails the test."""
    try:
        value_of(text)
    except JsonSyntaxError as error:
        return error
    return None


@given(JSON_VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_strict_json_reads_as_the_standard_library_reads_it(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)

    read = value_of(text)

    assert read == json.loads(text)
    assert repr(read) == repr(json.loads(text))  # 1 is not 1.0, true is not 1


def noisy(value: Any, draw: Any) -> str:
    """The value as JSON with comments, white space and trailing commas wherever the lenient form allows them."""
    noise = draw(NOISE)
    if isinstance(value, list):
        inner = ",".join(noisy(item, draw) for item in value)
        return f"{noise}[{inner}{draw(st.sampled_from(['', ','])) if value else ''}{draw(NOISE)}]{draw(NOISE)}"
    if isinstance(value, dict):
        pairs = (f"{draw(NOISE)}{json.dumps(name)}{draw(NOISE)}:{noisy(item, draw)}" for name, item in value.items())
        inner = ",".join(pairs)
        return f"{noise}{{{inner}{draw(st.sampled_from(['', ','])) if value else ''}{draw(NOISE)}}}{draw(NOISE)}"
    return f"{noise}{json.dumps(value, ensure_ascii=False)}{draw(NOISE)}"


@given(st.data())
@settings(max_examples=60)
def test_comments_and_trailing_commas_anywhere_do_not_change_the_value(data: st.DataObject) -> None:
    value = data.draw(JSON_VALUES)
    text = noisy(value, data.draw)

    assert value_of(text) == value
    assert value_of(text.encode()) == value
    assert value_of("\ufeff" + text) == value


@given(JSON_VALUES, st.sampled_from([None, 0, 2]))
@settings(max_examples=60)
def test_every_value_stands_where_its_position_says(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    document = read_json(text, file="main.json")
    lines = text.split("\n")

    for pointer, part in walk_values(document.value):
        place = document.position(pointer)
        rest = "\n".join([lines[place.line - 1][place.column - 1 :], *lines[place.line :]])
        assert json.JSONDecoder(strict=False).raw_decode(rest)[0] == part


@given(st.text())
@settings(max_examples=200)
def test_any_text_is_read_or_refused_with_a_place_inside_it(text: str) -> None:
    fault = fault_of(text)

    assert fault is None or (1 <= fault.line <= text.count("\n") + 1 and fault.column >= 1)


@given(st.text(alphabet="{}[]\",:'\\/* \n1a-.eE", max_size=40))
@settings(max_examples=200)
def test_any_punctuation_is_read_or_refused(text: str) -> None:
    fault = fault_of(text)

    assert fault is None or fault.line >= 1


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    fault = fault_of(data)

    assert fault is None or fault.line >= 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1,}', {"a": 1}),
        ("[1, 2, ]", [1, 2]),
        ('{"a": "line\none\ttab"}', {"a": "line\none\ttab"}),
        ("{'a': 'it\\'s \"x\"', b: true}", {"a": 'it\'s "x"', "b": True}),
        ('// first\n{"a": /* here */ 1} // last', {"a": 1}),
        ('{"a": "http://x//y", "b": "/* no comment */"}', {"a": "http://x//y", "b": "/* no comment */"}),
        ('"\\ud83d\\ude00"', "😀"),
        ("[]", []),
        ("-0.5e-3", -0.0005),
    ],
)
def test_what_arm_takes_beyond_strict_json_is_read(text: str, value: Any) -> None:
    assert value_of(text) == value


def test_of_a_property_that_is_there_twice_the_last_counts() -> None:
    document = read_json('{"a": 1, "b": 2,\n "a": [3]}', file="main.json")

    assert document.value == {"a": [3], "b": 2}
    assert document.position("/a/0") == Position(2, 8)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, 1, "found the end of the file"),
        ('{"a": 1', 1, 8, "Expected ',' or '}', found the end of the file"),
        ('{\n  "a": 1\n  "b": 2}', 3, 3, "Expected ',' or '}'"),
        ('{"a" 1}', 1, 6, "Expected ':' after the property name 'a'"),
        ("[1, , 2]", 1, 5, "Expected a value, found ','"),
        ("[1] x", 1, 5, "Expected the end of the file"),
        ('{"a": "open', 1, 7, "The string is not closed"),
        ("['open", 1, 2, "The string is not closed"),
        ('["\\x"]', 1, 3, "Invalid \\escape"),
        ("[01]", 1, 2, "Expected a value"),
        ("[NaN]", 1, 2, "Expected a value, found 'NaN'"),
        ("[1e999]", 1, 2, "The number is too large"),
        ("/* open", 1, 1, "The comment is not closed"),
        ("{1: 2}", 1, 2, "Expected a property name"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(JsonSyntaxError) as caught:
        value_of(text)

    assert (caught.value.line, caught.value.column) == (line, column)
    assert message in caught.value.message


def test_text_in_no_known_encoding_is_told_with_its_place() -> None:
    with pytest.raises(JsonSyntaxError) as caught:
        value_of('{"a":\n "grün"}'.encode("latin-1"))

    assert (caught.value.line, caught.value.column) == (2, 5)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_every_unicode_encoding_is_read(encoding: str) -> None:
    assert value_of('{"a": "grün"}'.encode(encoding)) == {"a": "grün"}


def test_nesting_is_read_up_to_the_limit_and_refused_beyond_it() -> None:
    deepest = "[" * MAX_NESTING + "]" * MAX_NESTING

    assert isinstance(value_of(deepest), list)
    with pytest.raises(JsonSyntaxError, match="levels"):
        value_of(f"[{deepest}]")
    with pytest.raises(JsonSyntaxError, match="levels"):
        value_of('{"a":' * 100_000)


@pytest.mark.parametrize("digits", [381, 10_000])
def test_a_number_of_very_many_digits_is_refused(digits: int) -> None:
    assert value_of("1" * 380) == int("1" * 380)
    with pytest.raises(JsonSyntaxError, match="too large"):
        value_of("1" * digits)


@pytest.mark.parametrize("text", [r'["a\ud800"]', r'["a\udc00\ud800"]', r'{"\udfff": 1}', r"['\ud800']"])
def test_half_of_a_surrogate_pair_is_no_text(text: str) -> None:
    assert value_of(r'"\ud83d\ude00"') == "\U0001f600"
    with pytest.raises(JsonSyntaxError, match="surrogate") as caught:
        value_of(text)
    assert (caught.value.line, caught.value.column) == (1, 2)


def test_a_character_inside_a_string_has_a_place_escapes_accounted_for() -> None:
    document = read_json('{"a":\n  "x\\ty\\u0041z\\ud83d\\ude00!"}', file="main.json")

    columns = [document.position("/a", character=index).column for index in range(7)]

    assert document.value == {"a": "x\tyAz😀!"}
    assert columns == [4, 5, 7, 8, 14, 15, 27]


def test_a_name_has_a_place_of_its_own() -> None:
    document = read_json('{\n  "a/b": 1}', file="main.json")

    assert document.position("/a~1b", of_name=True) == Position(2, 3)
    assert document.position("/a~1b") == Position(2, 10)


def test_what_is_missing_stands_where_its_nearest_ancestor_stands() -> None:
    document = read_json('{"a":\n {"b": 1}}', file="main.json")

    assert document.position("/a/c/d") == Position(2, 2)
    assert document.position("/z", of_name=True) == Position(1, 1)


@given(st.lists(st.text(max_size=6) | st.integers(0, 9), max_size=4))
def test_pointers_escape_what_they_must(parts: list[str | int]) -> None:
    pointer = pointer_to(*parts)

    unescaped = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]

    assert unescaped == [str(part) for part in parts]
    assert all("/" not in escape_pointer(str(part)) for part in parts)


def test_values_are_walked_in_document_order() -> None:
    value = {"b": [1, {"c": 2}], "a": 3}

    assert list(walk_values(value, "/x")) == [
        ("/x", value),
        ("/x/b", [1, {"c": 2}]),
        ("/x/b/0", 1),
        ("/x/b/1", {"c": 2}),
        ("/x/b/1/c", 2),
        ("/x/a", 3),
    ]


def test_the_first_value_is_read_and_the_rest_ignored() -> None:
    assert read_first_value(' {"a": 1} and more') == {"a": 1}
