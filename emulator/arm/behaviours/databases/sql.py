"""SQL servers with their administrators, databases and firewall rules; the administrator's password is never shown.

Source: Servers, Databases and Firewall Rules references of Microsoft.Sql 2021-11-01;
https://learn.microsoft.com/sql/relational-databases/security/password-policy, 2025.
"""

import ipaddress
import re
import uuid
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, before, owner_of, parent_of, shown_without
from emulator.arm.behaviours.network.connections import connections_of
from emulator.arm.behaviours.rules import check_unchanged, same_name_elsewhere
from emulator.arm.clock import now, timestamp
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource

SERVER = "Microsoft.Sql/servers"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PASSWORD = "administratorLoginPassword"
_RESERVED_LOGINS = frozenset("admin administrator sa root dbmanager loginmanager dbo guest public".split())
_CHARACTERS = (re.compile(r"[A-Z]"), re.compile(r"[a-z]"), re.compile(r"[0-9]"), re.compile(r"[^A-Za-z0-9]"))
_FEWEST_CHARACTERS, _MOST_CHARACTERS = 8, 128
_GIBIBYTE = 1024**3
_OBJECTIVES = {"basic": ("Basic", 2, 5), "free": ("Free", 32, 5)}


def name_availability(name: str, surroundings: Surroundings) -> dict[str, Any]:
    """What `checkNameAvailability` answers."""
    if not _NAME.fullmatch(name):
        return {"name": name, "available": False, "reason": "Invalid", "message": _name_refusal()}
    asked = Resource(ResourceId.parse(f"/providers/{SERVER}/{name}"), "", {})
    if same_name_elsewhere(asked, surroundings):
        message = f"Specified server name '{name}' is already used."
        return {"name": name, "available": False, "reason": "AlreadyExists", "message": message}
    return {"name": name, "available": True}


def _name_refusal() -> str:
    return (
        "Invalid server name specified. Server name can only be made up of lowercase letters 'a'-'z', the numbers 0-9 "
        "and the hyphen. The hyphen may not lead or trail in the name."
    )


def _host_of(resource: Resource, surroundings: Surroundings) -> str:
    return f"{resource.id.last_name}.database.{surroundings.state.cloud.domain}"


def _check_server(resource: Resource, surroundings: Surroundings) -> None:
    if not _NAME.fullmatch(resource.id.last_name):
        raise ArmError(400, "InvalidServerName", _name_refusal())
    if same_name_elsewhere(resource, surroundings):
        message = f"The name '{_host_of(resource, surroundings)}' already exists. Choose a different name."
        raise ArmError(409, "NameAlreadyExists", message)
    _check_administrator(resource, is_new=before(resource, surroundings) is None)
    check_unchanged(resource, surroundings, "administratorLogin")


def _check_administrator(resource: Resource, *, is_new: bool) -> None:
    """A new server needs a login with its password, unless only the directory's identities may come."""
    properties = resource.properties
    login, password = properties.get("administratorLogin"), properties.get(_PASSWORD)
    is_directory_only = (properties.get("administrators") or {}).get("azureADOnlyAuthentication") is True
    if is_new and not is_directory_only:
        for name, value in (("Login", login), ("Password", password)):
            if not value:
                message = f"Invalid value given for parameter {name}. Specify a valid parameter value."
                raise ArmError(400, "InvalidParameterValue", message)
    if login and str(login).lower() in _RESERVED_LOGINS:
        raise ArmError(400, "InvalidLoginName", f"The provided login name '{login}' is not allowed.")
    if password and not _is_complex(str(password), str(login or "")):
        message = (
            "Password validation failed. The password does not meet policy requirements because it is not complex "
            "enough."
        )
        raise ArmError(400, "PasswordNotComplex", message)


def _is_complex(password: str, login: str) -> bool:
    holds_login = bool(login) and login.lower() in password.lower()
    kinds = sum(bool(pattern.search(password)) for pattern in _CHARACTERS)
    return _FEWEST_CHARACTERS <= len(password) <= _MOST_CHARACTERS and kinds >= 3 and not holds_login


def _provision_server(resource: Resource, surroundings: Surroundings) -> None:
    """The password is taken and never shown again."""
    properties = resource.properties
    if password := properties.pop(_PASSWORD, None):
        resource.secrets[_PASSWORD] = password
    earlier = before(resource, surroundings)
    if earlier and earlier.properties.get("administratorLogin"):
        properties["administratorLogin"] = earlier.properties["administratorLogin"]
    properties["fullyQualifiedDomainName"] = _host_of(resource, surroundings)
    properties["state"] = "Ready"
    defaults = {"version": "12.0", "publicNetworkAccess": "Enabled", "restrictOutboundNetworkAccess": "Disabled"}
    for name, value in (defaults | {"minimalTlsVersion": "1.2"}).items():
        properties.setdefault(name, value)
    resource.document["kind"] = f"v{properties['version']}"


