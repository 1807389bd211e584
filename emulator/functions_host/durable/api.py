"""The Durable HTTP API: its routes, start, status, raise event, list; statuses, headers and bodies as recorded."""

import asyncio
import json
import time
import unicodedata
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from emulator.functions_host.durable import queries
from emulator.functions_host.durable.addresses import API_PATH, Addresses
from emulator.functions_host.durable.answers import incorrect_argument, invalid_json, json_answer, message
from emulator.functions_host.durable.failures import no_entity_function
from emulator.functions_host.durable.history import compact
from emulator.functions_host.durable.hub import TaskHub
from emulator.functions_host.durable.instances import InstanceFilter, RuntimeStatus
from emulator.functions_host.durable.management import Management
from emulator.functions_host.durable.operations import RECEPTIONS, Operations
from emulator.functions_host.durable.status import DuplicateKeyError, Shown, status_document
from emulator.functions_host.durable.store import Store
from emulator.functions_host.keys import HostKeys

_POLL_SECONDS = "5"
_START_POLL_SECONDS = "10"
_SHORTEST_INTERVAL = 0.05  # seconds; an interval of 0 must not keep the host from everything else
_MAX_ID = 256
_NOT_IN_IDS = frozenset("/\\#?")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class DurableApi:
    """Handlers of the API over one task hub."""

    def __init__(
        self,
        hub: TaskHub,
        store: Store,
        management: Management,
        addresses: Callable[[], Addresses],
        keys: HostKeys,
    ) -> None:
        self._hub = hub
        self._store = store
        self._operations = Operations(hub, store, management, self._point_to)
        self._addresses = addresses
        self._keys = keys

    def add_public_routes(self, app: web.Application) -> None:
        """Serve the API with its key."""
        self._add_routes(app, API_PATH, self._with_key)

    def add_rpc_routes(self, app: web.Application, path: str) -> None:
        """Serve the API without a key, for the SDK."""
        self._add_routes(app, path, self._of_this_hub)

    def _add_routes(self, app: web.Application, prefix: str, guard: Callable[[Handler], Handler]) -> None:
        instance = f"{prefix}/instances/{{instance_id}}"
        router = app.router
        router.add_post(f"{prefix}/orchestrators/{{name}}", guard(self._start))
        router.add_post(f"{prefix}/orchestrators/{{name}}/{{instance_id}}", guard(self._start))
        for instances in (f"{prefix}/instances", f"{prefix}/instances/"):
            router.add_get(instances, guard(self._list))
            router.add_delete(instances, guard(self._operations.purge_all))
        router.add_get(instance, guard(self._status))
        router.add_delete(instance, guard(self._operations.purge))
        router.add_post(f"{instance}/raiseEvent/{{event}}", guard(self._raise_event))
        router.add_post(f"{instance}/{{operation}}", guard(self._operations.handle))
        for entity in (f"{prefix}/entities/{{entity}}", f"{prefix}/entities/{{entity}}/{{key}}"):
            router.add_route("*", entity, guard(_refuse_entity))
        router.add_get(f"{prefix}/entities", guard(_refuse_entity))
        router.add_route("*", f"{prefix}/{{rest:.*}}", guard(_not_found))

    def _with_key(self, handler: Handler) -> Handler:
        inner = self._of_this_hub(handler)

        async def guarded(request: web.Request) -> web.StreamResponse:
            if not self._keys.admits_to_durable_api(request):
                return web.Response(status=HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
            return await inner(request)

        return guarded

    def _of_this_hub(self, handler: Handler) -> Handler:
        """Know nothing of other task hubs."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            own = self._addresses().hub_name
            asked = (queries.text(request, "taskHub") or "").strip() or own
            if asked.lower() != own.lower():
                return web.Response(status=HTTPStatus.NOT_FOUND)
            return await handler(request)

        return guarded

    async def _start(self, request: web.Request) -> web.Response:
        body = await _text(request)
        try:
            input_text = compact(json.loads(body)) if body.strip() else None
        except json.JSONDecodeError as error:
            return invalid_json(error)
        if input_text == "null":
            input_text = None
        wanted_id = request.match_info.get("instance_id")
        if wanted_id is not None and (objection := _objection_to_id(wanted_id)):
            return incorrect_argument(objection)
        instance_id, in_the_way = self._hub.start(
            request.match_info["name"], wanted_id, input_text, version=queries.text(request, "version")
        )
        if in_the_way is not None:
            text = f"An Orchestration instance with the status {in_the_way.value} already exists."
            return message(text, HTTPStatus.CONFLICT)
        return await self._point_to(request, instance_id)

    async def _point_to(self, request: web.Request, instance_id: str) -> web.Response:
        """Answer where to watch an instance; with a timeout, first wait whether it ends in time and answer how."""
        timeout, interval = queries.seconds(request, "timeout"), queries.seconds(request, "pollingInterval")
        if timeout is not None and interval is not None:
            if interval > timeout:
                return incorrect_argument(f"Total timeout {timeout:g} should be bigger than retry timeout {interval:g}")
            if (ended := await self._ended(request, instance_id, timeout, interval)) is not None:
                return ended
        management = self._addresses().management(instance_id, with_rewind=False)
        headers = {"Location": management["statusQueryGetUri"], "Retry-After": _START_POLL_SECONDS}
        return json_answer(management, HTTPStatus.ACCEPTED, headers)

    async def _ended(
        self, request: web.Request, instance_id: str, timeout: float, interval: float
    ) -> web.Response | None:
        deadline = time.monotonic() + timeout
        while True:
            instance = self._store.instance(instance_id)
            if instance is not None and instance.status is RuntimeStatus.COMPLETED:
                return json_answer(status_document(instance, [], Shown())["output"])
            if instance is not None and instance.status.is_final:
                return self._status_of(request, instance_id)
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return None
            await asyncio.sleep(min(max(interval, _SHORTEST_INTERVAL), remaining))

    async def _status(self, request: web.Request) -> web.Response:
        return self._status_of(request, request.match_info["instance_id"])

    def _status_of(self, request: web.Request, instance_id: str) -> web.Response:
        instance = self._store.instance(instance_id)
        if instance is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        shown = queries.shown(request)
        history = self._store.history(instance_id) if shown.history else []
        try:
            document = status_document(instance, history, shown)
        except DuplicateKeyError as error:
            return incorrect_argument(str(error))
        if not instance.status.is_final:
            headers = {"Location": str(request.url), "Retry-After": _POLL_SECONDS}
            return json_answer(document, HTTPStatus.ACCEPTED, headers)
        is_failure = instance.status is RuntimeStatus.FAILED
        wants_500 = queries.flag(request, "returnInternalServerErrorOnFailure", default=False)
        return json_answer(document, HTTPStatus.INTERNAL_SERVER_ERROR if is_failure and wants_500 else HTTPStatus.OK)

    async def _raise_event(self, request: web.Request) -> web.Response:
        instance = self._store.instance(request.match_info["instance_id"])
        if instance is None or instance.status.is_final:  # told before anything is said of the body
            return web.Response(status=HTTPStatus.NOT_FOUND if instance is None else HTTPStatus.GONE)
        if request.content_type != "application/json":
            return message("Only application/json request content is supported", HTTPStatus.BAD_REQUEST)
        try:
            input_text = compact(json.loads(await _text(request)))
        except json.JSONDecodeError as error:
            return invalid_json(error)
        reception = self._hub.raise_event(instance.instance_id, request.match_info["event"], input_text)
        return web.Response(status=RECEPTIONS[reception])

    async def _list(self, request: web.Request) -> web.Response:
        limit = queries.page_size(request)
        narrowed = InstanceFilter(
            statuses=queries.statuses(request),
            created_from=queries.moment(request, "createdTimeFrom"),
            created_to=queries.moment(request, "createdTimeTo"),
            prefix=queries.text(request, "instanceIdPrefix") or "",
            first_id=queries.first_id(request),
            limit=limit + 1,
        )
        found = self._store.instances(narrowed)
        page, rest = found[:limit], found[limit:]
        headers = {"x-ms-continuation-token": queries.token(rest[0].instance_id)} if rest else {}
        shown = Shown(input=queries.flag(request, "showInput", default=True))
        return json_answer([status_document(instance, [], shown) for instance in page], HTTPStatus.OK, headers)


async def _text(request: web.Request) -> str:
    """Return the body of a request; what is no text in it is replaced, as .NET does."""
    return (await request.read()).decode(request.charset or "utf-8-sig", "replace")


async def _refuse_entity(request: web.Request) -> web.StreamResponse:
    """Answer as an app does that has no entity: none can be read or listed, and none can be told to do something."""
    name, key = request.match_info.get("entity", ""), request.match_info.get("key")
    if request.method == "GET":
        return web.Response(status=HTTPStatus.NOT_FOUND) if key is not None else json_answer([])
    if request.method in ("POST", "DELETE"):
        return message(no_entity_function(name), HTTPStatus.BAD_REQUEST)
    return web.Response(status=HTTPStatus.NOT_FOUND)


async def _not_found(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=HTTPStatus.NOT_FOUND)


def _objection_to_id(instance_id: str) -> str | None:
    """Say what the extension says of an id that no instance can have (StartNewAsync, mixed-up words included)."""
    if instance_id.startswith("@"):
        return "instanceId (Parameter 'Orchestration instance ids must not start with @.')"
    if any(character in _NOT_IN_IDS or unicodedata.category(character) == "Cc" for character in instance_id):
        words = "Orchestration instance ids must not contain /, \\, #, ?, or control characters."
        return f"instanceId (Parameter '{words}')"
    if len(instance_id) > _MAX_ID:
        return f"Instance ID lengths must not exceed {_MAX_ID} characters."
    return None
