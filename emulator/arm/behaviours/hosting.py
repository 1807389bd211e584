"""Other places where code runs or is fetched from: registries, container apps, static sites, gateways, front doors."""

import hashlib
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, secret_of
from emulator.arm.behaviours.network.connections import present_with_connections
from emulator.arm.behaviours.rules import find, same_name_elsewhere, value_at
from emulator.arm.clock import timestamp
from emulator.arm.errors import ArmError
from emulator.arm.state import Resource


def _mark(resource: Resource, length: int = 8) -> str:
    """Letters and digits that Azure puts into a host name, told by the id."""
    return hashlib.sha256(resource.id.key.encode()).hexdigest()[:length]


# Container registries (Registries reference 2023-07-01)


def _login_server(resource: Resource, surroundings: Surroundings) -> str:
    return f"{resource.id.last_name}.{surroundings.state.cloud.registry}".lower()


def _check_registry(resource: Resource, surroundings: Surroundings) -> None:
    name = resource.id.last_name
    if not (name.isascii() and name.isalnum() and 5 <= len(name) <= 50):
        message = f"The registry name '{name}' is invalid. It must be 5 to 50 letters and digits."
        raise ArmError(400, "InvalidRegistryName", message)
    if same_name_elsewhere(resource, surroundings):
        raise ArmError(
            409, "AlreadyInUse", f"The registry DNS name {_login_server(resource, surroundings)} is already in use."
        )


def _provision_registry(resource: Resource, surroundings: Surroundings) -> None:
    sku = str((resource.document.get("sku") or {}).get("name") or "Basic")
    resource.document["sku"] = {"name": sku, "tier": sku}
    facts = {"loginServer": _login_server(resource, surroundings), "creationDate": timestamp(resource.created)}
    resource.properties.update(facts)
    for name, value in {"adminUserEnabled": False, "publicNetworkAccess": "Enabled"}.items():
        resource.properties.setdefault(name, value)


def _list_credentials(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    if not resource.properties.get("adminUserEnabled"):
        message = (
            "Cannot perform credential operations for "
            f"{resource.id} as admin user is disabled. Kindly enable admin user as per docs: "
            "https://docs.microsoft.com/en-us/azure/container-registry/container-registry-authentication#admin-account"
        )
        raise ArmError(400, "UnauthorizedForCredentialOperations", message)
    passwords = [{"name": name, "value": secret_of(resource, name, 52)} for name in ("password", "password2")]
    return {"username": resource.id.last_name, "passwords": passwords}


# Container apps (2024-03-01)


def _provision_environment(resource: Resource, surroundings: Surroundings) -> None:
    region = str(resource.document.get("location") or "").replace(" ", "").lower()
    facts = {"defaultDomain": f"{_mark(resource)}.{region}.azurecontainerapps.io", "staticIp": "203.0.113.10"}
    resource.properties.update(facts)


def _provision_app(resource: Resource, surroundings: Surroundings) -> None:
    properties = resource.properties
    environment_id = properties.get("managedEnvironmentId") or properties.get("environmentId")
    environment = find(environment_id, surroundings)
    name, configuration = resource.id.last_name, properties.get("configuration") or {}
    properties["configuration"] = configuration
    secrets = configuration.get("secrets") or []
    resource.secrets["secrets"] = [dict(secret) for secret in secrets]
    configuration["secrets"] = [{"name": secret.get("name")} for secret in secrets]
    revision = f"{name}--{_mark(resource, 7)}"
    facts: dict[str, Any] = {"latestRevisionName": revision, "latestReadyRevisionName": revision}
    domain = environment.properties.get("defaultDomain") if environment else None
    if (ingress := configuration.get("ingress")) and domain:
        inside = "" if ingress.get("external") else "internal."
        ingress["fqdn"] = f"{name}.{inside}{domain}"
        facts["latestRevisionFqdn"] = f"{revision}.{inside}{domain}"
    properties.update(facts | {"runningStatus": "Running", "outboundIpAddresses": ["203.0.113.11"]})


def _list_app_secrets(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    return {"value": list(resource.secrets.get("secrets") or [])}


# Static sites (2022-09-01)


def _provision_static_site(resource: Resource, surroundings: Surroundings) -> None:
    resource.properties["defaultHostname"] = f"static-{_mark(resource, 10)}.5.azurestaticapps.net"
    resource.properties.setdefault("stagingEnvironmentPolicy", "Enabled")
    resource.document.setdefault("sku", {"name": "Free", "tier": "Free"})


def _list_static_secrets(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    return {"properties": {"apiKey": secret_of(resource, "apiKey", 64)}}


# API Management (2022-08-01), front doors (Microsoft.Cdn 2023-05-01)


def _provision_gateway(resource: Resource, surroundings: Surroundings) -> None:
    name = resource.id.last_name.lower()
    hosts = {"gatewayUrl": "", "managementApiUrl": "management.", "developerPortalUrl": "developer.", "scmUrl": "scm."}
    facts = {kind: f"https://{name}.{part}azure-api.net" for kind, part in hosts.items()}
    resource.properties.update(facts | {"targetProvisioningState": "", "publicIPAddresses": ["203.0.113.12"]})


def _list_subscription_keys(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    return {name: secret_of(resource, name, 32) for name in ("primaryKey", "secondaryKey")}


def _provision_profile(resource: Resource, surroundings: Surroundings) -> None:
    digest = _mark(resource, 32)
    parts = (digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:])
    resource.properties.update({"resourceState": "Active", "frontDoorId": "-".join(parts)})


def _provision_endpoint(resource: Resource, surroundings: Surroundings) -> None:
    host = f"{resource.id.last_name}-{_mark(resource, 16)}.z01.azurefd.net".lower()
    resource.properties.update({"hostName": host, "deploymentStatus": "NotStarted"})
    resource.properties.setdefault("enabledState", value_at(resource.properties, "enabledState") or "Enabled")


BEHAVIOURS = {
    "Microsoft.ContainerRegistry/registries": Behaviour(
        10,
        check=_check_registry,
        provision=_provision_registry,
        present=present_with_connections,
        actions={"listcredentials": _list_credentials},
        is_preflighted=True,
        has_global_name=True,
    ),
    "Microsoft.App/managedEnvironments": Behaviour(120, provision=_provision_environment),
    "Microsoft.App/containerApps": Behaviour(25, provision=_provision_app, actions={"listsecrets": _list_app_secrets}),
    "Microsoft.Web/staticSites": Behaviour(
        15, provision=_provision_static_site, actions={"listsecrets": _list_static_secrets}
    ),
    "Microsoft.ApiManagement/service": Behaviour(
        2400,  # "between 30 and 40 minutes": https://learn.microsoft.com/azure/api-management/get-started-create-service
        provision=_provision_gateway,
        has_global_name=True,
    ),
    "Microsoft.ApiManagement/service/subscriptions": Behaviour(2, actions={"listsecrets": _list_subscription_keys}),
    "Microsoft.Cdn/profiles": Behaviour(20, provision=_provision_profile),
    "Microsoft.Cdn/profiles/afdEndpoints": Behaviour(20, provision=_provision_endpoint),
}
