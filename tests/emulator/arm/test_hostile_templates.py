"""Whatever a client sends as a template is prepared or refused, and never a mistake of the emulator's own."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.arm.behaviours import Surroundings
from emulator.arm.behaviours.storage import AccountsFile
from emulator.arm.engine.links import Downloader
from emulator.arm.engine.preparation import Preparation
from emulator.arm.engine.request import read_request
from emulator.arm.errors import ArmError
from emulator.arm.grouping import write_group
from emulator.arm.identifiers import ResourceId
from emulator.arm.settings import DEFAULT_SUBSCRIPTION, DEFAULT_TENANT
from emulator.arm.state import CloudState
from emulator.certificates import Certificates
from tests.emulator.arm.running import nested, resource, storage, template

LOOP = {"name": "loop", "count": "[parameters('count')]", "mode": "serial", "batchSize": 1}
FUNCTION = {
    "namespace": "f",
    "members": {
        "g": {"parameters": [{"name": "x", "type": "int"}], "output": {"type": "int", "value": "[parameters('x')]"}}
    },
}
CHILD = template(
    resource("c", properties={"v": "[variables('v')]"}),
    variables={"v": "[parameters('p')]"},
    parameters={"p": {"type": "string"}},
    outputs={"o": {"type": "string", "value": "[variables('v')]"}},
)
OUTER = template(
    resource("d", properties={"v": "[variables('v')]"}), outputs={"o": {"type": "int", "value": "[variables('v')]"}}
)
ORDINARY = template(
    storage(),
    resource("[concat('r', copyIndex())]", copy=LOOP, dependsOn=["stcontoso"], condition="[equals(1, 1)]"),
    resource("p", resources=[{"type": "parts", "apiVersion": "2024-01-01", "name": "c", "dependsOn": ["p"]}]),
    resource("q", scope="Microsoft.Contoso/things/p", properties={"copy": [{"name": "n", "count": 2, "input": "x"}]}),
    nested("n", CHILD, parameters={"p": {"value": "[reference('stcontoso').accessTier]"}}),
    nested("m", CHILD, parameters={"p": {"value": "[string(f.g(1))]"}}, resourceGroup="other"),
    nested("o", OUTER, scope="outer"),
    parameters={"count": {"type": "int", "defaultValue": 2, "allowedValues": [1, 2], "minValue": 1}},
    variables={"v": "[parameters('count')]", "copy": [{"name": "w", "count": 2, "input": "[copyIndex('w')]"}]},
    functions=[FUNCTION],
    outputs={
        "o": {"type": "array", "copy": {"count": 2, "input": "[copyIndex()]"}},
        "s": {"type": "string", "condition": True, "value": "[listKeys('stcontoso', '2023-01-01').keys[0].value]"},
    },
)
TEXTS = st.sampled_from(
    ["", "[", "[]", "[concat(]", "[variables('v')]", "[copyIndex()]", "[reference('p')]", "/", "a/b", "[[x]"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 900) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["name", "count", "copy", "value"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in a JSON value."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*path, key)
        yield from places(inner, (*path, key))


PLACES = list(places(ORDINARY))


def changed(content: Any, path: tuple[Any, ...], replacement: Any) -> Any:
    """A copy with something else at a place, or with nothing there."""
    result = copy.deepcopy(content)
    holder = result
    for key in path[:-1]:
        holder = holder[key]
    if replacement == "remove":
        del holder[path[-1]]
    else:
        holder[path[-1]] = replacement
    return result


async def prepare(content: Any, certificates: Certificates) -> None:
    """Do what a PUT does before it is accepted."""
    state = CloudState(DEFAULT_TENANT, (DEFAULT_SUBSCRIPTION,))
    group, _ = write_group(state, ResourceId(DEFAULT_SUBSCRIPTION, "rg"), {"location": "eastus2"})
    surroundings = Surroundings(state, DEFAULT_TENANT, "https://127.0.0.1:1", AccountsFile(Path("absent")))
    deployment = group.id.resource("Microsoft.Resources/deployments", "main")
    request = read_request(deployment, {"properties": {"mode": "Incremental", "template": content}}, "")
    await Preparation(surroundings, Downloader(certificates.authority)).prepare_root(request)


async def test_the_ordinary_template_is_prepared(certificates: Certificates) -> None:
    await prepare(ORDINARY, certificates)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(PLACES), replacement=JSON | st.just("remove"))
async def test_a_changed_template_is_prepared_or_refused(
    path: tuple[Any, ...], replacement: Any, certificates: Certificates
) -> None:
    try:
        await prepare(changed(ORDINARY, path, replacement), certificates)
    except ArmError as refusal:
        assert refusal.status in (400, 501)  # noqa: PT017


def doubled(start: Any, step: Any) -> dict[str, Any]:
    """Variables each of which holds the one before twice."""
    return {"v0": start, **{f"v{number}": step(f"[variables('v{number - 1}')]") for number in range(1, 60)}}


@pytest.mark.parametrize(
    "variables",
    [
        doubled([1], lambda before: [before, before]),
        doubled({"a": 1}, lambda before: {"a": before, "b": before}),
        doubled("aaaaaaaa", lambda before: f"[concat({before[1:-1]}, {before[1:-1]})]"),
    ],
)
async def test_what_doubles_again_and_again_is_refused_in_time(
    variables: dict[str, Any], certificates: Certificates
) -> None:
    with pytest.raises(ArmError, match=r"larger than any that could be deployed|is too large"):
        await prepare(template(variables=variables), certificates)


def test_requests_and_what_is_made_of_them_show_no_secret() -> None:
    deployment = ResourceId(DEFAULT_SUBSCRIPTION, "rg").resource("Microsoft.Resources/deployments", "main")
    link = {"uri": "https://files.example/main.json", "queryString": "sig=hush"}
    body = {"properties": {"mode": "Incremental", "templateLink": link, "parameters": {"p": {"value": "hush"}}}}

    request = read_request(deployment, body, "")

    assert "hush" not in repr(request) + repr(request.template_link)


def functions(bodies: list[str]) -> list[dict[str, Any]]:
    """Functions f0, f1 … without parameters."""
    members = {
        f"f{number}": {"parameters": [], "output": {"type": "string", "value": body}}
        for number, body in enumerate(bodies)
    }
    return [{"namespace": "n", "members": members}]


async def test_functions_that_call_each_other_twice_are_refused_in_time(certificates: Certificates) -> None:
    bodies = [f"[concat(n.f{number}(), n.f{number}())]" for number in range(1, 61)]
    content = template(functions=functions([*bodies, "x"]), outputs={"o": {"type": "string", "value": "[n.f0()]"}})

    with pytest.raises(ArmError, match="is called too often"):
        await prepare(content, certificates)


async def test_functions_of_many_ways_to_each_other_are_looked_at_in_time(certificates: Certificates) -> None:
    bodies = [f"[concat('a'{''.join(f', n.f{later}()' for later in range(one + 1, 60))})]" for one in range(60)]

    await prepare(template(functions=functions(bodies)), certificates)
    with pytest.raises(ArmError, match="Recursion is not supported in user-defined functions"):
        await prepare(template(functions=functions([*bodies[:-1], "[n.f0()]"])), certificates)
