"""The package that a site runs from: fetched in the background when the site starts, looked into, and told of.

As on the platform a site whose package can't be had exists and is `Running`, its settings are accepted; but its
functions host does not answer, and the platform tries again and again: here at every question about the host.
Sources: https://learn.microsoft.com/azure/azure-functions/run-functions-from-deployment-package and
https://learn.microsoft.com/azure/azure-functions/flex-consumption-how-to (deployment storage), 2025.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.arm.behaviours.generic import Surroundings, new_document
from emulator.arm.behaviours.outside import Outside
from emulator.arm.behaviours.rules import value_at
from emulator.arm.behaviours.web.contents import FunctionFound, NotAPackageError, read_package
from emulator.arm.behaviours.web.download import DownloadError, fetched, principal_of
from emulator.arm.behaviours.web.settings import app_settings
from emulator.arm.clock import now, timestamp
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource

_LOG = logging.getLogger(__name__)

RECORD = "sitePackage"
RELEASE = "released-package.zip"
"""The blob that Flex Consumption keeps in the deployment container."""
_URL, _IDENTITY = "WEBSITE_RUN_FROM_PACKAGE", "WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID"
_FROM_PACKAGE = "fromPackage"


@dataclass(frozen=True)
class Package:
    """Where a site's package is, and the id of the user-assigned identity that reads it, if one is named."""

    url: str
    identity: str | None

    @property
    def fingerprint(self) -> str:
        """Tells one package's place from another's without telling its signature."""
        return hashlib.sha256(f"{self.url} {self.identity}".encode()).hexdigest()


def wanted(site: Resource) -> Package | None:
    """The package that the site's settings name; None when its content is its own."""
    storage = value_at(site.properties, "functionAppConfig.deployment.storage") or {}
    if storage.get("value"):
        return Package(f"{storage['value'].rstrip('/')}/{RELEASE}", deployment_identity(storage))
    settings = app_settings(site)
    url = settings.get(_URL, "")
    return Package(url, settings.get(_IDENTITY)) if url.lower().startswith(("https://", "http://")) else None


def deployment_identity(storage: Mapping[str, Any]) -> str | None:
    """The user-assigned identity that a Flex Consumption app names for its deployment storage."""
    named = value_at(storage, "authentication.userAssignedIdentityResourceId")
    return str(named) if named else None


def refresh(site: Resource, surroundings: Surroundings) -> None:
    """The site or its settings were written: it starts with what they name now, if that is another package."""
    package, known = wanted(site), _known(site, surroundings)
    if package is None:
        if known and known.get("fingerprint"):
            forget(site.id, surroundings)
    elif known is None or known.get("fingerprint") != package.fingerprint:
        reload(site, surroundings)


def reload(site: Resource, surroundings: Surroundings) -> None:
    """The site starts (again): fetch its package, in the background."""
    package, outside = wanted(site), surroundings.outside
    if package is None or outside is None:
        return
    known = _known(site, surroundings) or {}
    last = known.get("detail") if known.get("fingerprint") == package.fingerprint else None
    _note(site.id, surroundings, package, {"status": "loading", "detail": last})
    outside.start(_load(site.id, surroundings, outside))


def is_running(site: Resource, surroundings: Surroundings) -> bool:
    """Whether the functions host of the site answers; asking makes a failed one try again."""
    if site.properties.get("state") == "Stopped":
        return False
    if wanted(site) is None or surroundings.outside is None:
        return True
    known = _known(site, surroundings)
    if known and known["status"] == "loaded":
        return True
    if not surroundings.outside.turn(site.id.key).locked():
        reload(site, surroundings)
    return False


def deployed(site: Resource, functions: list[FunctionFound], surroundings: Surroundings) -> None:
    """Content was put on the site by a deployment: note its functions."""
    _show_functions(site, functions, surroundings)
    surroundings.state.put_record(RECORD, site.id.key, {"status": "loaded", "time": timestamp(now())})


def forget(site: ResourceId, surroundings: Surroundings) -> None:
    """The site is gone, or runs from a package no more."""
    surroundings.state.drop_record(RECORD, site.key)
    for child in surroundings.state.children(site, "functions"):
        if child.secrets.get(_FROM_PACKAGE):
            surroundings.state.drop_resource(child.id)


def failure_of(site: Resource, surroundings: Surroundings) -> str | None:
    """Why the last attempt failed, while another one runs too."""
    return (_known(site, surroundings) or {}).get("detail")


def _known(site: Resource, surroundings: Surroundings) -> dict[str, Any] | None:
    return surroundings.state.record(RECORD, site.id.key)


def _note(site: ResourceId, surroundings: Surroundings, package: Package, record: dict[str, Any]) -> None:
    moment = {"fingerprint": package.fingerprint, "time": timestamp(now())}
    surroundings.state.put_record(RECORD, site.key, record | moment)


async def _load(site_id: ResourceId, surroundings: Surroundings, outside: Outside) -> None:
    """Fetch until what was fetched is what the site wants by then."""
    async with outside.turn(site_id.key):
        while (site := surroundings.state.find_resource(site_id)) and (package := wanted(site)):
            known = _known(site, surroundings)
            if known and known["fingerprint"] == package.fingerprint and known["status"] == "loaded":
                return
            principal = principal_of(site, package.identity)
            try:
                async with fetched(package.url, site, principal, surroundings, outside) as file:
                    functions = await read_package(file)
            except (DownloadError, NotAPackageError) as failure:
                _LOG.warning("the package of %s can't be used: %s", site_id.last_name, failure)
                outcome: dict[str, Any] = {"status": "failed", "detail": str(failure)}
            else:
                outcome = {"status": "loaded"}
            site = surroundings.state.find_resource(site_id)
            if site is None or wanted(site) != package:
                continue
            _note(site_id, surroundings, package, outcome)
            _show_functions(site, functions if outcome["status"] == "loaded" else [], surroundings)
            return


def _show_functions(site: Resource, functions: list[FunctionFound], surroundings: Surroundings) -> None:
    """The functions of the package as children of the site; those of an earlier package go."""
    state, names = surroundings.state, {function.name.lower() for function in functions}
    for child in state.children(site.id, "functions"):
        if child.secrets.get(_FROM_PACKAGE) and child.id.last_name.lower() not in names:
            state.drop_resource(child.id)
    for function in functions:
        function_id = site.id.child("functions", function.name)
        document = new_document(function_id, {"location": site.document.get("location")})
        document["properties"] = describe(site, function.name, function.bindings, function.language)
        earlier = state.find_resource(function_id)
        secrets = {**(earlier.secrets if earlier else {}), _FROM_PACKAGE: True}
        state.put_resource(Resource(function_id, site.api_version, document, secrets))


def describe(site: Resource, name: str, bindings: list[dict[str, Any]], language: str) -> dict[str, Any]:
    """The properties of a function."""
    host = site.properties.get("defaultHostName")
    properties: dict[str, Any] = {
        "name": name,
        "config": {"name": name, "bindings": bindings},
        "language": language,
        "isDisabled": app_settings(site).get(f"AzureWebJobs.{name}.Disabled", "").lower() in ("1", "true"),
        "href": f"https://{host}/admin/functions/{name}",
    }
    trigger = next((b for b in bindings if str(b.get("type")).lower() == "httptrigger"), None)
    if trigger:
        route = trigger.get("route") or name
        properties["invoke_url_template"] = f"https://{host}/api/{route}".lower()
    return properties
