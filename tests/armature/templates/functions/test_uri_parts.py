"""URIs taken apart and put together."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.templates.errors import ExpressionError
from armature.templates.evaluation import StaticScope, evaluate

WORDS = st.text("abcxyz09", min_size=1, max_size=5)


def value_of(expression: str, **parameters: Any) -> Any:
    return evaluate(expression, StaticScope(parameters))


def test_a_uri_is_taken_apart_without_user_default_port_and_fragment() -> None:
    found = value_of("[parseUri('HTTPS://user:pw@A.com:443/p q/%41?x=1#f')]")

    assert found == {"scheme": "https", "host": "a.com", "port": None, "path": "/p%20q/A", "query": "?x=1"}


@given(WORDS, st.none() | st.integers(1, 65535), st.lists(WORDS, max_size=3), st.none() | WORDS)
def test_what_is_put_together_is_taken_apart_again(
    host: str, port: int | None, path: list[str], query: str | None
) -> None:
    parts = {"scheme": "https", "host": f"h{host}", "port": port, "path": f"/{'/'.join(path)}", "query": query or ""}

    built = value_of("[buildUri(parameters('parts'))]", parts=parts)
    found = value_of("[parseUri(parameters('uri'))]", uri=built)

    split = urlsplit(built)
    assert (split.hostname, split.path, split.query) == (parts["host"], parts["path"], parts["query"])
    assert (found["host"], found["port"]) == (parts["host"], None if port == 443 else port)
    assert value_of("[buildUri(parameters('parts'))]", parts=found) == built


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("[parseUri('a')]", "The specified URL 'a' is not valid 'Invalid URI: The format of the URI could not be"),
        ("[parseUri('https://a:x')]", "is not valid 'Invalid URI: Invalid port specified.'"),
        ("[parseUri('https:a')]", "is not valid 'Invalid URI: The Authority/Host could not be parsed.'"),
        ("[buildUri(createObject('host', 'a'))]", "is missing the required property 'scheme''."),
        ("[buildUri(createObject('scheme', 1, 'host', 'a'))]", "is type 'Integer', expected type is 'String'."),
        (
            "[buildUri(createObject('scheme', 'h t', 'host', 'a'))]",
            "The URI scheme is not valid. (Parameter 'value')'.",
        ),
        ("[buildUri(createObject('scheme', 'x', 'host', 'a', 'port', 70000))]", "less than or equal to '65535'."),
    ],
)
def test_what_can_not_be_read_or_built_is_refused(expression: str, message: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        value_of(expression)

    assert message in raised.value.message
