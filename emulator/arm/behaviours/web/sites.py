"""Sites and slots: host names, state, what may not be, and the actions start, stop, restart and sync.

Source: Web Apps reference 2023-12-01; https://learn.microsoft.com/azure/azure-functions/functions-app-settings.
"""

import hashlib
import re
from typing import Any

from emulator.arm.behaviours.generic import Action, Behaviour, Surroundings, before
from emulator.arm.behaviours.network.connections import connections_of
from emulator.arm.behaviours.rules import find, is_missing, same_name_elsewhere
from emulator.arm.behaviours.web import flex, packages
from emulator.arm.behaviours.web.errors import not_running, web_error
from emulator.arm.behaviours.web.settings import APP_SETTINGS, CONNECTION_STRINGS, connection_strings, from_list
from emulator.arm.catalogue import domains_of
from emulator.arm.clock import now, timestamp
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource

SITE, SLOT = "Microsoft.Web/sites", "Microsoft.Web/sites/slots"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,58}[A-Za-z0-9])")
_CONFIGS = (
    "appsettings", "connectionstrings", "authsettings", "authsettingsV2", "azurestorageaccounts", "backup", "logs",
    "metadata", "publishingcredentials", "slotConfigNames", "web",
)  # fmt: skip
_IMPLICIT = (*(f"config/{name}" for name in _CONFIGS), "host/default", "hostruntime/admin")


def name_availability(name: str, surroundings: Surroundings) -> dict[str, Any]:
    """What `checknameavailability` answers."""
    if not _NAME.fullmatch(name):
        return {"nameAvailable": False, "reason": "Invalid", "message": f"Hostname '{name}' is invalid."}
    asked = Resource(ResourceId.parse(f"/providers/{SITE}/{name}"), "", {})
    if same_name_elsewhere(asked, surroundings):
        message = f"Hostname '{name}' already exists. Please select a different name."
        return {"nameAvailable": False, "reason": "AlreadyExists", "message": message}
    return {"nameAvailable": True, "reason": "", "message": ""}


def _check(resource: Resource, surroundings: Surroundings) -> None:
    if not _NAME.fullmatch(resource.id.last_name):
        raise web_error(400, "BadRequest", "The parameter name has an invalid value.")
    if resource.id.type.lower() == SITE.lower() and same_name_elsewhere(resource, surroundings):
        raise web_error(409, "Conflict", f"Website with given name {resource.id.last_name} already exists.")
    plan = resource.properties.get("serverFarmId")
    if is_missing(plan, surroundings):
        raise web_error(404, "NotFound", f"Cannot find ServerFarm with name {str(plan).rsplit('/', 1)[-1]}.")
    config = resource.properties.get("siteConfig") or {}
    for name in ("AppSettings", "ConnectionStrings"):
        given = config.get(name[0].lower() + name[1:])
        if given is not None and not (isinstance(given, list) and all(isinstance(one, dict) for one in given)):
            raise web_error(400, "BadRequest", f"The parameter SiteConfig.{name} has an invalid value.")
    settings = config.get("appSettings")
    names = [str(setting.get("name")).lower() for setting in settings or []]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        message = f"Duplicate keys in App Settings: {', '.join(twice)}."
        raise web_error(400, "BadRequest", message)
    if flex.is_flex(resource, surroundings):
        flex.check_app(resource)
        flex.check_settings(names)
        flex.check_config(config)


def host_of(resource: Resource, part: str = "") -> str:
    """The default host name of a site or slot; with `part` (`scm.`) that of its management."""
    domain = domains_of(resource.document.get("location")).sites
    return f"{'-'.join(resource.id.parts[-1].names)}.{part}{domain}".lower()


def _provision(resource: Resource, surroundings: Surroundings) -> None:
    document, properties, earlier = resource.document, resource.properties, before(resource, surroundings)
    config = dict(properties.get("siteConfig") or {})
    kept = (earlier.properties.get("siteConfig") or {}) if earlier else {}
    if isinstance(settings := config.get("appSettings"), list):
        resource.secrets[APP_SETTINGS] = from_list(settings)
    if isinstance(strings := config.get("connectionStrings"), list):
        resource.secrets[CONNECTION_STRINGS] = connection_strings(strings)
        config["connectionStrings"] = None
    if config or kept:
        properties["siteConfig"] = kept | config | {"appSettings": None}
    document.setdefault("kind", "app")
    _add_names(resource)
    is_linux = "linux" in str(document["kind"]).lower() or bool(properties.get("reserved"))
    plan = find(properties.get("serverFarmId"), surroundings)
    facts = {
        "state": (earlier.properties.get("state") if earlier else None) or "Running",
        "usageState": "Normal",
        "availabilityState": "Normal",
        "reserved": is_linux,
        "sku": (plan.document.get("sku") or {}).get("tier", "Standard") if plan else "Standard",
        "lastModifiedTimeUtc": timestamp(now()),
        "resourceGroup": resource.id.group,
    }
    properties.update(facts)
    defaults = {"enabled": True, "httpsOnly": False, "clientAffinityEnabled": False, "clientCertEnabled": False}
    for name, value in (defaults | {"keyVaultReferenceIdentity": "SystemAssigned"}).items():
        properties.setdefault(name, value)
    packages.refresh(resource, surroundings)


def _add_names(resource: Resource) -> None:
    host, management = host_of(resource), host_of(resource, "scm.")
    number = hashlib.sha256(resource.id.key.encode()).digest()
    addresses = [f"198.51.100.{byte}" for byte in number[:4]]  # TEST-NET-2
    facts = {
        "name": resource.id.last_name,
        "hostNames": [host],
        "defaultHostName": host,
        "enabledHostNames": [host, management],
        "repositorySiteName": resource.id.parts[-1].names[0],
        "hostNameSslStates": [
            {"name": host, "sslState": "Disabled", "hostType": "Standard"},
            {"name": management, "sslState": "Disabled", "hostType": "Repository"},
        ],
        "inboundIpAddress": addresses[0],
        "outboundIpAddresses": ",".join(addresses),
        "possibleOutboundIpAddresses": ",".join(addresses),
        "customDomainVerificationId": hashlib.sha256(str(resource.id.subscription).encode()).hexdigest().upper(),
    }
    resource.properties.update(facts)


def _present(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    connections = connections_of(resource, surroundings)
    extra = {"privateEndpointConnections": connections} if connections else {}
    return resource.document | {"properties": resource.properties | extra}


def _removed(resource: Resource, surroundings: Surroundings) -> None:
    packages.forget(resource.id, surroundings)


def _set_state(state: str) -> Action:
    def act(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> Any:
        resource.properties["state"] = state
        surroundings.state.put_resource(resource)
        if state == "Running":
            packages.reload(resource, surroundings)
        return None

    return act


def _restart(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> Any:
    packages.reload(resource, surroundings)
    return None


def _sync(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> Any:
    """The platform asks the functions host for its triggers, so the host must run."""
    if not packages.is_running(resource, surroundings):
        raise not_running()
    return {"status": "success"}


ACTIONS: dict[str, Action] = {
    "start": _set_state("Running"),
    "stop": _set_state("Stopped"),
    "restart": _restart,
    "syncfunctiontriggers": _sync,
}
_BEHAVIOUR = Behaviour(
    seconds=25,
    check=_check,
    provision=_provision,
    present=_present,
    removed=_removed,
    actions=ACTIONS,
    implicit_children=_IMPLICIT,
    is_preflighted=True,
    has_global_name=True,
)


BEHAVIOURS = {SITE: _BEHAVIOUR, SLOT: _BEHAVIOUR}
