"""Imports function_app.py as the Python worker does and lists its functions with their bindings."""

import importlib
import inspect
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, get_origin

import azure.functions as func
from azure.functions.decorators.core import BindingDirection
from azure.functions.decorators.utils import StringifyEnumJsonEncoder

from emulator.functions_host.errors import IndexingError


class TriggerKind(StrEnum):
    """The trigger types that this host can run, by their binding type."""

    HTTP = "httpTrigger"
    QUEUE = "queueTrigger"
    TIMER = "timerTrigger"
    ORCHESTRATION = "orchestrationTrigger"
    ACTIVITY = "activityTrigger"


INPUT_TYPES = frozenset({"durableClient"})
OUTPUT_TYPES = frozenset({"http", "queue"})


@dataclass(frozen=True)
class Binding:
    """One binding of a function, as function.json would have it."""

    name: str
    type: str
    is_output: bool
    properties: dict[str, Any] = field(repr=False)

    def text(self, key: str, default: str = "") -> str:
        """Return a property that is a string."""
        value = self.properties.get(key)
        return default if value is None else str(value)


def raw_binding(binding: Binding) -> str:
    """Return a binding as the worker tells it: JSON, with names for what is an enumeration."""
    return json.dumps(binding.properties, cls=StringifyEnumJsonEncoder)


@dataclass(frozen=True)
class HostFunction:
    """A function of the app: what to call, what triggers it, what goes in and out."""

    name: str
    call: Callable[..., Any] = field(repr=False)
    kind: TriggerKind
    trigger: Binding
    inputs: tuple[Binding, ...]
    outputs: tuple[Binding, ...]
    is_async: bool
    wants_context: bool
    directory: Path


def load_functions(app_root: Path) -> list[HostFunction]:
    """Import ``function_app`` of `app_root` and return its functions in the order of their definition.

    Raises `IndexingError` when the import fails, there is not exactly one app object, a name is used twice, or a
    trigger or another binding is of a kind that this host does not know.
    """
    if not (app_root / "function_app.py").is_file():
        raise IndexingError(f"there is no function_app.py in {app_root}")
    sys.path.insert(0, str(app_root))
    try:
        module = importlib.import_module("function_app")
    except Exception as error:
        raise IndexingError(f"function_app.py cannot be imported: {type(error).__name__}: {error}") from error
    apps = {id(value): value for value in vars(module).values() if isinstance(value, func.FunctionRegister)}
    if len(apps) != 1:
        raise IndexingError(f"function_app.py must define one function app at top level, and defines {len(apps)}")
    (app,) = apps.values()
    try:
        functions = [_describe(function, app_root) for function in app.get_functions()]
    except (ValueError, TypeError) as error:
        raise IndexingError(str(error)) from error
    _refuse_duplicates(functions)
    return functions


def _describe(function: func.Function, app_root: Path) -> HostFunction:
    name = function.get_function_name()
    declared = function.get_trigger()
    if name is None or declared is None:
        raise IndexingError(f"function '{name}' has no trigger")
    if declared.type == "entityTrigger":
        raise IndexingError(f"function '{name}' is a durable entity, and this host does not run durable entities")
    if declared.type not in set(TriggerKind):
        raise IndexingError(f"function '{name}' has a {declared.type}, which this host does not run")
    bindings = [
        Binding(str(b.name), str(b.type), b.direction == BindingDirection.OUT.value, b.get_dict_repr())
        for b in function.get_bindings()
    ]
    for binding in bindings:
        if binding.type not in {declared.type} | (OUTPUT_TYPES if binding.is_output else INPUT_TYPES):
            raise IndexingError(f"function '{name}' has a {binding.type} binding, which this host does not serve")
    (trigger,) = (binding for binding in bindings if binding.type == declared.type)
    call = function.get_user_function()
    parameters = inspect.signature(call).parameters
    bound = {binding.name for binding in bindings}
    _check_parameters(name, parameters, bindings)
    return HostFunction(
        name=name,
        call=call,
        kind=TriggerKind(declared.type),
        trigger=trigger,
        inputs=tuple(b for b in bindings if not b.is_output and b is not trigger),
        outputs=tuple(b for b in bindings if b.is_output),
        is_async=inspect.iscoroutinefunction(call),
        wants_context="context" in parameters and "context" not in bound,
        directory=app_root,
    )


def _check_parameters(name: str, parameters: Mapping[str, inspect.Parameter], bindings: Sequence[Binding]) -> None:
    """Hold parameters and bindings against each other, as the Python worker does (functions.py, Registry)."""
    bound = {binding.name for binding in bindings if binding.name != "$return"}
    unbound = set(parameters) - bound - {"context"}
    if unbound:
        raise IndexingError(
            f"cannot load the {name} function: the following parameters are declared in Python but not in the function "
            f"definition (function.json or function decorators): {unbound}"
        )
    if unused := bound - set(parameters):
        raise IndexingError(
            f"cannot load the {name} function: the following parameters are declared in the function definition "
            f"(function.json or function decorators) but not in Python: {unused}"
        )
    for binding in bindings:
        annotation = parameters[binding.name].annotation if binding.name in parameters else inspect.Parameter.empty
        is_out = _is_out(annotation)
        if is_out and not binding.is_output:
            raise IndexingError(
                f"cannot load the {name} function: type of {binding.name} binding in the function definition is not "
                "out, while its Python annotation is azure.functions.Out"
            )
        if binding.is_output and not is_out and annotation is not inspect.Parameter.empty:
            raise IndexingError(
                f"cannot load the {name} function: the binding {binding.name} is out, and its Python annotation is not "
                "azure.functions.Out"
            )


def _is_out(annotation: object) -> bool:
    if isinstance(annotation, str):  # `from __future__ import annotations`
        return annotation.removeprefix("func.").removeprefix("azure.functions.").startswith("Out[")
    origin = get_origin(annotation) or annotation
    return isinstance(origin, type) and issubclass(origin, func.Out)


def _refuse_duplicates(functions: list[HostFunction]) -> None:
    seen: dict[str, str] = {}
    for function in functions:
        if (other := seen.setdefault(function.name.lower(), function.name)) is not function.name:
            raise IndexingError(f"functions '{other}' and '{function.name}' differ at most in upper and lower case")
