"""Web: plans, sites with their host name and state, and application settings, which only their own action tells."""

from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, secret_of
from emulator.arm.errors import ArmError
from emulator.arm.state import Resource

SITE = "Microsoft.Web/sites"
_SETTINGS = "appSettings"


def _check_config(resource: Resource, surroundings: Surroundings) -> None:
    settings = resource.properties
    if resource.id.last_name.lower() == "appsettings" and not all(isinstance(v, str) for v in settings.values()):
        raise ArmError(400, "BadRequest", "The parameter properties has an invalid value.")


def _provision_config(resource: Resource, surroundings: Surroundings) -> None:
    """`config/appsettings` replaces the settings of the site; they are kept with the site, not in a document."""
    if resource.id.last_name.lower() == "appsettings" and (site := _site(resource, surroundings)):
        settings = {key: value for key, value in resource.properties.items() if key != "provisioningState"}
        site.secrets[_SETTINGS] = settings
        surroundings.state.put_resource(site)
        resource.document["properties"] = {}


def _present_config(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    if resource.id.last_name.lower() != "appsettings":
        return resource.document
    return {key: value for key, value in resource.document.items() if key != "properties"}


def _list_settings(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    site = _site(resource, surroundings)
    settings = dict(site.secrets.get(_SETTINGS, {})) if site else {}
    return resource.document | {"properties": settings}


def _site(config: Resource, surroundings: Surroundings) -> Resource | None:
    parent = config.id.parent
    return surroundings.state.find_resource(parent) if parent else None


def _provision_site(resource: Resource, surroundings: Surroundings) -> None:
    name, properties = resource.id.name, resource.properties
    host = f"{name}.azurewebsites.net".lower()
    config = dict(properties.get("siteConfig") or {})
    if isinstance(settings := config.get("appSettings"), list):
        resource.secrets[_SETTINGS] = {setting["name"]: setting.get("value") for setting in settings}
    if config:
        properties["siteConfig"] = config | {"appSettings": None}
    properties |= {"state": "Running", "hostNames": [host], "defaultHostName": host, "availabilityState": "Normal"}
    properties |= {"enabledHostNames": [host, f"{name}.scm.azurewebsites.net".lower()], "repositorySiteName": name}
    properties.setdefault("enabled", True)
    resource.document.setdefault("kind", "app")


def _list_host_keys(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    return {
        "masterKey": secret_of(resource, "masterKey"),
        "functionKeys": {"default": secret_of(resource, "hostKey")},
        "systemKeys": {},
    }


def _provision_plan(resource: Resource, surroundings: Surroundings) -> None:
    resource.properties.setdefault("status", "Ready")


BEHAVIOURS = {
    SITE: Behaviour(
        seconds=25, provision=_provision_site, implicit_children=("config/appsettings", "config/web", "host/default")
    ),
    "Microsoft.Web/sites/config": Behaviour(
        seconds=2,
        check=_check_config,
        provision=_provision_config,
        present=_present_config,
        actions={"list": _list_settings},
    ),
    "Microsoft.Web/sites/host": Behaviour(seconds=0, actions={"listkeys": _list_host_keys}),
    "Microsoft.Web/serverfarms": Behaviour(seconds=10, provision=_provision_plan),
}
