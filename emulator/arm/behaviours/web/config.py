"""A site's configuration: settings that only `list` tells, and `config/web`, which is the site's `siteConfig`.

Source: Web Apps reference 2023-12-01 (Update Application Settings, List…, Create Or Update Configuration).
"""

from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, secret_of
from emulator.arm.behaviours.web import flex, packages
from emulator.arm.behaviours.web.errors import web_error
from emulator.arm.behaviours.web.settings import (
    APP_SETTINGS,
    CONNECTION_STRINGS,
    app_settings,
    connection_strings,
    from_list,
    site_of,
    text_of,
)
from emulator.arm.catalogue import domains_of
from emulator.arm.state import Resource

_SECRET = (CONNECTION_STRINGS, "authsettings", "azurestorageaccounts", "backup", "metadata")
_WEB_DEFAULTS: dict[str, Any] = {
    "numberOfWorkers": 1,
    "linuxFxVersion": "",
    "alwaysOn": False,
    "ftpsState": "FtpsOnly",
    "minTlsVersion": "1.2",
    "scmMinTlsVersion": "1.2",
    "http20Enabled": False,
    "use32BitWorkerProcess": True,
    "webSocketsEnabled": False,
    "vnetRouteAllEnabled": False,
    "scmType": "None",
    "ipSecurityRestrictions": [{"ipAddress": "Any", "action": "Allow", "priority": 2147483647, "name": "Allow all"}],
}


def _kind(resource: Resource) -> str:
    return resource.id.last_name.lower()


def _check(resource: Resource, surroundings: Surroundings) -> None:
    """Setting values are texts; a template may write numbers too, an object is refused."""
    if _kind(resource) == "appsettings":
        values = [value for name, value in resource.properties.items() if name != "provisioningState"]
        if not all(isinstance(value, str | int | float | bool) for value in values):
            raise web_error(400, "BadRequest", "The parameter properties has an invalid value.")
    if _kind(resource) == "web":
        for name in ("appSettings", "connectionStrings"):
            given = resource.properties.get(name) or []
            if not (isinstance(given, list) and all(isinstance(one, dict) for one in given)):
                raise web_error(400, "BadRequest", f"The parameter {name} has an invalid value.")
    site = site_of(resource, surroundings)
    if site is not None and flex.is_flex(site, surroundings):
        _check_flex(resource)


def _check_flex(resource: Resource) -> None:
    if _kind(resource) == "appsettings":
        flex.check_settings(resource.properties)
    if _kind(resource) == "web":
        flex.check_config(resource.properties)
        flex.check_settings(str(setting.get("name")) for setting in resource.properties.get("appSettings") or [])


def _provision(resource: Resource, surroundings: Surroundings) -> None:
    site = site_of(resource, surroundings)
    if site is None:
        return
    given = {name: value for name, value in resource.properties.items() if name != "provisioningState"}
    kind = _kind(resource)
    if kind == "appsettings":
        site.secrets[APP_SETTINGS] = {name: text_of(value) for name, value in given.items()}
        resource.document["properties"] = {}
    elif kind in _SECRET:
        site.secrets[kind] = given
        resource.document["properties"] = {}
    elif kind == "web":
        _write_web(site, given)
        resource.document["properties"] = {}
    surroundings.state.put_resource(site)
    packages.refresh(site, surroundings)


def _write_web(site: Resource, given: dict[str, Any]) -> None:
    """What `config/web` names is replaced, the rest of `siteConfig` stays."""
    if isinstance(settings := given.pop("appSettings", None), list):
        site.secrets[APP_SETTINGS] = from_list(settings)
    if isinstance(strings := given.pop("connectionStrings", None), list):
        site.secrets[CONNECTION_STRINGS] = connection_strings(strings)
    hidden = {"appSettings": None, "connectionStrings": None}
    site.properties["siteConfig"] = (site.properties.get("siteConfig") or {}) | given | hidden


def _present(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    kind = _kind(resource)
    if kind == "web" and (site := site_of(resource, surroundings)):
        config = site.properties.get("siteConfig") or {}
        return resource.document | {"properties": _WEB_DEFAULTS | config}
    if kind == "appsettings" or kind in _SECRET:
        return {key: value for key, value in resource.document.items() if key != "properties"}
    return resource.document


def _list(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    site, kind = site_of(resource, surroundings), _kind(resource)
    if site is None:
        return resource.document
    if kind == "appsettings":
        return resource.document | {"properties": app_settings(site)}
    if kind == "publishingcredentials":
        return resource.document | {"properties": _credentials(site, surroundings)}
    return resource.document | {"properties": dict(site.secrets.get(kind) or {})}


def _credentials(site: Resource, surroundings: Surroundings) -> dict[str, Any]:
    name = site.id.last_name
    password = secret_of(site, "publishingPassword", 60)
    surroundings.state.put_resource(site)
    domain = domains_of(site.document.get("location")).sites
    address = f"https://${name}:{password}@{name}.scm.{domain}".lower()
    return {"name": name, "publishingUserName": f"${name}", "publishingPassword": password, "scmUri": address}


def _provision_network(resource: Resource, surroundings: Surroundings) -> None:
    """`networkConfig/virtualNetwork` is the older way to say through which subnet a site goes out."""
    site = site_of(resource, surroundings)
    resource.properties.setdefault("swiftSupported", True)
    if site and (subnet := resource.properties.get("subnetResourceId")):
        site.properties["virtualNetworkSubnetId"] = subnet
        surroundings.state.put_resource(site)


_CONFIG = Behaviour(seconds=2, check=_check, provision=_provision, present=_present, actions={"list": _list})
_NETWORK = Behaviour(seconds=5, provision=_provision_network)
BEHAVIOURS = {
    f"Microsoft.Web/{kind}/{child}": behaviour
    for kind in ("sites", "sites/slots")
    for child, behaviour in (("config", _CONFIG), ("networkConfig", _NETWORK))
}
