"""Functions of a site, their keys and the host's, and the host's own status, which ARM hands through.

Source: Web Apps reference 2023-12-01 (List Host Keys, List Function Keys); https://learn.microsoft.com/azure/azure-
functions/functions-bindings-error-pages for what an unreachable host answers.
"""

from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, new_secret, secret_of
from emulator.arm.behaviours.web import packages
from emulator.arm.behaviours.web.errors import not_running, web_error
from emulator.arm.behaviours.web.settings import site_of
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource

HOST_VERSION = "4.1037.0.1"


def _running_site(resource: Resource, surroundings: Surroundings) -> Resource:
    """The site of a child, when its functions host answers."""
    site = site_of(resource, surroundings)
    if site is None or not packages.is_running(site, surroundings):
        raise not_running()
    return site


# Functions


def _check_function(resource: Resource, surroundings: Surroundings) -> None:
    bindings = (resource.properties.get("config") or {}).get("bindings")
    if bindings is not None and not isinstance(bindings, list):
        raise web_error(400, "BadRequest", "The parameter config has an invalid value.")


def _provision_function(resource: Resource, surroundings: Surroundings) -> None:
    site = site_of(resource, surroundings)
    if site is None:
        return
    config = resource.properties.get("config") or {}
    language = str(resource.properties.get("language") or "")
    described = packages.describe(site, resource.id.last_name, list(config.get("bindings") or []), language)
    resource.properties.update(described | {"config": config})


def _list_function_keys(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    _running_site(resource, surroundings)
    own: dict[str, str] = resource.secrets.get("keys", {})
    return {"default": secret_of(resource, "defaultKey", 56)} | own


def _list_secrets(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    _running_site(resource, surroundings)
    key, address = secret_of(resource, "defaultKey", 56), resource.properties.get("invoke_url_template")
    return {"key": key} | ({"trigger_url": f"{address}?code={key}"} if address else {})


# The host


def _list_host_keys(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    site = _running_site(resource, surroundings)
    keys = {name: secret_of(site, name, 56) for name in ("masterKey", "hostKey")}
    surroundings.state.put_resource(site)
    return {"masterKey": keys["masterKey"], "functionKeys": {"default": keys["hostKey"]}, "systemKeys": {}}


def _sync(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    _running_site(resource, surroundings)
    return {"status": "success"}


def _present_status(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    """`/admin/host/status` as the host answers it, which is no resource; 503 while it does not run."""
    site = site_of(resource, surroundings)
    if site is None or not packages.is_running(site, surroundings):
        reason = packages.failure_of(site, surroundings) if site else None
        details = [{"code": "PackageNotAvailable", "message": reason}] if reason else []
        raise ArmError(503, "ServiceUnavailable", "Function host is not running.", details=details)
    return {
        "id": site.id.last_name.lower(),
        "state": "Running",
        "version": HOST_VERSION,
        "versionDetails": HOST_VERSION,
        "platformVersion": "",
        "instanceId": secret_of(site, "instanceId", 32),
        "computerName": "",
        "processUptime": 60000,
        "functionAppContentEditingState": "NotAllowed" if packages.wanted(site) else "Allowed",
    }


def _is_status(resource_id: ResourceId) -> bool:
    return resource_id.name.lower().endswith("/admin/status")


def _present_proxied(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    return _present_status(resource, surroundings) if _is_status(resource.id) else resource.document


_FUNCTION = Behaviour(
    seconds=5,
    check=_check_function,
    provision=_provision_function,
    actions={"listkeys": _list_function_keys, "listsecrets": _list_secrets},
)


def _put_key(resource: Resource, surroundings: Surroundings) -> None:
    """A key of one's own: its value is made when none is given, kept with the function and told by `listkeys`."""
    value = resource.properties.pop("value", None) or new_secret(56)
    parent = resource.id.parent
    function = surroundings.state.find_resource(parent) if parent else None
    if function:
        keys = function.secrets.setdefault("keys", {})
        keys[resource.id.last_name] = value
        resource.properties["name"] = resource.id.last_name
        surroundings.state.put_resource(function)


BEHAVIOURS = {
    f"Microsoft.Web/{kind}/{child}": behaviour
    for kind in ("sites", "sites/slots")
    for child, behaviour in (
        ("functions", _FUNCTION),
        ("functions/keys", Behaviour(seconds=1, provision=_put_key)),
        ("host", Behaviour(seconds=0, actions={"listkeys": _list_host_keys, "sync": _sync})),
        ("hostruntime", Behaviour(seconds=0, implicit_children=("host/status",))),
        ("hostruntime/host", Behaviour(seconds=0, present=_present_proxied)),
    )
}
