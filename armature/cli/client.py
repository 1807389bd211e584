"""A client of Armature's HTTP API: typed questions in, typed answers out.

Nothing here prints, and no message holds the function key or an upload URL.
"""

import ipaddress
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, Self, TypeVar
from urllib.parse import quote, urlsplit

import pydantic
import requests

from armature.audit import AuditEntry
from armature.checks import CheckState
from armature.checks.model import ChecksPage
from armature.cleaning import CleanUpView
from armature.cli.answers import (
    Accepted,
    BrokenLock,
    DeploymentPage,
    EventPage,
    LineageList,
    ListedDeployment,
    LockAudit,
    LockList,
    Snapshot,
    StartedDrift,
    StartedRetention,
    StoredBundle,
    TrailPage,
)
from armature.cli.exits import CommandError, ExitCode
from armature.cli.refusals import ApiError, refusal_of
from armature.comparing import Comparison
from armature.drift import Drift, LineageSummary
from armature.retention_run import RetentionRun
from armature.state import DeploymentState

TOKEN_VARIABLE = "ARMATURE_ACCESS_TOKEN"
"""A Microsoft Entra token for the app, where its authentication is on. No option: others can see those."""

CONNECT_SECONDS = 10
READ_SECONDS = 60
UPLOAD_SECONDS = 600
BEYOND_ALL_EVENTS = 10**9
"""A number that no log reaches, and the largest that the API takes."""


A = TypeVar("A", bound=pydantic.BaseModel)


