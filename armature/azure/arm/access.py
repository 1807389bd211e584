"""The way to ARM that all parts of the gateway share: its clients, and requests that the SDKs have no method for."""

from functools import lru_cache
from http import HTTPStatus
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import policies
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.resource.resources import ResourceManagementClient

from armature.azure.arm.ids import path_of
from armature.azure.arm.own_host import OwnHostPolicy
from armature.azure.brief_retries import BriefRetry
from armature.azure.failures import arm_failures
from armature.azure.tokens import RenewingPolicy
from armature.azure.transport import shared_transport
from armature.clouds import Cloud

DEPLOYMENTS_API_VERSION = "2022-09-01"
RESOURCES_API_VERSION = "2022-09-01"
"""Served in every public and sovereign cloud; the SDKs' own defaults reach the sovereign ones up to a year later."""

_NOT_AN_ABSENCE = frozenset(("subscriptionnotfound", "invalidresourcetype", "invalidresourcenamespace"))
"""404 that say that the question was wrong, or is not for us to ask: nothing follows for what was asked about."""


class ArmAccess:
    """ARM as the app's identity sees it, in one subscription; safe to share between threads."""

    def __init__(self, cloud: Cloud, credential: TokenCredential, subscription: str) -> None:
        self.subscription = subscription
        hashable: Any = credential  # by identity; the protocol does not say so
        self._endpoint = cloud.resource_manager
        self._deployments, self._resources = _clients(cloud.resource_manager, cloud.scope, hashable, subscription)

    def _send(self, method: str, path: str, api_version: str, body: Any = None, **parameters: str) -> dict[str, Any]:
        """One request that the SDKs have no method for; the answer's JSON object, empty when it has none."""
        with arm_failures():
            return document_of(self._exchange(method, path, api_version, body, **parameters))

    def _read(self, path: str, api_version: str, **parameters: str) -> dict[str, Any] | None:
        """The document that is there, as ARM answers it, or None."""
        with arm_failures():
            try:
                return document_of(self._exchange("GET", path, api_version, **parameters))
            except HttpResponseError as error:
                if not says_absent(error):
                    raise
        return None

    def _whole_list(self, path: str, api_version: str) -> list[dict[str, Any]]:
        """All pages of a list that the SDKs have no method for."""
        found: list[dict[str, Any]] = []
        page = self._send("GET", path, api_version)
        while True:
            found += page.get("value") or ()
            link = page.get("nextLink")
            if not link:
                return found
            with arm_failures():
                page = document_of(self._exchanged(HttpRequest("GET", str(link))))

    def _delete(self, path: str, api_version: str, method: str = "DELETE") -> bool:
        """True when it is gone; False when ARM has accepted to delete it and works on that."""
        with arm_failures():
            try:
                return self._exchange(method, path, api_version).status_code != HTTPStatus.ACCEPTED
            except HttpResponseError as error:
                if not says_absent(error):
                    raise
        return True

    def _exchange(self, method: str, path: str, api_version: str, body: Any = None, **parameters: str) -> HttpResponse:
        """One request and its good answer; raises what the SDK raises, within `arm_failures`.

        A body of bytes is JSON already.
        """
        query = {"api-version": api_version, **parameters}
        if isinstance(body, bytes):
            headers = {"Content-Type": "application/json"}
            return self._exchanged(HttpRequest(method, path_of(path), params=query, content=body, headers=headers))
        return self._exchanged(HttpRequest(method, path_of(path), params=query, json=body))

    def _exchanged(self, request: HttpRequest) -> HttpResponse:
        response = self._resources.send_request(request)
        response.raise_for_status()
        return response


def says_absent(error: HttpResponseError) -> bool:
    """Whether the answer says that what was asked about is not there, and not that the question was wrong."""
    if error.status_code != HTTPStatus.NOT_FOUND:
        return False
    return str(getattr(error.error, "code", None)).lower() not in _NOT_AN_ABSENCE


def document_of(response: HttpResponse) -> dict[str, Any]:
    """The JSON object of an answer, empty when it has none."""
    document = response.json() if response.content else {}
    return document if isinstance(document, dict) else {}


@lru_cache(maxsize=64)
def _clients(
    endpoint: str, scope: str, credential: Any, subscription: str
) -> tuple[DeploymentsMgmtClient, ResourceManagementClient]:
    """The process's clients of a subscription."""
    deployments = DeploymentsMgmtClient(
        credential,
        subscription,
        endpoint,
        credential_scopes=[scope],
        api_version=DEPLOYMENTS_API_VERSION,
        policies=_policies(endpoint, credential, scope),
        transport=shared_transport(),
    )
    resources = ResourceManagementClient(
        credential,
        subscription,
        endpoint,
        credential_scopes=[scope],
        api_version=RESOURCES_API_VERSION,
        policies=_policies(endpoint, credential, scope),
        transport=shared_transport(),
    )
    return deployments, resources


def _policies(endpoint: str, credential: TokenCredential, scope: str) -> list[Any]:
    """What a request passes on its way. The SDKs' own list also logs, and registers providers, which waits for its end
    without a limit."""
    return [
        OwnHostPolicy(endpoint),
        policies.RequestIdPolicy(),
        policies.HeadersPolicy(),
        policies.UserAgentPolicy("armature"),
        policies.ProxyPolicy(),
        BriefRetry(),
        RenewingPolicy(credential, scope),
    ]
