"""Requests to ARM go to ARM: a link in an answer may not lead the app's token to another host."""

from typing import Any
from urllib.parse import urlsplit

from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy

from armature.errors import FailureClass, FailureError, failure


class OwnHostPolicy(SansIOHTTPPolicy[Any, Any]):
    """Refuses requests to any host but the endpoint's. It stands before the policy that adds the token."""

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self._host = _host_of(endpoint)

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Let the request pass.

        Raises:
            FailureError: ForeignLink: it would leave the endpoint's host.
        """
        if _host_of(request.http_request.url) != self._host:
            message = f"An answer of Azure Resource Manager links to another host than {self._host[1]}."
            raise FailureError(failure(FailureClass.UNKNOWN, "ForeignLink", message))


def _host_of(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()