def is_loopback(host: str | None) -> bool:
    """True for this machine's own names and addresses."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def checked_address(address: str) -> str:
    """The API's address without a trailing slash.

    Raises:
        CommandError: it is no http(s) address, or plain http to another machine, which would show the key to everyone.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CommandError(
            ExitCode.USAGE,
            f"{address!r} is no API address.",
            "Give --api as https://HOST/api, or set ARMATURE_API_URL.",
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise CommandError(
            ExitCode.USAGE,
            f"Plain http to {parts.hostname} would send the function key in the clear.",
            "Use https, or an address of this machine.",
        )
    return address.rstrip("/")


class ApiClient:
    """The API at `address` (such as `https://app.example/api`), called with the function key, if any.

    >>> with ApiClient("http://127.0.0.1:7071/api") as api:
    ...     api.state("web-stack-1")
    """

    def __init__(self, address: str, key: str | None = None, token: str | None = None) -> None:
        self.address = checked_address(address)
        self._session = requests.Session()
        self._session.auth = _bearer(token or os.environ.get(TOKEN_VARIABLE))
        if self.address.startswith("http:"):  # this machine only, see checked_address: no proxy is on the way
            self._session.trust_env = False
        if key:
            self._session.headers["x-functions-key"] = key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def store_bundle(self, zip_file: BinaryIO) -> StoredBundle:
        """Send a small bundle's bytes along with the request.

        Raises:
            ApiError: see `_call`; so do all the methods below.
        """
        answer = self._call(
            "POST", "/bundles", data=zip_file, headers={"Content-Type": "application/zip"}, read_seconds=UPLOAD_SECONDS
        )
        return self._read(StoredBundle, answer)

    def reserve_bundle(self) -> StoredBundle:
        """Ask where to upload a bundle."""
        return self._read(StoredBundle, self._call("POST", "/bundles"))

    def start(self, request: Mapping[str, Any]) -> Accepted:
        """Start a deployment. With a `deploymentId` in the request the call can be repeated: it starts one."""
        return self._read(Accepted, self._call("POST", "/deployments", json=request))

    def state(self, deployment_id: str, etag: str | None = None) -> Snapshot | None:
        """The deployment's state, or None when it is still what `etag` stood for."""
        headers = {"If-None-Match": etag} if etag else {}
        answer = self._call("GET", _deployment(deployment_id), headers=headers)
        if answer.status_code == requests.codes.not_modified:
            return None
        return Snapshot(self._read(DeploymentState, answer), answer.json(), answer.headers.get("ETag"))

    def events(self, deployment_id: str, after: int) -> EventPage:
        """The events that came after number `after`."""
        return self._read(
            EventPage, self._call("GET", f"{_deployment(deployment_id)}/events", params={"after": str(after)})
        )

    def preview(self, deployment_id: str, form: str, *, shows_noise: bool = False) -> str:
        """What the deployment would change, as `json`, `text` or `markdown`."""
        query = {"format": form, "noise": str(shows_noise).lower()}
        return self._call("GET", f"{_deployment(deployment_id)}/preview", params=query).text

    def checks(self, deployment_id: str, result: str | None = None) -> Iterator[CheckState]:
        """The checks of what was deployed, or those with one result, page after page."""
        parameters = {"result": result} if result else {}
        while True:
            answer = self._call("GET", f"{_deployment(deployment_id)}/checks", params=parameters)
            page = self._read(ChecksPage, answer)
            yield from page.value
            if page.next is None:
                return
            parameters = {**parameters, "after": str(page.next)}

    def last_event(self, deployment_id: str) -> int:
        """The number of the newest event: what comes after it has not happened yet."""
        return self.events(deployment_id, BEYOND_ALL_EVENTS).next

    def deployments(self, filters: Mapping[str, str]) -> Iterator[ListedDeployment]:
        """The deployments that the filters (project, environment, status, since) leave, page after page."""
        parameters = dict(filters)
        while True:
            page = self._read(DeploymentPage, self._call("GET", "/deployments", params=parameters))
            yield from page.value
            if page.continuation_token is None:
                return
            parameters["continuationToken"] = page.continuation_token

    def clean_up(self, deployment_id: str) -> CleanUpView:
        """All of what mode Complete would delete, or has deleted, page after page."""
        path = f"{_deployment(deployment_id)}/cleanup"
        whole = page = self._read(CleanUpView, self._call("GET", path))
        while page.next is not None:
            page = self._read(CleanUpView, self._call("GET", path, params={"after": str(page.next)}))
            if page.list_id != whole.list_id:  # made anew meanwhile: begin with the newer one
                return self.clean_up(deployment_id)
            whole = whole.model_copy(update={"value": (*whole.value, *page.value), "next": page.next})
        return whole

    def cancel(self, deployment_id: str, comment: str = "", *, rollback: bool | None = None) -> Accepted:
        """Ask for its cancellation. `rollback` overrides what the deployment was told to do then. Harmless twice."""
        body = _without_nothing({"comment": comment, "rollback": rollback})
        return self._read(Accepted, self._call("POST", f"{_deployment(deployment_id)}/cancel", json=body))

    def rollback(self, deployment_id: str, comment: str = "") -> Accepted:
        """Ask for the rollback of a deployment that has ended."""
        body = _without_nothing({"comment": comment})
        return self._read(Accepted, self._call("POST", f"{_deployment(deployment_id)}/rollback", json=body))

    def resume(self, deployment_id: str, comment: str = "") -> Accepted:
        """Ask to go on with a deployment that failed or was cancelled."""
        body = _without_nothing({"comment": comment})
        return self._read(Accepted, self._call("POST", f"{_deployment(deployment_id)}/resume", json=body))

    def approve(self, deployment_id: str, approval_id: str, comment: str = "") -> Accepted:
        """Let it do what it asks for. Harmless twice."""
        return self._decide("approve", deployment_id, approval_id, comment)

    def reject(self, deployment_id: str, approval_id: str, comment: str = "") -> Accepted:
        """Refuse what it asks for. Harmless twice."""
        return self._decide("reject", deployment_id, approval_id, comment)

    def _decide(self, verdict: str, deployment_id: str, approval_id: str, comment: str) -> Accepted:
        body = _without_nothing({"approvalId": approval_id, "comment": comment})
        return self._read(Accepted, self._call("POST", f"{_deployment(deployment_id)}/{verdict}", json=body))

    def locks(self) -> LockList:
        """Who holds the lock of which lineage, and who waits for it."""
        return self._read(LockList, self._call("GET", "/locks"))

    def lock_audit(self, lineage_key: str) -> LockAudit:
        """When, by whom and why the lock of a lineage was taken away."""
        return self._read(LockAudit, self._call("GET", f"/locks/{quote(lineage_key, safe='')}/audit"))

    def break_lock(self, lineage_key: str, reason: str) -> BrokenLock:
        """Take the lock of a lineage away from whoever holds it."""
        path = f"/locks/{quote(lineage_key, safe='')}/break"
        return self._read(BrokenLock, self._call("POST", path, json={"reason": reason}))

    def audit(self, filters: Mapping[str, str]) -> Iterator[AuditEntry]:
        """The entries of the audit trail that the filters leave, the newest first, page after page."""
        parameters = dict(filters)
        while True:
            page = self._read(TrailPage, self._call("GET", "/audit", params=parameters))
            yield from page.value
            if page.continuation_token is None:
                return
            parameters["continuationToken"] = page.continuation_token

    def comparison(self, deployment_id: str, before: str | None) -> Comparison:
        """What is different from `before`, or from the deployment before it in its lineage."""
        params = {"with": before} if before else {}
        return self._read(Comparison, self._call("GET", f"{_deployment(deployment_id)}/compare", params=params))

    def lineages(self) -> tuple[LineageSummary, ...]:
        """Every lineage."""
        return self._read(LineageList, self._call("GET", "/lineages")).value

    def look_for_drift(self, lineage_key: str) -> StartedDrift:
        """Begin a look at whether what a lineage has deployed is still so."""
        return self._read(StartedDrift, self._call("POST", f"/lineages/{quote(lineage_key, safe='')}/drift"))

    def drift(self, lineage_key: str) -> Drift:
        """What the last look has found so far."""
        return self._read(Drift, self._call("GET", f"/lineages/{quote(lineage_key, safe='')}/drift"))

    def start_retention(self, *, dry_run: bool | None) -> StartedRetention:
        """Start a run of retention. None leaves it to the app's settings whether it is a dry one."""
        body = {} if dry_run is None else {"dryRun": dry_run}
        return self._read(StartedRetention, self._call("POST", "/retention", json=body))

    def retention_run(self, run: str) -> tuple[RetentionRun, dict[str, Any]]:
        """How a run of retention stands, and the same as the JSON that the API sent."""
        answer = self._call("GET", f"/retention/{quote(run, safe='')}")
        return self._read(RetentionRun, answer), answer.json()

    def _call(
        self,
        method: str,
        path: str,
        *,
        data: BinaryIO | None = None,
        json: Mapping[str, Any] | None = None,
        params: dict[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        read_seconds: float = READ_SECONDS,
    ) -> requests.Response:
        """One request, one answer of the 200s or a 304.

        Raises:
            ApiError: no connection, no answer in time, or any other status; `is_passing` tells which may pass.
        """
        try:
            answer = self._session.request(
                method,
                self.address + path,
                data=data,
                json=json,
                params=params,
                headers=headers,
                timeout=(CONNECT_SECONDS, read_seconds),
                allow_redirects=False,  # requests would hand the key to wherever a redirect points
            )
        except requests.exceptions.SSLError as error:
            raise ApiError(
                f"The certificate of {self.address} is not trusted.",
                "Set REQUESTS_CA_BUNDLE to the file of the authority that signed it.",
                is_passing=False,
            ) from error
        except requests.ConnectionError as error:
            raise self._unreachable(f"Nothing answers at {self.address}.") from error
        except requests.Timeout as error:
            raise self._unreachable(f"{self.address} did not answer in time.") from error
        except requests.RequestException as error:
            raise ApiError(f"The call to {self.address} failed ({type(error).__name__}).", is_passing=True) from error
        if 200 <= answer.status_code < 300 or answer.status_code == requests.codes.not_modified:
            return answer
        raise refusal_of(answer)

    def _unreachable(self, message: str) -> ApiError:
        local = is_loopback(urlsplit(self.address).hostname)
        next_step = "Is the emulator running? Start it with: make up" if local else "Check --api (or ARMATURE_API_URL)."
        return ApiError(message, next_step, is_passing=True)

    def _read(self, model: type[A], answer: requests.Response) -> A:
        try:
            return model.model_validate_json(answer.content)
        except pydantic.ValidationError as error:
            raise ApiError(
                f"{self.address} answered what this version ({model.__name__}) does not understand.",
                "Is it Armature's API, and of the same version as this command?",
                status=answer.status_code,
                is_passing=False,
            ) from error


def _bearer(token: str | None) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """Who is calling, where the app asks; requests would else look for a password in ~/.netrc."""

    def signed(request: requests.PreparedRequest) -> requests.PreparedRequest:
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        return request

    return signed


def _deployment(deployment_id: str) -> str:
    return f"/deployments/{quote(deployment_id, safe='')}"


def _without_nothing(body: dict[str, str | bool | None]) -> dict[str, str | bool]:
    return {name: value for name, value in body.items() if value not in (None, "")}
