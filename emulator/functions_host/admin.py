"""The admin routes: the host's state, functions and keys; with keys required, for the master key only.

Shapes as documented ("Azure Functions host admin API"), as far as this host has what they tell.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web

from emulator.functions_host.indexing import HostFunction, raw_binding
from emulator.functions_host.keys import AuthLevel, HostKeys

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Standing:
    """What a host says of itself; `error` is why it runs no function."""

    instance: str
    is_running: bool = False
    error: str | None = None
    warnings: list[str] = field(default_factory=list)
    functions: Sequence[HostFunction] = ()


class AdminRoutes:
    """Handlers over a host's standing, which changes while it starts."""

    def __init__(self, standing: Standing, keys: HostKeys, *, require_keys: bool) -> None:
        self._standing = standing
        self._keys = keys
        self._require_keys = require_keys

    def add_to(self, app: web.Application) -> None:
        """Serve the routes."""
        app.router.add_get("/admin/host/status", self._guarded(self._status))
        app.router.add_get("/admin/host/ping", _pong)
        app.router.add_get("/admin/host/keys", self._guarded(self._host_keys))
        app.router.add_get("/admin/functions", self._guarded(self._functions))
        app.router.add_get("/admin/functions/{name}", self._guarded(self._function))

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if self._require_keys and not self._keys.admits(request, AuthLevel.ADMIN):
                return web.Response(status=HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
            return await handler(request)

        return guarded

    async def _status(self, _request: web.Request) -> web.Response:
        standing = self._standing
        document: dict[str, Any] = {"state": _state(standing), "instanceId": standing.instance}
        if standing.error is not None:
            document["errors"] = [standing.error]
        document["warnings"] = standing.warnings
        status = HTTPStatus.OK if standing.is_running else HTTPStatus.SERVICE_UNAVAILABLE
        return web.json_response(document, status=status)

    async def _host_keys(self, _request: web.Request) -> web.Response:
        return web.json_response({"keys": [{"name": "default", "value": self._keys.function}]})

    async def _functions(self, _request: web.Request) -> web.Response:
        return web.json_response([_described(function) for function in self._standing.functions])

    async def _function(self, request: web.Request) -> web.Response:
        name = request.match_info["name"].lower()
        for function in self._standing.functions:
            if function.name.lower() == name:
                return web.json_response(_described(function))
        return web.Response(status=HTTPStatus.NOT_FOUND)


def _state(standing: Standing) -> str:
    if standing.error is not None:
        return "Error"
    return "Running" if standing.is_running else "Starting"


def _described(function: HostFunction) -> dict[str, Any]:
    bindings = [json.loads(raw_binding(each)) for each in (function.trigger, *function.inputs, *function.outputs)]
    return {"name": function.name, "language": "python", "isDisabled": False, "config": {"bindings": bindings}}


async def _pong(_request: web.Request) -> web.Response:
    return web.Response()
