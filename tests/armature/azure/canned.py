"""A service that answers what a test says: the SDKs' whole pipeline runs, only the network is not there."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from armature.azure.arm import ArmGateway


class AnyToken:
    """A credential that always has a token."""

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken("not-a-token", 2**40)


class _Awake(RequestsTransport):
    """A transport whose pauses take no time, and are noted."""

    def __init__(self, slept: list[float], **options: Any) -> None:
        super().__init__(**options)
        self._slept = slept

    def sleep(self, duration: float) -> None:
        self._slept.append(duration)


@dataclass(frozen=True)
class Answer:
    """One answer of the service; `raises` is thrown in place of it, as a cut connection would be."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raises: Exception | None = None


class CannedAdapter(HTTPAdapter):
    """Answers by method and path (lower case, without query); a list of answers is given one after the other."""

    def __init__(self, answers: Mapping[tuple[str, str], Answer | list[Answer]]) -> None:
        super().__init__()
        self.answers = {key: list(given) if isinstance(given, list) else given for key, given in answers.items()}
        self.requests: list[PreparedRequest] = []
        self.slept: list[float] = []

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        self.requests.append(request)
        key = (str(request.method), str(request.path_url).partition("?")[0].lower())
        answer = self.answers.get(key, Answer(404, {"error": {"code": "ResourceNotFound", "message": f"no {key}"}}))
        if isinstance(answer, list):
            answer = answer.pop(0)
        if answer.raises is not None:
            raise answer.raises
        content, content_type = _content(answer.body)
        headers = {"Content-Type": content_type, "Content-Length": str(len(content)), **answer.headers}
        raw = HTTPResponse(body=io.BytesIO(content), headers=headers, status=answer.status, preload_content=False)
        return self.build_response(request, raw)

    def transport(self) -> RequestsTransport:
        session = Session()
        session.mount("https://", self)
        return _Awake(self.slept, session=session, session_owner=False)

    def sent(self, method: str) -> list[Any]:
        """The bodies of the requests made with that method."""
        return [json.loads(request.body or "null") for request in self.requests if request.method == method]


CannedArm = Callable[[dict[tuple[str, str], Any]], tuple[ArmGateway, CannedAdapter]]
"""Makes a gateway from answers by method and path (see the fixture `canned_arm`)."""


def _content(body: Any) -> tuple[bytes, str]:
    match body:
        case None:
            return b"", "application/json"
        case bytes():
            return body, "application/octet-stream"
        case str():
            return body.encode(), "text/html"
        case _:
            return json.dumps(body).encode(), "application/json; charset=utf-8"
