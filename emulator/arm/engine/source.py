"""The text in which a template stands: it tells lines and columns as ARM's error messages count them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from armature.templates.reading import JsonDocument, pointer_to, read_json


@dataclass(frozen=True)
class Place:
    """A line and a column, both from 1."""

    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"line '{self.line}' and column '{self.column}'"


@dataclass(frozen=True)
class Source:
    """A template inside a document, at a JSON pointer."""

    document: JsonDocument
    pointer: str = ""

    @classmethod
    def of(cls, template: Mapping[str, Any]) -> Self:
        """The source of a template that came without a text: as a client would have written it."""
        return cls(read_json(json.dumps(template), file="template"))

    @property
    def value(self) -> Any:
        """The template."""
        return self._value(self.pointer)

    def inside(self, pointer: str) -> "Source":
        """The source of a part of this template."""
        return Source(self.document, self.pointer + pointer)

    def place(self, *path: str | int) -> Place:
        """Where a part of the template stands.

        As Newtonsoft.Json tells it: of an object or array the opening bracket, of anything else its last character
        (asked of Microsoft's engine).
        """
        pointer = self.pointer + pointer_to(*path)
        value = self._value(pointer)
        character = len(value) if isinstance(value, str) else None
        found = self.document.position(pointer, character=character)
        if value is None or isinstance(value, bool | int | float):
            found = type(found)(found.line, found.column + len(json.dumps(value)) - 1)
        return Place(found.line, found.column)

    def _value(self, pointer: str) -> Any:
        """The value at a pointer, or of the nearest part around it that is there."""
        value = self.document.value
        for segment in pointer.split("/")[1:]:
            name = segment.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and name in value:
                value = value[name]
            elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
                value = value[int(name)]
            else:
                break
        return value
