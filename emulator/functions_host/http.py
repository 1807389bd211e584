"""HTTP triggers: finds the function of a request, hands it over, answers what the function returned.

Keys are asked for as in Azure, or, as with ``func start``, not at all.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web
from azure.functions import meta

from emulator.functions_host.host_json import HttpSection
from emulator.functions_host.indexing import HostFunction, TriggerKind
from emulator.functions_host.invocation import FunctionError, FunctionInput, Invoker
from emulator.functions_host.keys import AuthLevel, HostKeys
from emulator.functions_host.routes import Route, compile_route

_ALL_METHODS = frozenset({"GET", "POST", "DELETE", "HEAD", "PATCH", "PUT", "OPTIONS"})


@dataclass(frozen=True)
class _Endpoint:
    route: Route
    methods: frozenset[str]
    function: HostFunction
    level: AuthLevel


class HttpTriggers:
    """The HTTP functions of an app under the route prefix; without `keys` none is asked for."""

    def __init__(
        self, functions: Sequence[HostFunction], invoker: Invoker, section: HttpSection, keys: HostKeys | None = None
    ) -> None:
        self._invoker = invoker
        self._keys = keys
        route_prefix = section.route_prefix.strip("/")
        self._prefix = f"/{route_prefix}/" if route_prefix else "/"
        self._outstanding = 0
        self._most_outstanding = section.max_outstanding_requests
        most_at_once = section.max_concurrent_requests
        self._places = asyncio.Semaphore(most_at_once) if most_at_once > 0 else contextlib.nullcontext()
        endpoints = [_endpoint(function) for function in functions if function.kind is TriggerKind.HTTP]
        self._endpoints = sorted(endpoints, key=lambda endpoint: endpoint.route.precedence)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request. Without a body: 404 for a wrong route or method, 401 without the key, 500 for a failure.

        429 when as many requests as host.json allows wait or run.
        """
        found = self._find(request)
        if found is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        endpoint, values = found
        if self._keys is not None and not self._keys.admits(request, endpoint.level):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        if 0 < self._most_outstanding <= self._outstanding:
            return web.Response(status=HTTPStatus.TOO_MANY_REQUESTS)
        self._outstanding += 1
        try:
            async with self._places:
                return await self._answer(request, endpoint.function, values)
        finally:
            self._outstanding -= 1

    async def _answer(self, request: web.Request, function: HostFunction, values: dict[str, str]) -> web.StreamResponse:
        body = await request.read()
        given = FunctionInput(_request_datum(request, values, body))
        try:
            datum = await self._invoker.invoke(function, given)
        except FunctionError:
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)
        return _response(datum)

    def _find(self, request: web.Request) -> tuple[_Endpoint, dict[str, str]] | None:
        path = request.rel_url.raw_path
        if not path.lower().startswith(self._prefix.lower()):
            return None
        rest = path[len(self._prefix) :].rstrip("/")
        for endpoint in self._endpoints:
            if request.method in endpoint.methods and (values := endpoint.route.match(rest)) is not None:
                return endpoint, values
        return None


def _endpoint(function: HostFunction) -> _Endpoint:
    methods = function.trigger.properties.get("methods") or _ALL_METHODS
    level = function.trigger.properties.get("authLevel") or AuthLevel.FUNCTION
    return _Endpoint(
        route=compile_route(function.trigger.text("route", function.name)),
        methods=frozenset(str(getattr(method, "value", method)).upper() for method in methods),
        function=function,
        level=AuthLevel(str(getattr(level, "value", level)).lower()),
    )


def _request_datum(request: web.Request, values: dict[str, str], body: bytes) -> meta.Datum:
    def strings(items: dict[str, str]) -> dict[str, meta.Datum]:
        return {name: meta.Datum(value, "string") for name, value in items.items()}

    return meta.Datum(
        {
            "method": meta.Datum(request.method, "string"),
            "url": meta.Datum(str(request.url), "string"),
            "headers": strings({name.lower(): value for name, value in request.headers.items()}),
            "query": strings({name: ",".join(request.query.getall(name)) for name in request.query}),
            "params": strings(values),
            "body": meta.Datum(body, "bytes"),
        },
        "http",
    )


def _response(datum: meta.Datum | None) -> web.Response:
    if datum is None:
        return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)
    if datum.type == "string":
        return web.Response(text=datum.value, content_type="text/plain", charset="utf-8")
    answer = datum.value
    response = web.Response(status=int(answer["status_code"].value), body=answer["body"].value)
    for name, value in answer["headers"].items():
        response.headers[name] = value.value
    for jar in answer["cookies"] or ():
        for morsel in jar.values():
            response.headers.add("Set-Cookie", morsel.OutputString())
    return response
