"""The bodies of requests: what two readers could take in two ways is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triggers.bodies import MAX_BODY_BYTES, document_in

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_what_json_can_say_is_read_as_it_is(document: object) -> None:
    assert document_in(json.dumps(document).encode()) == document


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"a": 1, "a": 2}', 'the name "a" is there more than once'),
        (b'{"b": [{"a": 1, "a": 1}]}', 'the name "a" is there more than once'),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "4300 digits"),
        (b"[" * 60_000, "recursion"),
        ('{"a": 1}'.encode("utf-16"), "utf-8"),
        (b'{"a": "\xff"}', "utf-8"),
        (b'{"a": "\\ud800"}', "surrogates"),
        (b"{} {}", "Extra data"),
        (b"", "Expecting value"),
    ],
)
def test_what_is_not_such_a_document_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(ValueError, match="not JSON") as refused:
        document_in(body)

    assert words in str(refused.value)


def test_a_byte_order_mark_does_no_harm() -> None:
    assert document_in(b"\xef\xbb\xbf{}") == {}


def test_a_body_has_a_limit() -> None:
    whole = json.dumps("x" * (MAX_BODY_BYTES - 2)).encode()

    assert document_in(whole) == "x" * (MAX_BODY_BYTES - 2)
    with pytest.raises(ValueError, match="at most 65536"):
        document_in(whole + b" ")
