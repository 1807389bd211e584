"""The one base of every model that crosses a border: frozen, strict about keys, camelCase on the wire."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """A typed, immutable value. Unknown keys are refused; JSON names are camelCase, Python names snake_case."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        ser_json_inf_nan="null",
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
