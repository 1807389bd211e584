"""An ARM template as data: what it declares, and where."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from armature.templates.errors import ExpressionSyntaxError
from armature.templates.expressions import (
    FunctionCall,
    StringLiteral,
    is_expression,
    parse_expression,
    render,
    unescape,
)
from armature.templates.reading import JsonDocument, Position, escape_pointer, read_json
from armature.templates.types import TypeDefinitions

DEPLOYMENT_TYPE = "microsoft.resources/deployments"
_SECURE_TYPES = ("securestring", "secureobject")


class DeploymentScope(StrEnum):
    """What a template is deployed to; its `$schema` says which."""

    RESOURCE_GROUP = "resourceGroup"
    SUBSCRIPTION = "subscription"
    MANAGEMENT_GROUP = "managementGroup"
    TENANT = "tenant"


_SCHEMAS = {
    "deploymentTemplate.json": DeploymentScope.RESOURCE_GROUP,
    "subscriptionDeploymentTemplate.json": DeploymentScope.SUBSCRIPTION,
    "managementGroupDeploymentTemplate.json": DeploymentScope.MANAGEMENT_GROUP,
    "tenantDeploymentTemplate.json": DeploymentScope.TENANT,
}
_SCOPES = {name.lower(): scope for name, scope in _SCHEMAS.items()}


def schema_of(scope: DeploymentScope) -> str:
    """The name of the schema that a template for such a scope has."""
    return next(name for name, of in _SCHEMAS.items() if of is scope)


class TemplateShapeError(ValueError):
    """The JSON is no deployment template; `pointer` and `position` say where it stops being one."""

    def __init__(self, message: str, pointer: str, position: Position) -> None:
        super().__init__(message)
        self.message = message
        self.pointer = pointer
        self.position = position


@dataclass(frozen=True)
class ParameterDefinition:
    """A parameter of a template. `type` is in lower case, with `$ref` followed; `default` may hold expressions.

    `written` is the whole definition as the template has it, in which `types` looks up what it refers to.
    """

    name: str
    type: str
    secure: bool = False
    has_default: bool = False
    default: Any = None
    allowed_values: tuple[Any, ...] | None = None
    min_value: int | None = None
    max_value: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    nullable: bool = False
    written: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)
    types: TypeDefinitions | None = field(default=None, compare=False, repr=False)

    @property
    def is_required(self) -> bool:
        """Whether a deployment must give a value."""
        return not self.has_default and not self.nullable


@dataclass(frozen=True, slots=True)
class OutputDefinition:
    """An output of a template; `type` is in lower case."""

    name: str
    type: str
    secure: bool = False


@dataclass(frozen=True)
class UserFunction:
    """A function that a template defines in its `functions` section; `output` may hold expressions."""

    namespace: str
    name: str
    parameters: tuple[ParameterDefinition, ...]
    output: Any
    output_type: str
    pointer: str

    @property
    def full_name(self) -> str:
        """The name under which expressions call it."""
        return f"{self.namespace}.{self.name}"


@dataclass(frozen=True)
class ResourceDeclaration:
    """A resource as the template declares it; a child inside its parent has the full type and name.

    `type` and `name` are as the template has them, expressions included. `body` is the JSON object, `scope` the raw
    `scope` property, `depth` the number of parents it is written inside of.
    """

    type: str
    name: str
    api_version: str
    pointer: str
    body: Mapping[str, Any]
    scope: Any = None
    symbolic_name: str | None = None
    depth: int = 0

    @property
    def is_existing(self) -> bool:
        """Whether it is only referred to, not deployed."""
        return self.body.get("existing") is True

    @property
    def is_deployment(self) -> bool:
        """Whether it starts a linked or nested deployment."""
        return self.type.lower() == DEPLOYMENT_TYPE

    @property
    def copy_count(self) -> int:
        """How many resources it stands for, when its copy count is constant; else 1."""
        copy = self.body.get("copy")
        count = copy.get("count") if isinstance(copy, dict) else None
        return count if type(count) is int and count >= 0 else 1

    @property
    def properties(self) -> Mapping[str, Any]:
        """The `properties` object, empty when there is none."""
        properties = self.body.get("properties")
        return properties if isinstance(properties, dict) else {}


@dataclass(frozen=True)
class InlineTemplate:
    """A template inside a deployment resource; `is_inner` when its expressions see its own parameters and variables."""

    deployment: ResourceDeclaration
    template: "Template"
    is_inner: bool


@dataclass(frozen=True)
class Template:
    """A deployment template, the root of a file or inline in one; `pointer` is its place in the document."""

    document: JsonDocument
    value: Mapping[str, Any]
    pointer: str
    scope: DeploymentScope

    @classmethod
    def read(cls, data: bytes | str, *, file: str) -> "Template":
        """Read a file. Raises JsonSyntaxError when it is no JSON, TemplateShapeError when it is no template."""
        return cls.of(read_json(data, file=file))

    @classmethod
    def of(cls, document: JsonDocument, *, pointer: str = "", value: Any = None) -> "Template":
        """The template that a document is, or `value`, the part of it at `pointer`. Raises TemplateShapeError."""
        value = document.value if value is None else value
        if not isinstance(value, dict):
            raise _shape_error(document, pointer, "A template is a JSON object.")
        schema = value.get("$schema")
        if not isinstance(schema, str):
            raise _shape_error(document, pointer, "There is no `$schema`, which says what a template is deployed to.")
        scope = _SCOPES.get(schema.split("#")[0].split("?")[0].rstrip("/").rpartition("/")[2].lower())
        if scope is None:
            raise _shape_error(
                document, f"{pointer}/$schema", f"`{schema[:200]}` is no schema of a deployment template."
            )
        resources = value.get("resources")
        if not isinstance(resources, list | dict):
            place = f"{pointer}/resources" if "resources" in value else pointer
            raise _shape_error(document, place, "There are no `resources`: an array or (by symbolic name) an object.")
        return cls(document, value, pointer, scope)

    @cached_property
    def types(self) -> TypeDefinitions:
        """The types that the template defines."""
        return TypeDefinitions(self.value)

    @property
    def language_version(self) -> str | None:
        """The `languageVersion`, such as `2.0`."""
        version = self.value.get("languageVersion")
        return version if isinstance(version, str) else None

    @cached_property
    def parameters(self) -> Mapping[str, ParameterDefinition]:
        """The parameters by name, as the template spells it."""
        return {name: self._parameter(name, body) for name, body in self._section("parameters").items()}

    def parameter(self, name: str) -> ParameterDefinition | None:
        """The parameter of that name, without regard to case."""
        return self._parameters_by_folded_name.get(name.lower())

    @property
    def variables(self) -> Mapping[str, Any]:
        """The variables as they are written, without their `copy` loops."""
        return {name: value for name, value in self._section("variables").items() if name.lower() != "copy"}

    @cached_property
    def variable_names(self) -> frozenset[str]:
        """The names of all variables in lower case, those that `copy` loops make included."""
        loops = [
            loop
            for name, value in self._section("variables").items()
            if name.lower() == "copy"
            for loop in _list(value)
        ]
        made = [loop["name"] for loop in loops if isinstance(loop, dict) and isinstance(loop.get("name"), str)]
        return frozenset(name.lower() for name in (*self.variables, *made))

    @cached_property
    def outputs(self) -> Mapping[str, OutputDefinition]:
        """The outputs by name, as the template spells it."""
        return {name: self._output(name, body) for name, body in self._section("outputs").items()}

    def output(self, name: str) -> OutputDefinition | None:
        """The output of that name, without regard to case."""
        return next((output for key, output in self.outputs.items() if key.lower() == name.lower()), None)

    @cached_property
    def user_functions(self) -> Mapping[str, UserFunction]:
        """The functions that the template defines, by `namespace.name` in lower case."""
        found: dict[str, UserFunction] = {}
        for index, group in enumerate(_list(self.value.get("functions"))):
            members = group.get("members") if isinstance(group, dict) else None
            for name, body in (members if isinstance(members, dict) else {}).items():
                pointer = f"{self.pointer}/functions/{index}/members/{escape_pointer(name)}"
                function = self._user_function(str(group.get("namespace", "")), name, body, pointer)
                found[function.full_name.lower()] = function
        return found

    @cached_property
    def resources(self) -> list[ResourceDeclaration]:
        """Every resource, children inside parents after them, in document order."""
        return list(_declarations(self.value["resources"], f"{self.pointer}/resources"))

    @property
    def resource_count(self) -> int:
        """How many resources it deploys; a copy loop of unknown count is one."""
        return sum(resource.copy_count for resource in self.resources if not resource.is_existing)

    @cached_property
    def inline_templates(self) -> list[InlineTemplate]:
        """The templates written inside this one's deployment resources (not those inside these).

        Raises TemplateShapeError when one of them is no template.
        """
        found = [self.inline_template(resource) for resource in self.resources]
        return [inline for inline in found if inline is not None]

    def inline_template(self, resource: ResourceDeclaration) -> InlineTemplate | None:
        """The template inside a deployment resource of this one, if there is one. Raises TemplateShapeError."""
        value = resource.properties.get("template") if resource.is_deployment else None
        if value is None:
            return None
        options = resource.properties.get("expressionEvaluationOptions")
        evaluation = _text(options.get("scope")).lower() if isinstance(options, dict) else ""
        template = Template.of(self.document, pointer=f"{resource.pointer}/properties/template", value=value)
        is_inner = evaluation == "inner" or (self.language_version is not None and evaluation != "outer")
        return InlineTemplate(resource, template, is_inner)

    @property
    def uses_artifacts_location(self) -> bool:
        """Whether it has the parameter `_artifactsLocation`, by which it is told where its files are."""
        return self.parameter("_artifactsLocation") is not None

    @cached_property
    def _parameters_by_folded_name(self) -> Mapping[str, ParameterDefinition]:
        return {name.lower(): definition for name, definition in self.parameters.items()}

    def _section(self, name: str) -> Mapping[str, Any]:
        section = self.value.get(name)
        return section if isinstance(section, dict) else {}

    def _followed(self, body: Any) -> dict[str, Any]:
        """A definition with its `$ref` followed; what is written beside the reference counts more."""
        merged: dict[str, Any] = dict(body) if isinstance(body, dict) else {}
        definitions = self._section("definitions")
        seen: set[str] = set()
        while isinstance(reference := merged.pop("$ref", None), str) and reference not in seen:
            seen.add(reference)
            target = definitions.get(reference.removeprefix("#/definitions/").replace("~1", "/").replace("~0", "~"))
            merged = {**(target if isinstance(target, dict) else {}), **merged}
        return merged

    def _parameter(self, name: str, body: Any) -> ParameterDefinition:
        followed = self._followed(body)
        kind = _text(followed.get("type")).lower()
        allowed = followed.get("allowedValues")
        return ParameterDefinition(
            name=name,
            type=kind,
            secure=kind in _SECURE_TYPES,
            has_default="defaultValue" in followed,
            default=followed.get("defaultValue"),
            allowed_values=tuple(allowed) if isinstance(allowed, list) else None,
            min_value=_integer(followed.get("minValue")),
            max_value=_integer(followed.get("maxValue")),
            min_length=_integer(followed.get("minLength")),
            max_length=_integer(followed.get("maxLength")),
            nullable=followed.get("nullable") is True,
            written=body if isinstance(body, dict) else None,
            types=self.types,
        )

    def _output(self, name: str, body: Any) -> OutputDefinition:
        kind = _text(self._followed(body).get("type")).lower()
        return OutputDefinition(name, kind, kind in _SECURE_TYPES)

    def _user_function(self, namespace: str, name: str, body: Any, pointer: str) -> UserFunction:
        body = body if isinstance(body, dict) else {}
        output = body.get("output") if isinstance(body.get("output"), dict) else {}
        parameters = tuple(
            self._parameter(_text(parameter.get("name")), parameter)
            for parameter in _list(body.get("parameters"))
            if isinstance(parameter, dict)
        )
        kind = _text(self._followed(output).get("type")).lower()
        return UserFunction(namespace, name, parameters, (output or {}).get("value"), kind, pointer)


def _shape_error(document: JsonDocument, pointer: str, message: str) -> TemplateShapeError:
    return TemplateShapeError(message, pointer, document.position(pointer))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _integer(value: Any) -> int | None:
    return value if type(value) is int else None


def _declarations(
    resources: Any, pointer: str, parent: ResourceDeclaration | None = None
) -> Iterator[ResourceDeclaration]:
    """The resources of an array or of an object by symbolic name, each followed by its children."""
    entries: list[tuple[str | None, str, Any]]
    if isinstance(resources, dict):
        entries = [(name, f"{pointer}/{escape_pointer(name)}", body) for name, body in resources.items()]
    else:
        entries = [(None, f"{pointer}/{index}", body) for index, body in enumerate(_list(resources))]
    for symbolic_name, place, body in entries:
        if not isinstance(body, dict):
            continue
        kind, name = _text(body.get("type")), _text(body.get("name"))
        declaration = ResourceDeclaration(
            type=_child_type(parent, kind),
            name=joined_name(parent.name, name) if parent else name,
            api_version=_text(body.get("apiVersion")),
            pointer=place,
            body=body,
            scope=body.get("scope"),
            symbolic_name=symbolic_name,
            depth=parent.depth + 1 if parent else 0,
        )
        yield declaration
        children = body.get("resources")
        if isinstance(children, list | dict):
            yield from _declarations(children, f"{place}/resources", declaration)


def _child_type(parent: ResourceDeclaration | None, kind: str) -> str:
    """The full type: a child may be written with its last segment only, or in full."""
    if parent is None or kind.lower().startswith(f"{parent.type.lower()}/") or "." in kind.partition("/")[0]:
        return kind
    return f"{parent.type}/{kind}"


def joined_name(parent: str, child: str) -> str:
    """The full name of a child; an expression when one of the two is."""
    if not is_expression(parent) and not is_expression(child):
        return f"{unescape(parent)}/{unescape(child)}"
    try:
        parts = [parse_expression(part) if is_expression(part) else StringLiteral(part) for part in (parent, child)]
    except ExpressionSyntaxError:
        return f"{parent}/{child}"
    return f"[{render(FunctionCall('concat', (parts[0], StringLiteral('/'), parts[1])))}]"
