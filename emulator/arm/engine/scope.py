"""What the expressions of one template see: its parameters, variables, loops and functions, and its deployment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from armature.templates.errors import ExpressionError, UnresolvedError
from armature.templates.scope import Pending
from armature.templates.types import TypeDefinitions
from emulator.arm.engine import platform
from emulator.arm.engine.context import DeploymentContext
from emulator.arm.engine.known import Known
from emulator.arm.engine.names import Names
from emulator.arm.engine.refusals import FUNCTIONS_HELP, LOOPS_HELP, no_such_symbol, not_expected_here
from emulator.arm.engine.source import Source
from emulator.arm.engine.tree import bounded, evaluate_leaf, evaluate_tree, is_copy_list, unroll
from emulator.arm.engine.user_functions import check_arguments, check_result, find_function, unknown_parameter

MAX_FUNCTION_CALLS = 10_000
"""Of the template's own functions in one expression: ours, since functions that call each other twice never end."""

_WITHOUT_LOOPS = ("parameter ", "output ")
"""Definitions in which `copyIndex()` is unknown outside of their own loops."""

SECURE_VALUE = "the value of a secure parameter"
"""What a prediction knows of one: nothing."""


@dataclass(frozen=True)
class Frame:
    """The iteration in which an expression stands; a resource's loop is also found without its name."""

    name: str
    index: int
    is_unnamed: bool = False