def _present_server(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    shown = shown_without(resource, _PASSWORD)
    connections = {"privateEndpointConnections": connections_of(resource, surroundings)}
    return shown | {"properties": shown["properties"] | connections}


# Databases


def _sku_of(resource: Resource) -> dict[str, Any]:
    """The `sku`, also when it is told in the older way by edition and service objective."""
    sku = dict(resource.document.get("sku") or {})
    objective = sku.get("name") or resource.properties.pop("requestedServiceObjectiveName", None)
    edition = sku.get("tier") or resource.properties.pop("edition", None)
    resource.properties.pop("edition", None)
    if not objective and not edition:
        return {"name": "GP_Gen5", "tier": "GeneralPurpose", "family": "Gen5", "capacity": 2}
    name = str(objective or edition)
    if name.lower() in _OBJECTIVES:
        tier, _, capacity = _OBJECTIVES[name.lower()]
        return sku | {"name": tier, "tier": tier, "capacity": sku.get("capacity") or capacity}
    if match := re.fullmatch(r"(S|P)(\d+)", name):
        tiers = {"S": "Standard", "P": "Premium"}
        units = {"S0": 10, "S1": 20, "S2": 50, "S3": 100, "P1": 125, "P2": 250}
        capacity = sku.get("capacity") or units.get(name, 100)
        return sku | {"name": tiers[match.group(1)], "tier": tiers[match.group(1)], "capacity": capacity}
    if match := re.fullmatch(r"(GP|BC|HS)(?:_S)?_(Gen5|DC|Fsv2)(?:_(\d+))?", name):
        tiers = {"GP": "GeneralPurpose", "BC": "BusinessCritical", "HS": "Hyperscale"}
        capacity = sku.get("capacity") or int(match.group(3) or 2)
        found = {"name": re.sub(r"_\d+$", "", name), "tier": tiers[match.group(1)], "family": match.group(2)}
        return sku | found | {"capacity": capacity}
    return sku | {"name": name, "tier": str(edition or name)}


def _provision_database(resource: Resource, surroundings: Surroundings) -> None:
    sku, properties, server = _sku_of(resource), resource.properties, owner_of(resource, surroundings)
    resource.document["sku"] = sku
    objective = sku["name"]
    if sku.get("family"):
        objective = f"{sku['name']}_{sku.get('capacity', 2)}"
    is_small = str(sku.get("tier")).lower() == "basic"
    defaults: dict[str, Any] = {
        "collation": "SQL_Latin1_General_CP1_CI_AS",
        "maxSizeBytes": (2 if is_small else 32) * _GIBIBYTE,
        "catalogCollation": "SQL_Latin1_General_CP1_CI_AS",
        "zoneRedundant": False,
        "readScale": "Disabled",
        "requestedBackupStorageRedundancy": "Geo",
    }
    for name, value in defaults.items():
        properties.setdefault(name, value)
    facts = {
        "status": "Online",
        "databaseId": resource.secrets.setdefault("databaseId", str(uuid.uuid4())),
        "creationDate": timestamp(resource.created),
        "currentServiceObjectiveName": objective,
        "requestedServiceObjectiveName": objective,
        "currentSku": sku,
        "currentBackupStorageRedundancy": properties["requestedBackupStorageRedundancy"],
        "earliestRestoreDate": timestamp(now()),
    }
    properties.update(facts)
    if server:
        resource.document.setdefault("location", server.document.get("location"))
    resource.document["kind"] = "v12.0,user"


# Firewall


def _check_firewall_rule(resource: Resource, surroundings: Surroundings) -> None:
    server = parent_of(resource, surroundings)
    if server and server.properties.get("publicNetworkAccess") == "Disabled":
        message = (
            "Unable to create or modify firewall rules when public network interface for the server is disabled. To "
            "manage server or database level firewall rules, please enable the public network interface."
        )
        raise ArmError(400, "DenyPublicEndpointEnabled", message)
    addresses = []
    for name in ("startIpAddress", "endIpAddress"):
        try:
            addresses.append(ipaddress.IPv4Address(str(resource.properties.get(name))))
        except ValueError as wrong:
            message = f"Invalid value given for parameter {name}. Specify a valid parameter value."
            raise ArmError(400, "InvalidParameterValue", message) from wrong
    if addresses[0] > addresses[1]:
        message = f"The start IP address {addresses[0]} is greater than the end IP address {addresses[1]}."
        raise ArmError(400, "InvalidFirewallRule", message)


def _provision_administrator(resource: Resource, surroundings: Surroundings) -> None:
    resource.properties.setdefault("administratorType", "ActiveDirectory")
    resource.properties.setdefault("tenantId", surroundings.tenant)


BEHAVIOURS = {
    SERVER: Behaviour(
        seconds=60,
        check=_check_server,
        provision=_provision_server,
        present=_present_server,
        implicit_children=(
            "databases/master",
            "connectionPolicies/default",
            "azureADOnlyAuthentications/Default",
            "auditingSettings/default",
        ),
        is_preflighted=True,
        has_global_name=True,
    ),
    f"{SERVER}/databases": Behaviour(
        seconds=60,
        provision=_provision_database,
        implicit_children=(
            "transparentDataEncryption/current",
            "backupShortTermRetentionPolicies/default",
            "backupLongTermRetentionPolicies/default",
        ),
    ),
    f"{SERVER}/elasticPools": Behaviour(seconds=60),
    f"{SERVER}/firewallRules": Behaviour(seconds=2, check=_check_firewall_rule),
    f"{SERVER}/administrators": Behaviour(seconds=10, provision=_provision_administrator),
}
