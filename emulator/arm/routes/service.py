"""What the handlers share: the state, the settings and the background work, kept on the application."""

import asyncio
import json
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from armature.templates.reading import JsonSyntaxError, read_json
from emulator.arm.behaviours import Surroundings
from emulator.arm.clock import SimulatedTime
from emulator.arm.engine.deployer import Deployer
from emulator.arm.errors import invalid_request_content
from emulator.arm.operations import ProviderOperations
from emulator.arm.settings import ArmSettings
from emulator.arm.state import CloudState

_LOG = logging.getLogger(__name__)


@dataclass
class Service:
    """The running ARM."""

    settings: ArmSettings
    state: CloudState
    surroundings: Surroundings
    time: SimulatedTime
    operations: ProviderOperations
    deployer: Deployer
    background: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that outlives its request; it is left off when the server stops."""
        task = asyncio.get_running_loop().create_task(work)
        self.background.add(task)
        task.add_done_callback(self._settle)

    def _settle(self, task: asyncio.Task[None]) -> None:
        self.background.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _LOG.error("background work failed", exc_info=error)

    def resume(self) -> None:
        """Go on with everything that ran when the process ended."""
        self.operations.resume()
        for deployment in self.deployer.unsettled():
            self.start(self.deployer.resume(deployment))

    async def stop(self) -> None:
        """Leave what still runs as it is, to be resumed when ARM starts again."""
        tasks = list(self.background)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.operations.stop()


SERVICE = web.AppKey("service", Service)


def service_of(request: web.Request) -> Service:
    """The service that the request came to."""
    return request.app[SERVICE]


def address_of(request: web.Request) -> str:
    """The server's own address, as the caller wrote it: what links in answers begin with."""
    return f"{request.scheme}://{request.host}"


async def json_body(request: web.Request) -> dict[str, Any]:
    """The body, an object; raises InvalidRequestContent. An absent body is an empty object.

    ARM reads bodies as it reads templates: the Azure CLI sends a template as it is in the file, behind a name without
    quotes.
    """
    if not (raw := await request.read()):
        return {}
    try:
        body = _read(await request.text())
    except (JsonSyntaxError, UnicodeDecodeError) as wrong:
        raise invalid_request_content(f"Unexpected character encountered while parsing value: {wrong}") from wrong
    if not isinstance(body, dict):
        raise invalid_request_content(f"Error converting value of {len(raw)} bytes to an object")
    return body


def _read(text: str) -> Any:
    try:
        return json.loads(text)  # many times as fast as the lenient reader, and right for what it takes
    except (ValueError, RecursionError):
        return read_json(text, file="request").value
