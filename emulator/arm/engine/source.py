"""The text in which a template stands: it tells lines, columns and paths as ARM's error messages do."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from armature.templates.reading import JsonDocument, pointer_to, read_json

_PLAIN_NAME = re.compile(r"[^\s.'\[\]()]+")


@dataclass(frozen=True)
class Place:
    """A line and a column, both from 1, and the path that leads there: `properties.template.resources[0]`."""

    line: int
    column: int
    path: str

    def __str__(self) -> str:
        return f"line '{self.line}' and column '{self.column}'"


@dataclass(frozen=True)
class Source:
    """A template inside a document, at a JSON pointer."""

    document: JsonDocument
    pointer: str = ""

    @classmethod
    def of(cls, template: Mapping[str, Any]) -> Self:
        """The source of a template that came without a text: as a client would have sent it."""
        body = json.dumps({"properties": {"template": template}})
        return cls(read_json(body, file="request"), "/properties/template")

    @property
    def value(self) -> Any:
        """The template."""
        return self._found(self.pointer)[0]

    @property
    def path(self) -> str:
        """The path from the document to the template."""
        return self._found(self.pointer)[1]

    def inside(self, *path: str | int) -> "Source":
        """The source of a part of this template."""
        return Source(self.document, self.pointer + pointer_to(*path))

    def place(self, *path: str | int) -> Place:
        """Where a part of the template stands, or what is around it when it is not there.

        As Newtonsoft.Json tells it: of an object or array the opening bracket, of anything else its last character
        (asked of Microsoft's engine).
        """
        pointer = self.pointer + pointer_to(*path)
        value, written = self._found(pointer)
        character = len(value) if isinstance(value, str) else None
        found = self.document.position(pointer, character=character)
        width = len(json.dumps(value)) if value is None or isinstance(value, bool | int | float) else 1
        return Place(found.line, found.column + width - 1, written)

    def _found(self, pointer: str) -> tuple[Any, str]:
        """The value at a pointer, or of the nearest part around it that is there, and its path in Newtonsoft's form."""
        value, path = self.document.value, ""
        for segment in pointer.split("/")[1:]:
            name = segment.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and name in value:
                value = value[name]
                plain = _PLAIN_NAME.fullmatch(name)
                path += (f".{name}" if path else name) if plain else f"['{name}']"
            elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
                value = value[int(name)]
                path += f"[{name}]"
            else:
                break
        return value, path
