"""A stand-in for the API, for what can't be had otherwise: answers as scripted, requests as received."""

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.armature.cli.states import a_state

RETENTION_RUN = "20261124-023000-0123abcd"


@dataclass
class Received:
    """A request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    query: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class FakeApi:
    """Plays a deployment: each GET of its state shows the next of `states`, and then goes on showing the last.

    `troubles` are answered first, one a request: an HTTP status, or None to cut the connection. Once something is asked
    of the deployment (`cancel`, `rollback`, `resume`), it goes on with the states of `after`, if there are any. Each
    look at the run of retention takes the next of `retention`, and each at a drift the next of `drift`. Without a
    `preview` there is none.
    """

    states: list[dict[str, Any]] = field(default_factory=lambda: [a_state(status="completed", phase="finished")])
    event_log: list[dict[str, Any]] = field(default_factory=list)
    listed: list[list[dict[str, Any]]] = field(default_factory=lambda: [[]])
    troubles: dict[str, list[int | None]] = field(default_factory=dict)
    refusal: dict[str, Any] = field(default_factory=dict)
    after: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    locks: list[dict[str, Any]] = field(default_factory=list)
    audit: list[dict[str, Any]] = field(default_factory=list)
    retention: list[dict[str, Any]] = field(default_factory=list)
    trail: list[list[dict[str, Any]]] = field(default_factory=lambda: [[]])
    comparison: dict[str, Any] = field(default_factory=dict)
    lineages: list[dict[str, Any]] = field(default_factory=list)
    drift: list[dict[str, Any]] = field(default_factory=list)
    preview: str | None = None
    received: list[Received] = field(default_factory=list)
    address: str = ""
    _shown: int = 0

    def of(self, method: str, path: str) -> list[Received]:
        return [request for request in self.received if (request.method, request.path) == (method, path)]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/api")
        body = await request.read()
        self.received.append(Received(request.method, path, dict(request.headers), dict(request.query), body))
        troubles = self.troubles.get(f"{request.method} {path}")
        if troubles:
            status = troubles.pop(0)
            if status is None:
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            return web.json_response(self.refusal, status=status, content_type="application/problem+json")
        return self._page(request, path)

    def _page(self, request: web.Request, path: str) -> web.Response:
        if (history := self._history(request, path)) is not None:
            return history
        if path == "/bundles":
            return web.json_response({"bundleId": "bundle-1"}, status=201)
        if (request.method, path) == ("POST", "/deployments"):
            wanted = json.loads(self.received[-1].body)
            answer = {"deploymentId": wanted["deploymentId"], "status": "pending", "statusUrl": "x"}
            return web.json_response(answer, status=202)
        if path == "/deployments":
            page = int(request.query.get("continuationToken", "0"))
            more = {"continuationToken": str(page + 1)} if page + 1 < len(self.listed) else {}
            return web.json_response({"value": self.listed[page], **more})
        if path.endswith("/events"):
            after = int(request.query["after"])
            found = [event for event in self.event_log if event["sequence"] > after]
            return web.json_response(
                {"value": found, "next": (found or self.event_log or [{"sequence": 0}])[-1]["sequence"]}
            )
        if path == "/locks":
            return web.json_response({"value": self.locks})
        if path.endswith("/audit"):
            return web.json_response({"value": self.audit})
        if path == "/retention":
            body = {"run": RETENTION_RUN, "dryRun": json.loads(self.received[-1].body).get("dryRun", False)}
            return web.json_response({**body, "status": "running", "statusUrl": "x"}, status=202)
        if path == f"/retention/{RETENTION_RUN}":
            return web.json_response(self.retention.pop(0))
        if request.method == "POST":
            return self._asked(path)
        return self._state(request)

    def _history(self, request: web.Request, path: str) -> web.Response | None:
        if path == "/audit":
            page = int(request.query.get("continuationToken", "0"))
            more = {"continuationToken": str(page + 1)} if page + 1 < len(self.trail) else {}
            return web.json_response({"value": self.trail[page], **more})
        if path.endswith("/preview"):
            missing = web.json_response({"title": "No preview", "detail": "There is none."}, status=404)
            return missing if self.preview is None else web.Response(text=self.preview)
        if path.endswith("/compare"):
            return web.json_response(self.comparison)
        if path == "/lineages":
            return web.json_response({"value": self.lineages})
        if path.endswith("/drift"):
            return self._drift(request)
        return None

    def _drift(self, request: web.Request) -> web.Response:
        if request.method == "POST":
            return web.json_response({"deploymentId": "drift-1", "of": "shop-7", "statusUrl": "x"}, status=202)
        found = self.drift.pop(0)
        return web.json_response(found, status=202 if found["status"] == "pending" else 200)

    def _asked(self, path: str) -> web.Response:
        _, first, name, action = path.split("/")
        if first == "locks":
            return web.json_response({"lineageKey": name, "holder": self.locks[0]["holder"]})
        self.states, self._shown = self.after.get(action, self.states[self._shown - 1 :]), 0
        return web.json_response({"deploymentId": name, "status": "deploying", "statusUrl": "x"}, status=202)

    def _state(self, request: web.Request) -> web.Response:
        state = self.states[min(self._shown, len(self.states) - 1)]
        self._shown += 1
        etag = f'W/"{json.dumps(state).__hash__()}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        return web.json_response(state, headers={"ETag": etag})
