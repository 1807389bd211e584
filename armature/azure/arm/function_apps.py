"""Apps of App Service: their application settings, and what their functions host tells through ARM."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest

from armature.azure.arm.access import document_of
from armature.azure.arm.ids import path_of
from armature.azure.arm.resources import Resources
from armature.azure.failures import arm_failures, failure_of
from armature.checks.facts import SiteFacts
from armature.redaction import redact

WEB_API_VERSION = "2022-09-01"
FLEX_API_VERSION = "2023-12-01"
"""The first that tells `functionAppConfig` (Web Apps reference, 2025)."""

RUN_FROM_PACKAGE = "WEBSITE_RUN_FROM_PACKAGE"

_HOST_IS_SILENT = frozenset(
    (
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    )
)
"""What comes of a question that ARM hands through to a functions host which does not run."""


class FunctionApps(Resources):
    """The part of the gateway that knows the settings of function apps and other sites."""

    def app_settings(self, site_id: str) -> dict[str, str]:
        """The application settings of a site. Secrets are among them: for use, never to be kept. Changes nothing."""
        answer = self.post_action(f"{site_id}/config/appsettings", "list", WEB_API_VERSION)
        return {str(name): str(value) for name, value in (answer.get("properties") or {}).items()}

    def set_app_settings(self, site_id: str, settings: Mapping[str, str]) -> bool:
        """Set these application settings of a site and leave its others as they are; False when they all were so.

        A second run finds them set and writes nothing, so the site restarts once.
        """
        current = self.app_settings(site_id)
        merged = {**current, **settings}
        if merged == current:
            return False
        self._send("PUT", f"{site_id}/config/appsettings", WEB_API_VERSION, {"properties": merged})
        return True

    def site_facts(self, site_id: str) -> SiteFacts | None:
        """How an app stands: its state and, of a function app, what it runs from, its functions, its host's status.

        None when there is no such app. Changes nothing: three reads of ARM, one of which ARM hands through to the
        host. Of the settings only the package's address is taken, without its query.
        """
        site = self._read(site_id, FLEX_API_VERSION)
        if site is None:
            return None
        properties: dict[str, Any] = site.get("properties") or {}
        deployment = (properties.get("functionAppConfig") or {}).get("deployment") or {}
        facts = SiteFacts(
            kind=str(site.get("kind") or ""),
            state=str(properties.get("state") or ""),
            is_enabled=properties.get("enabled") is not False,
            deployment_container=str((deployment.get("storage") or {}).get("value") or "") or None,
        )
        if not facts.is_function_app or facts.state.lower() != "running":
            return facts
        source = self.app_settings(site_id).get(RUN_FROM_PACKAGE, "")
        is_address = source.lower().startswith(("https://", "http://"))
        status = self._host_status(site_id)
        functions = self._functions(site_id) if status.get("host_state") else ()
        package = source.partition("?")[0] if is_address else None
        return facts.model_copy(update={**status, "package": package, "functions": functions})

    def _functions(self, site_id: str) -> tuple[str, ...]:
        """The functions that the host has told ARM of; ARM's own names are `APP/FUNCTION`."""
        found = self._whole_list(f"{site_id}/functions", WEB_API_VERSION)
        return tuple(str(function.get("name") or "").rpartition("/")[2] for function in found)

    def _host_status(self, site_id: str) -> dict[str, Any]:
        """The host's own status, through ARM, so that no key of the host is needed (`/admin/host/status`, the Admin API
        of the functions host). Some versions of ARM wrap it into `properties`."""
        path = path_of(f"{site_id}/hostruntime/admin/host/status")
        request = HttpRequest("GET", path, params={"api-version": WEB_API_VERSION})
        with arm_failures():
            try:
                # Asked once: a host that does not run yet answers 503, and the check is made again anyway.
                response = self._resources.send_request(request, retry_total=0)
                response.raise_for_status()
                answer = document_of(response)
            except HttpResponseError as error:
                if error.status_code not in _HOST_IS_SILENT:
                    raise
                return {"host_silence": redact(_last_words(error))[:300]}
        told = answer.get("properties") or answer
        return {
            "host_state": str(told.get("state") or "") or None,
            "host_version": str(told.get("version") or ""),
            "host_errors": tuple(redact(str(error))[:200] for error in (told.get("errors") or ())[:5]),
            "is_content_writable": str(told.get("functionAppContentEditingState") or "").lower() == "allowed",
        }


def _last_words(error: HttpResponseError) -> str:
    why = failure_of(error)
    return "; ".join(dict.fromkeys(cause.message for cause in why.causes if cause.message)) or why.message
