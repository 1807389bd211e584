"""Preparing a deployment in a test: without a server, against a state that the test makes."""

import json
from pathlib import Path
from typing import Any

from emulator.arm.behaviours import Surroundings
from emulator.arm.behaviours.storage import AccountsFile
from emulator.arm.engine.links import Downloader
from emulator.arm.engine.preparation import Preparation
from emulator.arm.engine.prepared import Prepared
from emulator.arm.engine.request import DeploymentRequest, read_request
from emulator.arm.engine.template_link import TemplateLink
from emulator.arm.errors import ArmError, invalid_template
from emulator.arm.grouping import write_group
from emulator.arm.identifiers import ResourceId
from emulator.arm.settings import DEFAULT_SUBSCRIPTION, DEFAULT_TENANT
from emulator.arm.state import CloudState

GROUP = ResourceId(DEFAULT_SUBSCRIPTION, "rg")
SUBSCRIPTION = ResourceId(DEFAULT_SUBSCRIPTION)
MANAGEMENT_GROUP = ResourceId(management_group="mg")
TENANT = ResourceId()


class Files(Downloader):
    """A downloader of what a test wrote, by URI; `asked` are the addresses that were fetched."""

    def __init__(self, **files: Any) -> None:
        self.files = {f"https://files.example/{name}.json": content for name, content in files.items()}
        self.asked: list[str] = []

    async def text(self, link: TemplateLink) -> str:
        self.asked.append(link.address)
        if link.uri not in self.files:
            raise invalid_template(f"there is no {link.uri}")
        return json.dumps(self.files[link.uri])


def surroundings() -> Surroundings:
    """A subscription with the group `rg` in eastus2."""
    state = CloudState(DEFAULT_TENANT, (DEFAULT_SUBSCRIPTION,))
    write_group(state, GROUP, {"location": "eastus2"})
    return Surroundings(state, DEFAULT_TENANT, "https://127.0.0.1:1", AccountsFile(Path("absent")))


def request(content: Any, scope: ResourceId = GROUP, *, name: str = "main", **properties: Any) -> DeploymentRequest:
    """The request of a PUT whose body is compact JSON, as the Azure CLI sends it."""
    values = {key: {"value": value} for key, value in properties.pop("parameters", {}).items()}
    body: dict[str, Any] = {"properties": {"mode": "Incremental", "parameters": values} | properties}
    if content is not None:
        body["properties"]["template"] = content
    if scope.group is None:
        body["location"] = "eastus2"
    deployment = scope.resource("Microsoft.Resources/deployments", name)
    return read_request(deployment, body, "correlation", text=json.dumps(body))


def preparation(files: Downloader | None = None, world: Surroundings | None = None) -> Preparation:
    """What prepares deployments in a subscription with one empty group, or in a `world` that a test made."""
    return Preparation(world or surroundings(), files or Files())


async def prepare(content: Any, scope: ResourceId = GROUP, **properties: Any) -> Prepared:
    """A template that is prepared."""
    return await preparation().prepare_root(request(content, scope, **properties))


async def refused(content: Any, scope: ResourceId = GROUP, **properties: Any) -> ArmError:
    """The refusal of a template."""
    try:
        await prepare(content, scope, **properties)
    except ArmError as refusal:
        return refusal
    raise AssertionError("the template was prepared")
