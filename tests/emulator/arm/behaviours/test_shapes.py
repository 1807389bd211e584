"""Whatever is sent to a provider is taken or refused; nothing makes it fall over."""

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.arm import catalogue
from emulator.arm.behaviours import Surroundings, behaviour_of, check, shapes
from emulator.arm.behaviours.generic import new_document
from emulator.arm.behaviours.storage import AccountsFile
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import Resource
from emulator.arm.settings import DEFAULT_SUBSCRIPTION, DEFAULT_TENANT
from emulator.arm.state import CloudState
from emulator.clouds import PUBLIC
from tests.emulator.arm.behaviours.asking import PROVIDERS, put, refusal
from tests.emulator.arm.running import Arm

GENERIC = behaviour_of("Microsoft.Contoso/things")
TYPES = [
    f"{namespace}/{kind['resourceType']}"
    for namespace in catalogue.PROVIDERS.values()
    for kind in catalogue.resource_types(namespace, PUBLIC)
    if behaviour_of(f"{namespace}/{kind['resourceType']}") is not GENERIC
]
NAMES = sorted(shapes.OBJECTS | shapes.LISTS | shapes.NAMED | shapes.TEXT | shapes.TEXTS | shapes.NUMBERS)
ODD: list[Any] = [
    None, 1, "x", [], {}, [None], ["x"], [{}], {"name": 1}, [{"name": "n", "properties": 1}],
    [{"name": "n", "properties": None}], [{"name": "n", "properties": {}}],
]  # fmt: skip


def outcome(resource: Resource, surroundings: Surroundings) -> int:
    """The status that a write ends with."""
    behaviour = behaviour_of(resource.id.type)
    try:
        check(resource, surroundings)
        behaviour.provision(resource, surroundings)
    except ArmError as refused:
        return refused.status
    return 200 if json.dumps(behaviour.present(resource, surroundings)) else 500


@pytest.mark.parametrize("kind", TYPES)
def test_no_shape_of_a_body_makes_a_provider_fall_over(kind: str, tmp_path: Path) -> None:
    namespace, *names = kind.split("/")
    resource_id = ResourceId.parse(f"{PROVIDERS}/{namespace}" + "".join(f"/{name}/default" for name in names))
    state = CloudState(DEFAULT_TENANT, (DEFAULT_SUBSCRIPTION,))
    surroundings = Surroundings(state, DEFAULT_TENANT, "https://127.0.0.1:1", AccountsFile(tmp_path / "accounts.json"))
    if parent := resource_id.parent:
        state.put_resource(Resource(parent, "", new_document(parent, {"location": "eastus2"})))

    bodies = [{"properties": {name: odd}} for name in NAMES for odd in ODD]
    bodies += [{name: odd} for name in ("sku", "identity", "plan") for odd in ODD]
    documents = [new_document(resource_id, {"location": "eastus2"} | body) for body in bodies]
    statuses = {outcome(Resource(resource_id, "", document), surroundings) for document in documents}

    assert 400 in statuses or kind.lower().endswith("/config")
    assert statuses <= {200, 400, 404, 409}


@pytest.mark.parametrize(
    ("kind", "properties", "path"),
    [
        ("Microsoft.Web/sites", {"siteConfig": []}, "properties.siteConfig"),
        ("Microsoft.Network/virtualNetworks", {"addressSpace": {"addressPrefixes": 1}}, "properties.addressSpace.a"),
        ("Microsoft.Network/routeTables", {"routes": [{"properties": {}}]}, "properties.routes[0]"),
        ("Microsoft.Compute/disks", {"diskSizeGB": "large"}, "properties.diskSizeGB"),
    ],
)
async def test_what_can_not_be_read_is_told_with_its_place(
    arm: Arm, kind: str, properties: dict[str, Any], path: str
) -> None:
    status, answer = await arm.request(
        "PUT", f"{PROVIDERS}/{kind}/x", {"location": "eastus2", "properties": properties}
    )

    assert (status, answer["error"]["code"]) == (400, "InvalidRequestContent")
    assert f"Path '{path}" in answer["error"]["message"]


async def test_the_names_of_settings_mean_nothing(arm: Arm) -> None:
    site = f"{PROVIDERS}/Microsoft.Web/sites/web"
    await put(arm, site)

    await put(arm, f"{site}/config/appsettings", properties={"permissions": "all", "config": "x"})

    patched, _ = await arm.request("PATCH", site, {"tags": {"a": "1"}})
    assert patched == 200
    assert await refusal(arm, "PATCH", site, {"properties": []}) == (400, "InvalidRequestContent")
    wrong = {"properties": {"appSettings": [None]}}
    assert await refusal(arm, "PUT", f"{site}/config/web", wrong) == (400, "BadRequest")
