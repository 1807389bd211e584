"""The process is killed while it works: what was answered is there, what was begun ends, and nothing is begun twice.

tests/emulator/arm/lifecycle/test_every_commit.py does the same to one process, at every moment that there is.
"""

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
    TemplateServer,
    arm_command,
    linked,
    nested,
    resource,
    storage,
    template,
    token,
)
from tests.running import ROOT

DEPLOYMENTS = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments"
KILLED_AFTER = 15  # answers


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

    async with killable_arm(certificates, tmp_path, 0.02) as arm:
        await arm.put("whole", whole)
        await arm.put("steps", chain("step", 6))
        for _ in range(2):
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
    async with killable_arm(certificates, tmp_path, 0) as arm:

        async def write(number: int) -> None:
            path = f"{GROUP_PATH}/providers/Microsoft.Contoso/things/t{number}"
            with contextlib.suppress(aiohttp.ClientError):
                await arm.request("PUT", path, {"location": "eastus2", "properties": {"number": number}})

        async def kill_in_the_middle() -> None:
            while len(arm.answered) < KILLED_AFTER:
                await asyncio.sleep(0)
            await arm.kill()

        await asyncio.gather(kill_in_the_middle(), *(write(number) for number in range(KILLED_AFTER * 3)))
        await arm.start()

        for path in arm.answered:
            assert (await arm.request("GET", path))[0] == 200, path
