"""The Durable HTTP API: start, status, raise event, terminate, list; statuses, headers and bodies as recorded."""

import base64
import binascii
import hmac
import json
import unicodedata
from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus

from aiohttp import web

from emulator.functions_host.durable.addresses import API_PATH, Addresses
from emulator.functions_host.durable.history import compact, parse_timestamp
from emulator.functions_host.durable.hub import Reception, TaskHub
from emulator.functions_host.durable.status import DuplicateKeyError, Shown, status_document
from emulator.functions_host.durable.store import Instance, InstanceFilter, RuntimeStatus, Store

_POLL_SECONDS = "5"
_START_POLL_SECONDS = "10"
_DEFAULT_PAGE = 100
_MAX_ID = 256
_NOT_IN_IDS = frozenset("/\\#?")

_RECEPTIONS = {
    Reception.ACCEPTED: HTTPStatus.ACCEPTED,
    Reception.NO_SUCH_INSTANCE: HTTPStatus.NOT_FOUND,
    Reception.INSTANCE_HAS_ENDED: HTTPStatus.GONE,
}

_STATUS_NAMES = {status.value.lower(): status.value for status in RuntimeStatus}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class DurableApi:
    """Handlers of the API over one task hub."""

    def __init__(self, hub: TaskHub, store: Store, addresses: Callable[[], Addresses]) -> None:
        self._hub = hub
        self._store = store
        self._addresses = addresses

    def add_public_routes(self, app: web.Application) -> None:
        """Serve the API with its key."""
        self._add_routes(app, API_PATH, self._with_key)

    def add_rpc_routes(self, app: web.Application, path: str) -> None:
        """Serve the API without a key, for the SDK."""
        self._add_routes(app, path, lambda handler: handler)

    def _add_routes(self, app: web.Application, prefix: str, guard: Callable[[Handler], Handler]) -> None:
        instance = f"{prefix}/instances/{{instance_id}}"
        router = app.router
        router.add_post(f"{prefix}/orchestrators/{{name}}", guard(self._start))
        router.add_post(f"{prefix}/orchestrators/{{name}}/{{instance_id}}", guard(self._start))
        router.add_get(f"{prefix}/instances", guard(self._list))
        router.add_get(f"{prefix}/instances/", guard(self._list))
        router.add_get(instance, guard(self._status))
        router.add_post(f"{instance}/raiseEvent/{{event}}", guard(self._raise_event))
        router.add_post(f"{instance}/terminate", guard(self._terminate))
        for operation in ("suspend", "resume", "rewind", "restart"):
            router.add_post(f"{instance}/{operation}", guard(_not_here))
        router.add_delete(instance, guard(_not_here))
        router.add_delete(f"{prefix}/instances", guard(_not_here))

    def _with_key(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            addresses = self._addresses()
            given = request.query.get("code") or request.headers.get("x-functions-key") or ""
            if not hmac.compare_digest(given.encode(), addresses.key.encode()):
                return web.Response(status=HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
            if request.query.get("taskHub", addresses.hub_name).lower() != addresses.hub_name.lower():
                return web.Response(status=HTTPStatus.NOT_FOUND)
            return await handler(request)

        return guarded

    async def _start(self, request: web.Request) -> web.Response:
        body = await request.text()
        try:
            input_text = compact(json.loads(body)) if body.strip() else None
        except json.JSONDecodeError as error:
            return _invalid_json(error)
        if input_text == "null":
            input_text = None
        wanted_id = request.match_info.get("instance_id")
        if wanted_id is not None and (objection := _objection_to_id(wanted_id)):
            return _incorrect_argument(objection)
        instance_id, in_the_way = self._hub.start(request.match_info["name"], wanted_id, input_text)
        if in_the_way is not None:
            message = f"An Orchestration instance with the status {in_the_way.value} already exists."
            return _json({"Message": message}, HTTPStatus.CONFLICT)
        management = self._addresses().management(instance_id, with_rewind=False)
        headers = {"Location": management["statusQueryGetUri"], "Retry-After": _START_POLL_SECONDS}
        return _json(management, HTTPStatus.ACCEPTED, headers)

    async def _status(self, request: web.Request) -> web.Response:
        instance = self._store.instance(request.match_info["instance_id"])
        if instance is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        shown = _shown(request)
        history = self._store.history(instance.instance_id) if shown.history else []
        try:
            document = status_document(instance, history, shown)
        except DuplicateKeyError as error:
            return _incorrect_argument(str(error))
        if not instance.status.is_final:
            headers = {"Location": str(request.url), "Retry-After": _POLL_SECONDS}
            return _json(document, HTTPStatus.ACCEPTED, headers)
        is_failure = instance.status is RuntimeStatus.FAILED
        wants_500 = _flag(request, "returnInternalServerErrorOnFailure", default=False)
        return _json(document, HTTPStatus.INTERNAL_SERVER_ERROR if is_failure and wants_500 else HTTPStatus.OK)

    async def _raise_event(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            message = "Only application/json request content is supported"
            return _json({"Message": message}, HTTPStatus.BAD_REQUEST)
        try:
            input_text = compact(json.loads(await request.text()))
        except json.JSONDecodeError as error:
            return _invalid_json(error)
        reception = self._hub.raise_event(request.match_info["instance_id"], request.match_info["event"], input_text)
        return web.Response(status=_RECEPTIONS[reception])

    async def _terminate(self, request: web.Request) -> web.Response:
        reception = self._hub.terminate(request.match_info["instance_id"], request.query.get("reason"))
        return web.Response(status=_RECEPTIONS[reception])

    async def _list(self, request: web.Request) -> web.Response:
        limit = _page_size(request.query.get("top", ""))
        narrowed = InstanceFilter(
            statuses=_statuses(request.query.get("runtimeStatus", "")),
            created_from=_moment(request, "createdTimeFrom"),
            created_to=_moment(request, "createdTimeTo"),
            prefix=request.query.get("instanceIdPrefix", ""),
            first_id=_read_token(request.headers.get("x-ms-continuation-token", "")),
            limit=limit + 1,
        )
        found = self._store.instances(narrowed)
        page, rest = found[:limit], found[limit:]
        headers = {"x-ms-continuation-token": _token(rest[0])} if rest else {}
        shown = Shown(input=_flag(request, "showInput", default=True))
        return _json([status_document(instance, [], shown) for instance in page], HTTPStatus.OK, headers)


async def _not_here(_request: web.Request) -> web.StreamResponse:
    problem = {
        "title": "This host does not suspend, resume, rewind, restart or purge instances.",
        "status": int(HTTPStatus.NOT_IMPLEMENTED),
    }
    return web.json_response(problem, status=HTTPStatus.NOT_IMPLEMENTED, content_type="application/problem+json")


def _json(document: object, status: HTTPStatus, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(text=compact(document), status=status, headers=headers)


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


def _incorrect_argument(reason: str) -> web.Response:
    problem = {
        "Message": "One or more of the arguments submitted is incorrect",
        "ExceptionMessage": reason,
        "ExceptionType": "System.ArgumentException",
    }
    return _json(problem, HTTPStatus.BAD_REQUEST)


def _invalid_json(error: json.JSONDecodeError) -> web.Response:
    problem = {
        "Message": "Invalid JSON content",
        "ExceptionMessage": str(error),
        "ExceptionType": "Newtonsoft.Json.JsonReaderException",
    }
    return _json(problem, HTTPStatus.BAD_REQUEST)


def _flag(request: web.Request, name: str, *, default: bool) -> bool:
    text = request.query.get(name)
    return default if text is None else text.lower() == "true"


def _shown(request: web.Request) -> Shown:
    return Shown(
        input=_flag(request, "showInput", default=True),
        history=_flag(request, "showHistory", default=False),
        history_output=_flag(request, "showHistoryOutput", default=False),
    )


def _statuses(text: str) -> frozenset[str]:
    """Read a list of statuses; unknown ones count for nothing, as on the real host."""
    names = (name.strip().lower() for name in text.split(","))
    return frozenset(_STATUS_NAMES[name] for name in names if name in _STATUS_NAMES)


def _moment(request: web.Request, name: str) -> datetime | None:
    """Read a moment; one that is none narrows nothing, as on the real host."""
    text = request.query.get(name, "")
    try:
        return parse_timestamp(text)
    except ValueError:
        return None


def _page_size(text: str) -> int:
    return int(text) if text.isdecimal() and int(text) > 0 else _DEFAULT_PAGE


def _token(instance: Instance) -> str:
    return base64.b64encode(instance.instance_id.encode()).decode()


def _read_token(token: str) -> str:
    try:
        return base64.b64decode(token, validate=False).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
