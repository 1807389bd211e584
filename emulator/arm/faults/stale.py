"""Reads that lag behind writes: what there was before a write is shown for a while after it."""

import json
import time
from datetime import timedelta

from aiohttp import web
from aiohttp.web_request import BaseRequest

from emulator.arm.answers import error_response
from emulator.arm.clock import now
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import CloudState
from emulator.faults.parameters import Lag

_WRITES = ("PUT", "PATCH", "DELETE")
_KEPT_SECONDS = 3600.0  # no lag is longer


class StaleReads:
    """Remembers, for each path that is written, what a read showed just before.

    Resources that deployments make are written without a request: a read of one that is younger than the lag does not
    find it, and lists leave it out.
    """

    def __init__(self, state: CloudState) -> None:
        self.state = state
        self._before: dict[str, tuple[float, web.Response]] = {}

    async def remember(self, request: web.Request) -> None:
        """Note what there is, when the request is about to change it and nothing changed it a moment ago."""
        if request.method not in _WRITES:
            return
        self._forget_old()
        self._before[_key(request)] = (time.monotonic(), await _read(request))

    def answer(self, request: web.Request, lag: Lag) -> web.Response | None:
        """The answer of before the last write, if that was within the lag; None when the present may be shown."""
        if request.method not in ("GET", "HEAD"):
            return None
        written, before = self._before.get(_key(request), (0.0, None))
        if before is not None and time.monotonic() - written < lag.lag_seconds:
            return web.Response(status=before.status, body=before.body, content_type=before.content_type)
        resource_id = _resource_id(request.path)
        if resource_id is not None and self._is_young(str(resource_id), lag):
            message = f"The Resource '{resource_id.type}/{resource_id.name}' was not found."
            return error_response(ArmError(404, "ResourceNotFound", message))
        return None

    def without_young(self, answer: web.StreamResponse, lag: Lag) -> web.Response | None:
        """A list without the resources that are younger than the lag; None when it holds none of them."""
        if not isinstance(answer, web.Response) or answer.status != 200:
            return None
        document = json.loads(answer.text or "{}")
        old = [entry for entry in document["value"] if not self._is_young(entry["id"], lag)]
        return web.json_response(document | {"value": old}) if len(old) < len(document["value"]) else None

    def _is_young(self, resource_id: str, lag: Lag) -> bool:
        found = self.state.find_resource(ResourceId.parse(resource_id))
        return found is not None and now() - found.created < timedelta(seconds=lag.lag_seconds)

    def _forget_old(self) -> None:
        oldest = time.monotonic() - _KEPT_SECONDS
        self._before = {key: entry for key, entry in self._before.items() if entry[0] > oldest}


def _key(request: BaseRequest) -> str:
    return request.path.lower().rstrip("/")


def _resource_id(path: str) -> ResourceId | None:
    try:
        resource_id = ResourceId.parse(path)
    except ArmError:
        return None
    return resource_id if resource_id.parts else None


async def _read(request: web.Request) -> web.Response:
    """What a GET of the request's path answers now."""
    reading = request.clone(method="GET")
    found = await request.app.router.resolve(reading)
    found.add_app(request.app)
    reading._match_info = found  # what Application._handle does with a request that comes from outside
    try:
        answer = await found.handler(reading)
    except ArmError as error:
        return error_response(error)
    if not isinstance(answer, web.Response):
        raise TypeError(f"the answer to {request.path} has no body that can be kept")
    return answer
