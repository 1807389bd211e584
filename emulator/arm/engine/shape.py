"""The shape of a template: which JSON types its parts have. What it means is checked where it is expanded."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from emulator.arm.engine.refusals import violation
from emulator.arm.engine.source import Source
from emulator.arm.errors import ArmError

Text = Annotated[str, StringConstraints(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class _Loop(_Part):
    name: str | None = None
    count: int | str
    mode: str | None = None
    batch_size: int | str | None = Field(None, alias="batchSize")
    input: Any = None


class _Resource(_Part):
    type: Text
    name: str
    api_version: str | None = Field(None, alias="apiVersion")
    condition: bool | str | None = None
    loop: _Loop | None = Field(None, alias="copy")
    depends_on: list[str] | None = Field(None, alias="dependsOn")
    scope: str | None = None
    subscription: str | None = Field(None, alias="subscriptionId")
    group: str | None = Field(None, alias="resourceGroup")
    existing: bool | None = None
    tags: dict[str, Any] | str | None = None
    properties: dict[str, Any] | str | None = None
    resources: "list[_Resource] | dict[str, _Resource] | None" = None


class _Discriminator(_Part):
    property_name: str = Field(alias="propertyName")
    mapping: "dict[str, _Type]"


class _Type(_Part):
    type: str | None = None
    allowed_values: list[Any] | None = Field(None, alias="allowedValues")
    min_value: int | None = Field(None, alias="minValue")
    max_value: int | None = Field(None, alias="maxValue")
    min_length: int | None = Field(None, alias="minLength")
    max_length: int | None = Field(None, alias="maxLength")
    nullable: bool | None = None
    items: "bool | _Type | None" = None
    prefix_items: "list[_Type] | None" = Field(None, alias="prefixItems")
    properties: "dict[str, _Type] | None" = None
    additional_properties: "bool | _Type | None" = Field(None, alias="additionalProperties")
    discriminator: _Discriminator | None = None


class _Output(_Type):
    condition: bool | str | None = None
    loop: _Loop | None = Field(None, alias="copy")
    value: Any = None


class _Argument(_Type):
    name: Text


class _Member(_Part):
    parameters: list[_Argument] | None = None
    output: _Output


class _Functions(_Part):
    namespace: Text
    members: dict[str, _Member]


class _Template(_Part):
    schema_: Text = Field(alias="$schema")
    content_version: Text = Field(alias="contentVersion")
    language_version: str | None = Field(None, alias="languageVersion")
    definitions: dict[str, _Type] | None = None
    parameters: dict[str, _Type] | None = None
    variables: dict[str, Any] | None = None
    functions: list[_Functions] | None = None
    resources: list[_Resource] | dict[str, _Resource]
    outputs: dict[str, _Output] | None = None


def check_shape(template: Mapping[str, Any], source: Source, *, is_inline: bool = False) -> None:
    """Raise InvalidTemplate for what is no template; `is_inline` inside of another."""
    try:
        _Template.model_validate(template)
    except ValidationError as wrong:
        if is_inline:
            reason = "The supplied nested deployment template could not be parsed as an ARM template."
            raise violation(reason, source.place()) from wrong
        raise _refusal(wrong, source) from wrong


def _refusal(wrong: ValidationError, source: Source) -> ArmError:
    first = wrong.errors(include_url=False, include_input=False)[0]
    steps = [step for step in first["loc"] if not str(step).startswith(("list[", "dict[", "_"))]
    if first["type"] == "missing":
        place = source.place(*steps[:-1])
        reason = f"Required property '{steps[-1]}' not found in JSON. Path '{place.path}', line {place.line}, "
    else:
        place = source.place(*steps)
        reason = f"Error converting a value of the template: {first['msg']}. Path '{place.path}', line {place.line}, "
    return violation(f"{reason}position {place.column}.", place)
