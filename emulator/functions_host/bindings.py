"""Values on their way into and out of a function, through the converters that azure.functions registers."""

import json
from collections.abc import Mapping
from typing import Any

import azure.functions as func
from azure.functions import meta

from emulator.functions_host.indexing import Binding


class Out(func.Out[Any]):
    """What a function gets for a ``func.Out`` parameter."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, val: Any) -> None:
        """Set the value of the output binding."""
        self._value = val

    def get(self) -> Any:
        """Return what was set, None before."""
        return self._value


def decode(binding: Binding, datum: meta.Datum, trigger_metadata: Mapping[str, meta.Datum] | None = None) -> Any:
    """Turn what the host hands over into what the function's parameter gets."""
    return _converter(binding.type).decode(datum, trigger_metadata=trigger_metadata)


def encode(binding_type: str, value: Any) -> meta.Datum:
    """Turn a returned or set value into what the host gets.

    Raises `ValueError`, `TypeError` or `NotImplementedError` for a value that the binding does not take.
    """
    datum: meta.Datum = _converter(binding_type).encode(value, expected_type=None)
    return datum


def binding_data(text: str) -> dict[str, meta.Datum]:
    """Return what a trigger's text adds to the metadata when it is a JSON object: its properties, but for lists.

    As recorded; without lists and nulls as in the script host's Utility.ApplyBindingData.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):  # no JSON, or too deep or large a number to be read
        return {}
    if not isinstance(content, dict):
        return {}
    return {
        name: _property(value) for name, value in content.items() if value is not None and not isinstance(value, list)
    }


def _property(value: Any) -> meta.Datum:
    if isinstance(value, dict):
        return meta.Datum(json.dumps(value, separators=(",", ":"), ensure_ascii=False), "json")
    return meta.Datum(str(value), "string")


def _converter(binding_type: str) -> Any:
    registry = meta.get_binding_registry()  # type: ignore[no-untyped-call]
    return registry.get(binding_type) or registry.get("generic")


def queue_texts(datum: meta.Datum) -> list[str]:
    """Return the messages that a queue output stands for.

    The host reads a text that is a JSON object as one and writes it out again indented; a list of texts or objects
    is as many messages.
    """
    if datum.type == "bytes":
        return [datum.value.decode("utf-8")]
    if datum.type == "json":
        content = json.loads(datum.value)
        items = content if isinstance(content, list) else [content]
        return [item if isinstance(item, str) else item["body"] for item in items]
    return [_as_host_writes(datum.value)]


def _as_host_writes(text: str) -> str:
    if not text.lstrip().startswith("{"):
        return text
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        return text
    return json.dumps(content, indent=2, ensure_ascii=False)
