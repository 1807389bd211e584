"""The app as the host indexes it: every name that is called exists, every edge is there."""

import ast
from functools import cache
from importlib import import_module
from inspect import isfunction
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import get_type_hints

import activities
import function_app

ROOT = Path(__file__).resolve().parents[1]


NAME_OF_WHAT_IS_CALLED = {
    "call_activity": 0,
    "call_sub_orchestrator": 0,
    "start_new": 0,
    "called": 1,
    "all_called": 1,
    "retried": 1,
    "_performed": 1,
}
"""Which argument of which call names it."""


@cache  # azure-functions lists the functions of an app once
def functions() -> dict[str, list[dict]]:
    return {f.get_function_name(): f.get_bindings_dict()["bindings"] for f in function_app.app.get_functions()}


def called_names() -> set[str]:
    """The names of activities and orchestrations that orchestrators and triggers call, read from their source."""
    names = set()
    for source in [*(ROOT / "orchestrators").glob("*.py"), *(ROOT / "triggers").glob("*.py")]:
        for node in ast.walk(ast.parse(source.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            place = NAME_OF_WHAT_IS_CALLED.get(called)
            if place is not None and isinstance(node.args[place], ast.Constant):
                names.add(node.args[place].value)
    return names


def test_every_name_that_an_orchestrator_calls_is_a_function_of_the_app():
    """A real host leaves an instance Running for ever when it calls a name that does not exist."""
    known = functions()

    assert len(called_names()) >= 12
    assert called_names() <= set(known)


def expected_answers() -> set[tuple[str, str]]:
    """(activity, answer model) of every call, read from the orchestrators' source."""
    calls = set()
    for source in (ROOT / "orchestrators").glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            calling = ("called", "all_called", "retried", "_performed")
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in calling:
                name, answer = node.args[1], node.args[3]
                if isinstance(name, ast.Constant) and isinstance(answer, ast.Name):
                    calls.add((name.value, answer.id))
    return calls


def modules_of(package: ModuleType) -> list[ModuleType]:
    return [import_module(f"{package.__name__}.{found.name}") for found in iter_modules(package.__path__)]


def test_every_activity_answers_what_its_orchestrator_reads():
    """A model with other fields would end the orchestration: unknown keys are refused."""
    answers = {
        (name, get_type_hints(function)["return"].__name__)
        for module in modules_of(activities)
        for name, function in vars(module).items()
        if isfunction(function) and name in functions()
    } | {("send_result", "Answer"), ("purge_histories", "RemovalAnswer")}

    assert len(expected_answers()) >= 10
    assert expected_answers() <= answers


def test_every_activity_is_called_by_an_orchestrator():
    known = {name for name, bindings in functions().items() if bindings[0]["type"] == "activityTrigger"}

    assert known <= called_names()


def test_the_edges_are_there_behind_function_keys():
    routes = {
        (method, binding["route"])
        for bindings in functions().values()
        for binding in bindings
        if binding["type"] == "httpTrigger"
        for method in binding["methods"]
    }
    levels = {b["authLevel"] for bindings in functions().values() for b in bindings if b["type"] == "httpTrigger"}

    assert {(str(getattr(method, "value", method)), route) for method, route in routes} == {
        ("POST", "bundles"),
        ("POST", "deployments"),
        ("GET", "deployments"),
        ("GET", "deployments/{deploymentId}"),
        ("GET", "deployments/{deploymentId}/events"),
        ("GET", "deployments/{deploymentId}/checks"),
        ("GET", "deployments/{deploymentId}/cleanup"),
        ("GET", "deployments/{deploymentId}/preview"),
        ("POST", "deployments/{deploymentId}/approve"),
        ("POST", "deployments/{deploymentId}/reject"),
        ("GET", "deployments/{deploymentId}/compare"),
        ("GET", "audit"),
        ("GET", "lineages"),
        ("GET", "lineages/{lineageKey}/drift"),
        ("POST", "lineages/{lineageKey}/drift"),
        ("POST", "deployments/{deploymentId}/cancel"),
        ("POST", "deployments/{deploymentId}/rollback"),
        ("POST", "deployments/{deploymentId}/resume"),
        ("GET", "locks"),
        ("POST", "locks/{lineageKey}/break"),
        ("GET", "locks/{lineageKey}/audit"),
        ("POST", "retention"),
        ("GET", "retention"),
        ("GET", "retention/{run}"),
        ("GET", "health"),
    }
    assert {str(getattr(level, "value", level)) for level in levels} == {"function"}
