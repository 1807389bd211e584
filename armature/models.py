"""The one base of every model that crosses a border: frozen, strict about keys, camelCase on the wire."""

import re
from dataclasses import dataclass
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema


@dataclass(frozen=True)
class Form:
    """The form of a text, for `Annotated`: a regular expression, and the words for those who got it wrong.

    `words` complete “must be …”. The whole text must match; the pattern is also in the JSON Schema.
    """

    pattern: str
    words: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        form = re.compile(self.pattern)

        def checked(value: str) -> str:
            if form.fullmatch(value) is None:
                raise PydanticCustomError("form", "must be {words}", {"words": self.words})
            return value

        return core_schema.no_info_after_validator_function(checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "pattern": self.pattern}


class Model(BaseModel):
    """A typed, immutable value. Unknown keys are refused; JSON names are camelCase, Python names snake_case."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        ser_json_inf_nan="null",
        hide_input_in_errors=True,  # it may be a parameter's value, and errors are logged
    )

    def dump(self) -> dict[str, Any]:
        """The JSON object that stands for this value (what activities, orchestrators and blobs hand on)."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @classmethod
    def load(cls, data: Any) -> Self:
        """Read what `dump` wrote.

        Raises:
            pydantic.ValidationError: `data` is not of this shape.
        """
        return cls.model_validate(data)
