"""Messages of queue outputs."""

import azure.functions as func
import pytest

from emulator.functions_host.bindings import Out, encode, queue_texts


@pytest.mark.parametrize(
    ("value", "messages"),
    [
        ("plain é", ["plain é"]),
        (b"bytes", ["bytes"]),
        (["a", "b"], ["a", "b"]),
        ([func.QueueMessage(id="1", body="hello")], ["hello"]),
        ('{"a": "é", "b": [1]}', ['{\n  "a": "é",\n  "b": [\n    1\n  ]\n}']),
        ("{ not json", ["{ not json"]),
    ],
)
def test_a_value_becomes_the_messages_that_the_host_puts(value: object, messages: list[str]) -> None:
    assert queue_texts(encode("queue", value)) == messages


def test_an_out_parameter_gives_back_what_was_set() -> None:
    out = Out()

    out.set("x")

    assert out.get() == "x"
