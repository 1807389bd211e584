"""A client of Armature's HTTP API: typed questions in, typed answers out.

    CommandError
      ApiError                what went wrong with a call; ends the command with exit code 4 (3: the bundle is refused)
        .is_passing           True when the same call may well succeed a moment later

Nothing here prints, and no message holds the function key or an upload URL.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Self, TypeVar
from urllib.parse import quote, urlsplit

import pydantic
import requests
from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from armature.cli.exits import CommandError, ExitCode
from armature.events import NumberedEvent
from armature.state import DeploymentState

CONNECT_SECONDS = 10
READ_SECONDS = 60
UPLOAD_SECONDS = 600
_PASSING_STATUSES = frozenset({408, 429, 500, 502, 503, 504})


class ApiError(CommandError):
    """A call of the API failed. `status` is the HTTP status, None when no answer came."""

    def __init__(
        self,
        message: str,
        next_step: str = "",
        *,
        status: int | None = None,
        is_passing: bool,
        exit_code: ExitCode = ExitCode.API,
    ) -> None:
        super().__init__(exit_code, message, next_step)
        self.status = status
        self.is_passing = is_passing

    def document(self) -> dict[str, Any]:
        """The JSON object of any CommandError, with the HTTP status where there was an answer."""
        document = super().document()
        if self.status is not None:
            document["error"]["status"] = self.status
        return document


class ApiAnswer(pydantic.BaseModel):
    """The base of the API's smaller answers. Unknown keys are let pass: a newer API may say more."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class StoredBundle(ApiAnswer):
    """A bundle's id, and where to put its bytes when the API does not have them yet."""

    bundle_id: str
    upload_url: str | None = None


class Accepted(ApiAnswer):
    """A deployment that the API has taken on."""

    deployment_id: str
    status: str


class EventPage(ApiAnswer):
    """Events in order, and what to give as `after` for those that follow."""

    value: tuple[NumberedEvent, ...]
    next: int


class ListedDeployment(ApiAnswer):
    """One row of the list of deployments."""

    deployment_id: str
    status: str
    phase: str = ""
    project: str | None = None
    environment: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    percent: int | None = None
    message: str = ""


class DeploymentPage(ApiAnswer):
    """One page of the list."""

    value: tuple[ListedDeployment, ...]
    continuation_token: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """A deployment's state at one moment; `document` is the JSON as the API sent it."""

    state: DeploymentState
    document: dict[str, Any]
    etag: str | None


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
    """The API at `address` (such as `https://app.azurewebsites.net/api`), called with the function key, if any.

    >>> with ApiClient("http://127.0.0.1:7071/api") as api:
    ...     api.state("web-stack-1")
    """

    def __init__(self, address: str, key: str | None = None) -> None:
        self.address = checked_address(address)
        self._session = requests.Session()
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
        answer = self._call("GET", f"/deployments/{quote(deployment_id, safe='')}", headers=headers)
        if answer.status_code == requests.codes.not_modified:
            return None
        return Snapshot(self._read(DeploymentState, answer), answer.json(), answer.headers.get("ETag"))

    def events(self, deployment_id: str, after: int) -> EventPage:
        """The events that came after number `after`."""
        path = f"/deployments/{quote(deployment_id, safe='')}/events"
        return self._read(EventPage, self._call("GET", path, params={"after": str(after)}))

    def deployments(self, filters: Mapping[str, str]) -> Iterator[ListedDeployment]:
        """The deployments that the filters (project, environment, status, since) leave, page after page."""
        parameters = dict(filters)
        while True:
            page = self._read(DeploymentPage, self._call("GET", "/deployments", params=parameters))
            yield from page.value
            if page.continuation_token is None:
                return
            parameters["continuationToken"] = page.continuation_token

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
        raise _refused(answer)

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


# For answers that do not say themselves what to do, such as those of the platform in front of the app.
_NEXT_STEPS = {
    401: "Give the function key: --key, or ARMATURE_FUNCTION_KEY.",
    403: "The function key, or your account, may not do this.",
    404: "Check the deployment's id, and the address (--api or ARMATURE_API_URL), which usually ends in /api.",
    413: "The bundle is larger than the app takes: see ARMATURE_MAX_BUNDLE_BYTES.",
}


def _refused(answer: requests.Response) -> ApiError:
    """The error that stands for an answer outside the 200s: RFC 9457 problem documents give the words."""
    try:
        document = answer.json()
    except requests.exceptions.JSONDecodeError:
        document = None
    problem = document if isinstance(document, dict) else {}
    words = [str(problem[key]).rstrip(".") for key in ("title", "detail") if problem.get(key)]
    message = ": ".join(words) or (answer.reason or "no reason given")
    lines = [f"The API refused the request ({answer.status_code}): {message}."]
    problems = [each for each in problem.get("problems") or [] if isinstance(each, dict)]
    lines += [f"  {_problem_line(each)}" for each in problems]
    return ApiError(
        "\n".join(lines),
        "" if problem.get("detail") else _NEXT_STEPS.get(answer.status_code, ""),
        status=answer.status_code,
        is_passing=answer.status_code in _PASSING_STATUSES,
        exit_code=ExitCode.REFUSED if problems else ExitCode.API,  # only a bundle has problems
    )


def _problem_line(problem: Mapping[str, Any]) -> str:
    place = " ".join(str(problem[key]) for key in ("file", "pointer") if problem.get(key))
    words = " ".join(str(problem[key]) for key in ("message", "nextStep") if problem.get(key))
    return f"{place}: {words}" if place else words