@dataclass(frozen=True, repr=False)
class TemplateScope:
    """A `Scope` of the expression evaluator.

    `parameters` are values by lower-case name: `given` ones from the start, of which `secrets` are secure, defaults
    once somebody asks. `known` is there in predictions, in which values may be pending. `is_at_rest` where no running
    resource may be asked. `function` is the user-defined function whose body this is.
    """

    context: DeploymentContext
    template: Mapping[str, Any]
    names: Names
    parameters: dict[str, Any]
    variables: dict[str, Any] = field(default_factory=dict)
    frames: tuple[Frame, ...] = ()
    open_definitions: tuple[str, ...] = ()
    known: Known | None = None
    given: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    is_at_rest: bool = False
    function: str | None = None

    @property
    def is_partial(self) -> bool:
        """Whether values may hold pending ones."""
        return self.known is not None

    @property
    def source(self) -> Source:
        """Where the template stands."""
        return self.context.source

    @property
    def types(self) -> TypeDefinitions:
        """The types that the template declares."""
        return TypeDefinitions(self.template, location=self.source.path)

    def at_rest(self) -> Self:
        """The scope of what must be told without a running resource: names, conditions, counts, dependencies."""
        return replace(self, is_at_rest=True)

    def predicting(self, known: Known) -> Self:
        """The scope for a prediction, which is told no secret and nothing random.

        What it finds is not mixed with what is found while running.
        """
        given = {name: value for name, value in self.parameters.items() if name in self.given}
        hidden = {name: Pending(SECURE_VALUE) for name in self.secrets}
        return replace(self, known=known, parameters=given | hidden, variables={})

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
        if not self.frames and self.open_definitions and self.open_definitions[-1].startswith(_WITHOUT_LOOPS):
            reason = f"The template function 'copyIndex' is not valid. {FUNCTIONS_HELP}"
        elif self.frames:
            reason = (
                "The template language function 'copyIndex' has an invalid argument. The provided copy name "
                f"'{loop_name or ''}' doesn't exist in the resource. {LOOPS_HELP}"
            )
        else:
            reason = (
                "The template function 'copyIndex' is not expected at this location. The function can only be used in "
                f"a resource with copy specified. {LOOPS_HELP}"
            )
        raise ExpressionError("InvalidTemplate", reason)

    # Definitions

    def of_output(self, name: str) -> Self:
        """The scope of an output's expressions."""
        return replace(self, open_definitions=(*self.open_definitions, f"output {name.lower()}"))

    def parameter(self, name: str) -> Any:
        """A parameter's value; its default is evaluated once."""
        key = name.lower()
        if key not in self.parameters:
            declared = _member(self.template.get("parameters"), key)
            if self.function is not None:
                raise unknown_parameter(self.function, name)
            if declared is None:
                reason = (
                    f"The template parameter '{name}' is not found. Please see "
                    "https://aka.ms/arm-syntax-parameters for "
                    "usage details."
                )
                raise ExpressionError("InvalidTemplate", reason)
            self.parameters[key] = self._evaluated(declared.get("defaultValue"), f"parameter {name}", "parameters")
        return self.parameters[key]

    def variable(self, name: str) -> Any:
        """A variable's value, evaluated once."""
        key = name.lower()
        if key not in self.variables:
            self.variables[key] = self._evaluate_variable(name)
        return self.variables[key]

    def _evaluated(self, value: Any, what: str, section: str) -> Any:
        """A definition's value; in a prediction with what can't be told yet in it."""
        scope = self._defining(what)
        path = (section, what.partition(" ")[2])
        return bounded(evaluate_tree(value, scope, scope.visitor, path, has_loops=section == "variables"))

    @property
    def visitor(self) -> Callable[[str, Any], Any]:
        """How the strings of a definition are evaluated: in predictions what can't be told is a part of the value."""
        return pending_leaf if self.is_partial else evaluate_leaf

    def _evaluate_variable(self, name: str) -> Any:
        scope = self._defining(f"variable {name}")
        declared = self.template.get("variables") or {}
        for key, value in declared.items():
            if _is_loops(key, value):
                for index, loop in enumerate(value):
                    if loop["name"].lower() == name.lower():
                        return bounded(unroll(loop, scope, scope.visitor, ("variables", key, index)))
            elif key.lower() == name.lower():
                return self._evaluated(value, f"variable {key}", "variables")
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
        return replace(self, frames=(), open_definitions=(*self.open_definitions, key), is_at_rest=True)

    def user_function(self, namespace: str, name: str, arguments: list[Any]) -> Any:
        """The result of a function that the template defines."""
        definition, function = find_function(self.template, namespace, name), f"{namespace}.{name}"
        if self.function is not None and function in self.open_definitions:
            raise ExpressionError(
                "InvalidTemplate", f"The template function '{function}' calls itself. {FUNCTIONS_HELP}"
            )
        self._count_call(function)
        given = check_arguments(self.types, function, definition, arguments)
        inside = replace(
            self,
            template={key: self.template.get(key) for key in ("functions", "definitions")},
            parameters=given,
            variables={},
            frames=(),
            open_definitions=(*self.open_definitions, function),
            is_at_rest=True,
            function=function,
        )
        value = evaluate_tree(definition["output"].get("value"), inside, inside.visitor, has_loops=False)
        return check_result(self.types, function, definition, value)

    def _count_call(self, function: str) -> None:
        """Raise ExpressionError when one expression leads to more calls than any could mean."""
        self.context.function_calls = 1 if self.function is None else self.context.function_calls + 1
        if self.context.function_calls > MAX_FUNCTION_CALLS:
            reason = f"The template function '{function}' is called too often. {FUNCTIONS_HELP}"
            raise ExpressionError("InvalidTemplate", reason)

    # The deployment

    def resource_group(self) -> dict[str, Any]:
        """The resource group that is deployed to."""
        return self.context.resource_group(self.known)

    def subscription(self) -> dict[str, Any]:
        """The subscription that is deployed to."""
        return self.context.subscription()

    def tenant(self) -> dict[str, Any]:
        """The tenant."""
        return self.context.tenant()

    def management_group(self) -> dict[str, Any]:
        """The management group that is deployed to."""
        return self.context.management_group()

    def deployment(self) -> dict[str, Any]:
        """The running deployment."""
        return self.context.deployment()

    def deployer(self) -> dict[str, Any]:
        """Who deploys."""
        return self.context.deployer()

    def environment(self) -> dict[str, Any]:
        """The cloud."""
        return self.context.environment()

    def resource_id_prefix(self) -> str:
        """The id of what is deployed to; ids at management groups are the tenant's, as Microsoft's engine has it."""
        target = self.context.target
        return str(target) if target.subscription else ""

    def reference(self, arguments: list[Any]) -> Any:
        """The runtime state of a resource."""
        self._check_not_at_rest("reference")
        return self.context.reference(arguments, self.names, self.known)

    def references(self, arguments: list[Any]) -> Any:
        """The runtime states of the resources of a loop."""
        self._check_not_at_rest("references")
        return self.context.references(arguments, self.names, self.known)

    def resource_info(self, symbol: str) -> dict[str, Any]:
        """What the template says of the resource with that symbolic name."""
        found = self.names.symbol(symbol)
        if found is None:
            raise ExpressionError("InvalidTemplate", no_such_symbol(symbol))
        if found.is_pending:
            raise UnresolvedError("resourceInfo")
        return {"id": str(found.id), "name": found.name, "type": found.type, "apiVersion": found.api_version}

    def list_function(self, name: str, arguments: list[Any]) -> Any:
        """What a `list*` action answers."""
        self._check_not_at_rest(name)
        return self.context.list_function(name, arguments, self.names)

    def _check_not_at_rest(self, function: str) -> None:
        if self.is_at_rest:
            raise ExpressionError("InvalidTemplate", not_expected_here(function))

    def providers(self, arguments: list[Any]) -> Any:
        """What a provider says of itself."""
        return self.context.providers(arguments)

    def zones(self, function: str, arguments: list[Any]) -> Any:
        """What a function of availability zones answers."""
        return platform.zones(function, arguments)

    def role_definition(self, name: str) -> dict[str, Any]:
        """The built-in role of that name."""
        subscription = self.context.target.subscription
        return platform.role_definition(name, f"/subscriptions/{subscription}" if subscription else "")

    def extension(self, alias: str) -> dict[str, Any]:
        """No extension is there to be imported: this ARM knows resources of ARM's own providers only."""
        raise ExpressionError(
            "InvalidTemplate", f"The extension with the alias '{alias}' cannot be found in the template."
        )

    def utc_now(self) -> datetime:
        """When the deployment was started."""
        self._check_in_default("utcNow")
        return self.context.started

    def new_guid(self) -> str:
        """A random identifier."""
        self._check_in_default("newGuid")
        return self.context.new_guid()

    def _check_in_default(self, function: str) -> None:
        if not any(what.startswith("parameter ") for what in self.open_definitions):
            reason = (
                f"The template function '{function}' is not expected at this location. The function can only be used "
                f"with parameter default value expresions. {FUNCTIONS_HELP}"
            )
            raise ExpressionError("InvalidTemplate", reason)
        if self.is_partial:
            raise UnresolvedError(f"{function}()")


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


def pending_leaf(text: str, scope: Any) -> Any:
    """A visitor that puts a `Pending` where something can't be told."""
    try:
        return evaluate_leaf(text, scope)
    except UnresolvedError as error:
        return Pending(error.what)
