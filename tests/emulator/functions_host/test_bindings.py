"""Messages of queue outputs, and what a text that is JSON says beside itself."""

import azure.functions as func
import pytest

from emulator.functions_host.bindings import Out, binding_data, encode, queue_texts


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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '{"a": 1, "s": "é", "b": true, "o": {"n": null}}',
            {"a": ("string", "1"), "s": ("string", "é"), "b": ("string", "True"), "o": ("json", '{"n":null}')},
        ),
        ('{"list": [1], "null": null}', {}),
        ("[1]", {}),
        ("plain", {}),
        ("[" * 20_000, {}),
        ('{"a": ' + "9" * 5000 + "}", {}),
    ],
)
def test_the_properties_of_a_json_object_are_metadata(text: str, told: dict[str, tuple[str, str]]) -> None:
    assert {name: (datum.type, datum.value) for name, datum in binding_data(text).items()} == told


def test_an_out_parameter_gives_back_what_was_set() -> None:
    out = Out()

    out.set("x")

    assert out.get() == "x"
