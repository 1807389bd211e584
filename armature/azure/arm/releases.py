"""Packages handed to sites: the platform fetches one from an address, once, and keeps it for the site.

`PUT {site}/extensions/onedeploy` with `packageUri` and `remoteBuild` (Automate resource deployment for your function
app, deployment sources of Flex Consumption, 2025); its `GET` tells the last one (Web Apps - Get One Deploy Status).
"""

from http import HTTPStatus
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest, HttpResponse

from armature.azure.arm.access import document_of
from armature.azure.arm.function_apps import WEB_API_VERSION
from armature.azure.arm.resources import Resources
from armature.azure.failures import arm_failures, retry_after_seconds, without_queries_within
from armature.azure.models import ReleaseSight
from armature.errors import FailureClass, FailureError, failure, failure_from_code, failure_from_error

_UNDER_WAY, _WENT_WRONG = (0, 1, 2), (3, 5)
"""`status` as the deployment engine of App Service tells it: pending, building, deploying; failed, conflict (Kudu,
DeployStatus)."""


class Releases(Resources):
    """The part of the gateway that hands packages to sites."""

    def begin_release(self, site_id: str, package_uri: str, location: str | None) -> ReleaseSight:
        """Have the platform fetch a package and run the site from it; returns while it works.

        A second run meanwhile is refused (a conflict that passes); one after it deploys the same once more.
        `package_uri` may hold a SAS: it is told nobody, and in no failure.
        """
        body: dict[str, Any] = {"properties": {"packageUri": package_uri, "type": "zip", "remoteBuild": False}}
        if location:  # App Service asks for it of a site's children too
            body["location"] = location
        with arm_failures():
            return _sight(self._exchange("PUT", _path(site_id), WEB_API_VERSION, body))

    def release_at(self, link: str) -> ReleaseSight:
        """Look at a release where its beginning said that it can be seen. Changes nothing.

        What ARM knows no more has failed (ReleaseForgotten): begin again.
        """
        with arm_failures():
            try:
                return _sight(self._exchanged(HttpRequest("GET", link)))
            except HttpResponseError as error:
                if error.status_code not in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                    raise
        message = "Azure Resource Manager has forgotten the deployment of a package that it worked on."
        return ReleaseSight(failure=failure(FailureClass.TRANSIENT, "ReleaseForgotten", message))

    def last_release(self, site_id: str) -> str | None:
        """What the platform calls the last release of a site; None when there is none, or it does not tell.

        Changes nothing.
        """
        try:
            document = self._read(_path(site_id), WEB_API_VERSION)
        except FailureError as error:
            if error.failure.is_retried:
                raise
            return None
        return str(((document or {}).get("properties") or {}).get("id") or "") or None


def _path(site_id: str) -> str:
    return f"{site_id}/extensions/onedeploy"


def _sight(response: HttpResponse) -> ReleaseSight:
    """What an answer says: of the resource, or of the operation that works on it."""
    document = without_queries_within(document_of(response))
    properties: dict[str, Any] = document.get("properties") or {}
    state = str(document.get("status") or properties.get("provisioningState") or "").lower()
    engine = properties.get("status")
    if document.get("error"):
        return ReleaseSight(failure=failure_from_error(document))
    if state in ("failed", "canceled") or engine in _WENT_WRONG:
        reason = str(properties.get("status_text") or properties.get("message") or "no reason is told")
        return ReleaseSight(failure=failure_from_code("Failed", reason))
    if response.status_code != HTTPStatus.ACCEPTED and state in ("", "succeeded") and engine not in _UNDER_WAY:
        return ReleaseSight()
    headers = response.headers
    return ReleaseSight(
        link=headers.get("Azure-AsyncOperation") or headers.get("Location") or str(response.request.url),
        retry_after_seconds=retry_after_seconds(headers.get("Retry-After")),
    )
