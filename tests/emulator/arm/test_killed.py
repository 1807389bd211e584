"""ARM is killed while it works: what was answered is there, what was begun ends, and nothing is begun twice."""

import asyncio
import contextlib
import json
import random
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from emulator.certificates import Certificates
from emulator.processes import free_port
from tests.emulator.arm.running import (
    API_VERSION,
    GROUP_PATH,
    SUBSCRIPTION_SCHEMA,
    TemplateServer,
    arm_command,
    failing,
    linked,
    nested,
    resource,
    storage,
    template,
    token,
)
from tests.running import ROOT

DEPLOYMENTS = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments"
UNDER_WAY = ("Accepted", "Running")
OTHER_GROUP = GROUP_PATH.removesuffix("rg") + "other"


@dataclass
class KillableArm:
    """The real process on a port that stays; `answered` are the paths of the PUTs that were answered with success."""

    certificates: Certificates
    folder: Path
    scale: float
    http: aiohttp.ClientSession
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None
    answered: list[str] = field(default_factory=list)

    async def start(self) -> None:
        command = arm_command(self.certificates, self.folder, port=self.port, scale=self.scale)
        self.process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        assert self.process.stdout is not None
        assert await self.process.stdout.readline(), "ARM did not start"

    async def kill(self) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    async def restart(self) -> None:
        await self.kill()
        await self.start()

    async def request(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        url = f"https://127.0.0.1:{self.port}{path}"
        async with self.http.request(method, url, json=body, params={"api-version": API_VERSION}) as response:
            text = await response.text()
            if method == "PUT" and response.status in (200, 201):
                self.answered.append(path)
            return response.status, json.loads(text) if text else None

    async def put(self, name: str, content: dict[str, Any], **properties: Any) -> None:
        body = {"properties": {"mode": "Incremental", "template": content} | properties}
        status, answer = await self.request("PUT", f"{DEPLOYMENTS}/{name}", body)
        assert status in (200, 201), answer

    async def ended(self, name: str) -> dict[str, Any]:
        while True:
            _, answer = await self.request("GET", f"{DEPLOYMENTS}/{name}")
            if answer["properties"]["provisioningState"] in ("Succeeded", "Failed", "Canceled"):
                return dict(answer["properties"])

    async def operations(self, name: str) -> list[dict[str, Any]]:
        _, answer = await self.request("GET", f"{DEPLOYMENTS}/{name}/operations")
        return [operation["properties"] for operation in answer["value"]]

    async def until_operations(self, name: str, count: int, *, ended: bool = True) -> None:
        """Return once so many operations of a deployment are there, or have ended."""
        while True:
            operations = await self.operations(name)
            if sum(not ended or o["provisioningState"] != "Running" for o in operations) >= count:
                return


@asynccontextmanager
async def killable_arm(certificates: Certificates, folder: Path, scale: float) -> AsyncIterator[KillableArm]:
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=certificates.trust_bundle), force_close=True)
    headers = {"Authorization": f"Bearer {token(certificates)}"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as http:
        arm = KillableArm(certificates, folder, scale, http)
        await arm.start()
        try:
            await arm.request("PUT", GROUP_PATH, {"location": "eastus2"})
            yield arm
        finally:
            await arm.kill()


def chain(prefix: str, length: int) -> dict[str, Any]:
    """A template whose resources wait for each other; the last one tells the time that the deployment began at."""
    resources = [
        resource(
            f"{prefix}-{n}", dependsOn=[f"{prefix}-{n - 1}"] if n else [], properties={"began": "[parameters('t')]"}
        )
        for n in range(length)
    ]
    return template(*resources, parameters={"t": {"type": "string", "defaultValue": "[concat(utcNow(), newGuid())]"}})


@pytest.mark.parametrize("seed", [1])
async def test_deployments_go_on_wherever_arm_is_killed(
    certificates: Certificates, tmp_path: Path, templates: TemplateServer, seed: int
) -> None:
    moments = random.Random(seed)
    templates.files = {"/child.json": chain("linked", 3)}
    link = {"uri": f"{templates.url}/child.json", "queryString": "sig=right"}
    inner = template(storage("stinner"), resource("after", dependsOn=["stinner"]))
    late = nested(
        "late",
        template(resource("[parameters('n')]"), parameters={"n": {"type": "string"}}),
        parameters={"n": {"value": "[reference('wide-0').word]"}},
    )
    wide = resource("[concat('wide-', copyIndex())]", copy={"name": "w", "count": 20}, properties={"word": "named"})
    whole = template(wide, nested("inner", inner), linked("child", link), late, resource("end", dependsOn=["late"]))

    async with killable_arm(certificates, tmp_path, 0.03) as arm:
        await arm.put("whole", whole)
        await arm.put("steps", chain("step", 6))
        for _ in range(3):
            await arm.until_operations("steps", moments.randint(1, 5), ended=moments.random() < 0.5)
            await arm.restart()
        templates.files = {}
        ends = {name: await arm.ended(name) for name in ("whole", "steps", "inner", "child", "late")}
        operations = {name: await arm.operations(name) for name in ends}
        _, listed = await arm.request("GET", f"{GROUP_PATH}/resources")
        first = (await arm.request("GET", f"{GROUP_PATH}/providers/Microsoft.Contoso/things/step-0"))[1]
        last = (await arm.request("GET", f"{GROUP_PATH}/providers/Microsoft.Contoso/things/step-5"))[1]

    assert {name: end["provisioningState"] for name, end in ends.items()} == dict.fromkeys(ends, "Succeeded")
    for name, made in operations.items():
        begun = Counter(o.get("targetResource", {}).get("id") for o in made)
        assert set(begun.values()) == {1}, name
    assert len(listed["value"]) == 20 + 2 + 3 + 1 + 1 + 6
    assert first["properties"]["began"] == last["properties"]["began"]
    assert {end["correlationId"] for name, end in ends.items() if name != "steps"} == {ends["whole"]["correlationId"]}


async def test_what_was_answered_is_there(certificates: Certificates, tmp_path: Path) -> None:
    moments = random.Random(2)
    async with killable_arm(certificates, tmp_path, 0) as arm:

        async def write(number: int) -> None:
            path = f"{GROUP_PATH}/providers/Microsoft.Contoso/things/t{number}"
            with contextlib.suppress(aiohttp.ClientError):
                await arm.request("PUT", path, {"location": "eastus2", "properties": {"number": number}})

        async def kill_in_the_middle() -> None:
            wanted = len(arm.answered) + moments.randint(5, 60)
            while len(arm.answered) < wanted:
                await asyncio.sleep(0)
            await arm.kill()

        for step in range(2):
            writes = [write(step * 100 + number) for number in range(100)]
            await asyncio.gather(kill_in_the_middle(), *writes)
            await arm.start()

        for path in arm.answered:
            assert (await arm.request("GET", path))[0] == 200, path


async def test_cancelled_stays_cancelled_and_deletions_end(certificates: Certificates, tmp_path: Path) -> None:
    async with killable_arm(certificates, tmp_path, 0.05) as arm:
        await arm.request("PUT", OTHER_GROUP, {"location": "eastus2"})
        await arm.put("steps", chain("step", 6))
        await arm.until_operations("steps", 1, ended=False)
        cancelled, _ = await arm.request("POST", f"{DEPLOYMENTS}/steps/cancel")
        deleted, _ = await arm.request("DELETE", OTHER_GROUP)
        await arm.restart()

        steps, operations = await arm.ended("steps"), await arm.operations("steps")
        while (await arm.request("GET", OTHER_GROUP))[0] != 404:
            await asyncio.sleep(0)
        await arm.until_operations("steps", len(operations))
        _, thing = await arm.request("GET", f"{GROUP_PATH}/providers/Microsoft.Contoso/things/step-0")

    assert (cancelled, deleted) == (204, 202)
    assert steps["provisioningState"] == "Canceled"
    assert [o["targetResource"]["resourceName"] for o in operations] == ["step-0"]
    assert thing["properties"]["provisioningState"] == "Succeeded"


async def test_a_groups_subscription_deployment_goes_on(certificates: Certificates, tmp_path: Path) -> None:
    group = {
        "type": "Microsoft.Resources/resourceGroups",
        "apiVersion": "2022-09-01",
        "name": "made",
        "location": "eastus2",
    }
    child = nested("in-group", template(resource("inside")), resourceGroup="made", dependsOn=["made"])
    content = template(group, child) | {"$schema": SUBSCRIPTION_SCHEMA}
    path = "/".join(DEPLOYMENTS.split("/")[:3]) + "/providers/Microsoft.Resources/deployments/whole"

    async with killable_arm(certificates, tmp_path, 0.05) as arm:
        body = {"location": "eastus2", "properties": {"mode": "Incremental", "template": content}}
        assert (await arm.request("PUT", path, body))[0] == 201
        await arm.restart()
        while (answer := (await arm.request("GET", path))[1])["properties"]["provisioningState"] in UNDER_WAY:
            continue

    assert answer["properties"]["provisioningState"] == "Succeeded", answer
    assert [made["id"].rpartition("/")[2] for made in answer["properties"]["outputResources"]] == ["made", "inside"]


async def test_a_rollback_and_its_deletions_go_on(certificates: Certificates, tmp_path: Path) -> None:
    async with killable_arm(certificates, tmp_path, 0.05) as arm:
        await arm.put("good", chain("step", 2))
        await arm.ended("good")
        bad_template = template(resource("extra"), failing("Not_Valid", dependsOn=["extra"]))
        await arm.put("bad", bad_template, onErrorDeployment={"type": "LastSuccessful"})
        await arm.ended("bad")
        await arm.restart()
        while (bad := await arm.ended("bad"))["onErrorDeployment"].get("provisioningState") in (None, "Running"):
            continue
        _, listed = await arm.request("GET", f"{GROUP_PATH}/resources")

    assert bad["onErrorDeployment"]["provisioningState"] == "Succeeded"
    assert [entry["name"] for entry in listed["value"]] == ["step-0", "step-1"]
