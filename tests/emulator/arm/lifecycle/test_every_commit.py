"""ARM dies after each of its commits in turn, and every time what was accepted comes to the same end.

What is in the file when a process is killed is what its last commit left, so that these are all the moments at which a
death makes a difference.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from emulator.arm.engine.request import read_request
from emulator.arm.identifiers import DEPLOYMENT_TYPE, ResourceId
from emulator.arm.journal import Journal
from emulator.arm.lifecycle.removal import cancel
from emulator.arm.models import Deployment
from emulator.arm.routes.service import SERVICE, Service
from emulator.arm.server import create_application
from emulator.arm.settings import DEFAULT_SUBSCRIPTION, ArmSettings
from emulator.arm.state import ResourceGroup
from emulator.certificates import Certificates
from tests.emulator.arm.running import SUBSCRIPTION_SCHEMA, failing, nested, resource, template

SUBSCRIPTION = ResourceId(DEFAULT_SUBSCRIPTION)
GROUP = ResourceId(DEFAULT_SUBSCRIPTION, "rg")
Entries = list[tuple[str, str, Any]]
Act = Callable[[Service], Awaitable[None]]


@dataclass
class World:
    """Starts ARM without its server on a file; `commits` is what the file held after each commit."""

    certificates: Certificates
    folder: Path
    commits: list[Entries] = field(default_factory=list)
    started: int = 0
    journal: Journal | None = None

    def start(self, entries: Entries = ()) -> Service:
        """ARM with what an earlier process left; nothing takes time."""
        self.started += 1
        file = self.folder / f"{self.started}.sqlite"
        journal = Journal(file)
        for kind, key, document in entries:
            journal.put(kind, key, lambda document=document: document)
        journal.close()
        settings = ArmSettings(
            token_key=self.certificates.token_public_key,
            accounts=self.folder / "accounts.json",
            blob_endpoint="https://127.0.0.1:1",
            certificate=self.certificates.server,
            private_key=self.certificates.server_key,
            certificate_authority=self.certificates.authority,
            scale=0,
            database=file,
        )
        return create_application(settings)[SERVICE]

    async def end(self, service: Service) -> Entries:
        """Let everything come to its end, and stop; what the file holds then."""
        while service.background or any(not work.is_ended for work in service.state.all_work()):
            await asyncio.sleep(0)
        service.state.flush()
        left = self.commits[-1]
        await service.stop()
        assert self.journal is not None
        self.journal.close()
        return left


@pytest.fixture
def world(certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world, flush = World(certificates, tmp_path), Journal.flush

    def remember(journal: Journal) -> None:
        flush(journal)
        world.journal = journal
        now = list(journal.read())
        if not world.commits or now != world.commits[-1]:
            world.commits.append(now)

    monkeypatch.setattr(Journal, "flush", remember)
    return world


async def accept(
    service: Service, name: str, content: dict[str, Any], scope: ResourceId = GROUP, **properties: Any
) -> Deployment:
    """What a PUT of a deployment does until it answers."""
    body = {"properties": {"mode": "Incremental", "template": content} | properties}
    body |= {} if scope.group else {"location": "eastus2"}
    wanted = read_request(scope.resource(DEPLOYMENT_TYPE, name), body, "c", text=json.dumps(body))
    prepared = await service.deployer.prepare(wanted)
    deployment, _ = service.deployer.accept(prepared)
    service.start(service.deployer.run(prepared, deployment))
    service.state.flush()
    return deployment


def told(service: Service) -> dict[str, Any]:
    """What can be seen of it: how deployments ended and by which operations, and which resources there are."""
    runs = service.state.runs()
    operations = {
        run.id.last_name: Counter((op.kind, str(op.target), op.provisioning_state) for op in run.operations)
        for run in runs
    }
    things = (r for r in service.state.resources(SUBSCRIPTION) if r.id.group)
    resources = {r.id.key: r.provisioning_state for r in things}
    ends = {run.id.last_name: (run.provisioning_state, run.mode, bool(run.error), run.on_error) for run in runs}
    return {"ends": ends, "operations": operations, "resources": resources}


def kinds(entries: Entries) -> Counter[str]:
    return Counter(kind for kind, _, _ in entries)


CHAIN = template(resource("a"), resource("b", dependsOn=["a"]), outputs={"o": {"type": "string", "value": "x"}})
MADE = {"type": "Microsoft.Resources/resourceGroups", "apiVersion": "2022-09-01", "name": "made", "location": "eastus2"}
IN_MADE = nested("in-group", template(resource("inside")), resourceGroup="made", dependsOn=["made"])
NESTED = template(resource("a"), nested("inner", CHAIN, dependsOn=["a"]), nested("bad", template(failing("No"))))


async def a_deployment_with_nested_ones(service: Service) -> None:
    await accept(service, "main", NESTED)


async def one_that_makes_its_group(service: Service) -> None:
    await accept(service, "whole", template(MADE, IN_MADE) | {"$schema": SUBSCRIPTION_SCHEMA}, SUBSCRIPTION)


async def a_complete_one(service: Service) -> None:
    await accept(service, "main", template(resource("kept")), mode="Complete")


async def one_that_is_rolled_back(service: Service) -> None:
    bad = template(resource("extra"), failing("No", dependsOn=["extra"]))
    await accept(service, "main", bad, onErrorDeployment={"type": "LastSuccessful"})


async def a_name_that_is_used_again(service: Service) -> None:
    await accept(service, "before", template(resource("again")))


async def a_resource(service: Service) -> None:
    service.operations.begin_write(GROUP.resource("Microsoft.Contoso/things", "a"), "v", {"location": "eastus2"})


async def a_removal(service: Service) -> None:
    service.operations.begin_removal(service.state.deployment(GROUP.resource(DEPLOYMENT_TYPE, "before")))


async def a_groups_deletion(service: Service) -> None:
    service.operations.begin_group_deletion(service.state.group(DEFAULT_SUBSCRIPTION, "rg"))


@pytest.mark.parametrize(
    "act",
    [
        a_deployment_with_nested_ones,
        one_that_makes_its_group,
        a_complete_one,
        one_that_is_rolled_back,
        a_name_that_is_used_again,
        a_resource,
        a_removal,
        a_groups_deletion,
    ],
)
async def test_what_was_accepted_comes_to_the_same_end_wherever_arm_dies(world: World, act: Act) -> None:
    service = await before(world)
    accepted = len(world.commits)
    await act(service)
    service.state.flush()
    left = await world.end(service)
    wanted, deaths = told(service), world.commits[accepted:]
    assert deaths

    for entries in deaths:
        again = world.start(entries)
        again.resume()
        left_again = await world.end(again)

        assert told(again) == wanted
        assert kinds(left_again) == kinds(left), "what nobody needs any more stays in the file"


async def test_what_was_cancelled_stays_cancelled_and_else_comes_to_its_end(world: World) -> None:
    service = await before(world)
    deployment = await accept(service, "main", NESTED)
    while not any(operation.work for operation in deployment.operations):
        await asyncio.sleep(0)
    running = world.commits[-1]
    cancel(service.state, deployment)
    service.state.flush()
    cancelled = world.commits[-1]
    await world.end(service)

    ends = []
    for entries in (running, cancelled):
        again = world.start(entries)
        again.resume()
        await world.end(again)
        ends.append(told(again)["ends"]["main"][0])

    assert ends == ["Failed", "Canceled"]
    assert "inner" not in told(service)["ends"]


async def test_what_cannot_be_prepared_again_fails_and_is_rolled_back(world: World) -> None:
    service = await before(world)
    await one_that_is_rolled_back(service)
    accepted = world.commits[-1]
    await world.end(service)
    broken = [
        (kind, key, _without_template(document) if kind == "content" else document) for kind, key, document in accepted
    ]

    again = world.start(broken)
    again.resume()
    await world.end(again)

    state, _, is_told, on_error = told(again)["ends"]["main"]
    assert (state, is_told) == ("Failed", True)
    assert on_error["provisioningState"] == "Succeeded"


def _without_template(content: dict[str, Any]) -> dict[str, Any]:
    """The content of a deployment that names what to do on its error, and of another one as it is."""
    if not content["request"]["onErrorDeployment"]:
        return content
    return content | {"request": content["request"] | {"source": None, "template": {}}}


async def before(world: World) -> Service:
    """ARM with the group `rg`, in which one deployment made `one` and `two`."""
    service = world.start()
    service.state.put_group(ResourceGroup(GROUP, "eastus2"))
    await accept(service, "before", template(resource("one"), resource("two", dependsOn=["one"])))
    while service.background:
        await asyncio.sleep(0)
    service.state.flush()
    return service
