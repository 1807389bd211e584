"""What the expressions of one template see: its parameters, variables, loops and functions, and its deployment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from armature.templates.errors import ExpressionError
from emulator.arm.engine.context import DeploymentContext
from emulator.arm.engine.names import Names
from emulator.arm.engine.tree import evaluate_tree, is_copy_list, unroll


@dataclass(frozen=True)
class Frame:
    """The iteration in which an expression stands; a resource's loop is also found without its name."""

    name: str
    index: int
    is_unnamed: bool = False


@dataclass(frozen=True)
class TemplateScope:
    """A `Scope` of the expression evaluator.

    `parameters` are values by lower-case name: given ones from the start, defaults once somebody asks. The scope of an
    outer-scope nested template is its parent's, with `names` of its own.
    """

    context: DeploymentContext
    template: Mapping[str, Any]
    names: Names
    parameters: dict[str, Any]
    variables: dict[str, Any] = field(default_factory=dict)
    frames: tuple[Frame, ...] = ()
    open_definitions: tuple[str, ...] = ()
    is_partial: bool = False

    # Loops

    def in_loop(self, name: str, index: int) -> Self:
        """The scope inside an iteration of a property, variable or (unnamed) output loop."""
        return replace(self, frames=(*self.frames, Frame(name.lower(), index, is_unnamed=not name)))

    def in_resource_loop(self, name: str, index: int) -> Self:
        """The scope inside an iteration of a resource's loop."""
        return replace(self, frames=(*self.frames, Frame(name.lower(), index, is_unnamed=True)))

    def copy_index(self, loop_name: str | None, offset: int) -> int:
        """The current iteration of a loop."""
        for frame in reversed(self.frames):
            if frame.is_unnamed if loop_name is None else frame.name == loop_name.lower():
                return frame.index + offset
        reason = (
            f"The template language function 'copyIndex' has an invalid argument. The provided copy name "
            f"'{loop_name or ''}' doesn't exist in the resource. Please see "
            "https://aka.ms/arm-resource-loops for usage "
            "details."
        )
        raise ExpressionError("InvalidTemplate", reason)

    # Definitions

    def parameter(self, name: str) -> Any:
        """A parameter's value; its default is evaluated once."""
        key = name.lower()
        if key not in self.parameters:
            declared = _member(self.template.get("parameters"), key)
            if declared is None:
                reason = (
                    f"The template parameter '{name}' is not found. Please see "
                    "https://aka.ms/arm-syntax-parameters for "
                    "usage details."
                )
                raise ExpressionError("InvalidTemplate", reason)
            self.parameters[key] = evaluate_tree(declared.get("defaultValue"), self._defining(f"parameter {name}"))
        return self.parameters[key]

    def variable(self, name: str) -> Any:
        """A variable's value, evaluated once."""
        key = name.lower()
        if key not in self.variables:
            self.variables[key] = self._evaluate_variable(name, self._defining(f"variable {name}"))
        return self.variables[key]

    def _evaluate_variable(self, name: str, scope: Self) -> Any:
        declared = self.template.get("variables") or {}
        for key, value in declared.items():
            if _is_loops(key, value):
                loop = next((loop for loop in value if loop["name"].lower() == name.lower()), None)
                if loop is not None:
                    return unroll(loop, scope)
            elif key.lower() == name.lower():
                return evaluate_tree(value, scope)
        reason = (
            f"The template variable '{name}' is not found. Please see "
            "https://aka.ms/arm-syntax-variables for usage details."
        )
        raise ExpressionError("InvalidTemplate", reason)

    def _defining(self, what: str) -> Self:
        """The scope of a definition's own expressions: outside of every loop, and aware of what is being defined."""
        key = what.lower()
        if key in self.open_definitions:
            first = self.open_definitions.index(key)
            circle = " -> ".join(entry.split(" ", 1)[1] for entry in (*self.open_definitions[first:], key))
            name = what.split(" ", 1)[1]
            raise ExpressionError(
                "InvalidTemplate", f"The '{name}' symbol's definition cycles back to itself ({circle})."
            )
        return replace(self, frames=(), open_definitions=(*self.open_definitions, key))

    def user_function(self, namespace: str, name: str, arguments: list[Any]) -> Any:
        """The result of a function that the template defines; it sees its arguments only."""
        for group in self.template.get("functions") or []:
            member = (
                _member(group.get("members"), name) if group.get("namespace", "").lower() == namespace.lower() else None
            )
            if member is not None:
                return self._call(f"{namespace}.{name}", member, arguments)
        reason = (
            f"The template function '{namespace}.{name}' is not valid. Please see "
            "https://aka.ms/arm-functions for usage details."
        )
        raise ExpressionError("InvalidTemplate", reason)

    def _call(self, name: str, member: Mapping[str, Any], arguments: list[Any]) -> Any:
        declared = [parameter["name"].lower() for parameter in member.get("parameters") or []]
        if len(declared) != len(arguments):
            reason = (
                f"The template function '{name}' at line '1' and column '1' is not valid: it expects {len(declared)} "
                f"argument(s) and got {len(arguments)}. Please see https://aka.ms/arm-functions for usage details."
            )
            raise ExpressionError("InvalidTemplate", reason)
        given = dict(zip(declared, arguments, strict=True))
        functions = {"functions": self.template.get("functions")}
        scope = replace(self, template=functions, parameters=given, variables={}, frames=())
        return evaluate_tree(member["output"].get("value"), scope)

    # The deployment

    def resource_group(self) -> dict[str, Any]:
        """The resource group that is deployed to."""
        return self.context.resource_group()

    def subscription(self) -> dict[str, Any]:
        """The subscription that is deployed to."""
        return self.context.subscription()

    def tenant(self) -> dict[str, Any]:
        """The tenant."""
        return self.context.tenant()

    def management_group(self) -> dict[str, Any]:
        """There is none at the scopes that this ARM knows."""
        raise ExpressionError(
            "InvalidTemplate", "The template function 'MANAGEMENTGROUP' is not expected at this location."
        )

    def deployment(self) -> dict[str, Any]:
        """The running deployment."""
        return self.context.deployment()

    def deployer(self) -> dict[str, Any]:
        """Who deploys."""
        return {"objectId": "", "tenantId": self.context.surroundings.tenant, "userPrincipalName": ""}

    def environment(self) -> dict[str, Any]:
        """The cloud."""
        return self.context.environment()

    def resource_id_prefix(self) -> str:
        """The id of what is deployed to."""
        return str(self.context.target)

    def reference(self, arguments: list[Any]) -> Any:
        """The runtime state of a resource."""
        return self.context.reference(arguments, self.names)

    def list_function(self, name: str, arguments: list[Any]) -> Any:
        """What a `list*` action answers."""
        return self.context.list_function(name, arguments, self.names)

    def providers(self, arguments: list[Any]) -> Any:
        """What a provider says of itself."""
        return self.context.providers(arguments)

    def utc_now(self) -> datetime:
        """When the deployment was started."""
        return self.context.started

    def new_guid(self) -> str:
        """A random identifier."""
        return self.context.new_guid()


def variable_names(template: Mapping[str, Any]) -> list[str]:
    """The names of the variables that a template defines, those made by loops included."""
    declared = template.get("variables") or {}
    loops = [loop["name"] for key, value in declared.items() if _is_loops(key, value) for loop in value]
    return [key for key, value in declared.items() if not _is_loops(key, value)] + loops


def _is_loops(key: str, value: Any) -> bool:
    return key.lower() == "copy" and is_copy_list(value)


def _member(members: Any, name: str) -> Mapping[str, Any] | None:
    found = next((value for key, value in (members or {}).items() if key.lower() == name.lower()), None)
    return found if isinstance(found, Mapping) else None
