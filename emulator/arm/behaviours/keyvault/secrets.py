"""Secrets and keys that templates make: every write makes a version, and no answer tells a value.

Source: Secrets and Keys references of Microsoft.KeyVault 2023-07-01.
"""

import re
import time
import uuid
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, shown_without
from emulator.arm.errors import ArmError
from emulator.arm.state import Resource

VERSIONS, LATEST = "versions", "latest"
_NAME = re.compile(r"[A-Za-z0-9-]{1,127}")
_KEY_TYPES = ("EC", "EC-HSM", "RSA", "RSA-HSM")
_OPERATIONS = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]


def _check_secret(resource: Resource, surroundings: Surroundings) -> None:
    _check_name(resource, "secret")
    value = resource.properties.get("value")
    if value is not None and not isinstance(value, str):
        raise ArmError(400, "BadRequest", "The value of the secret must be a string.")


def _check_name(resource: Resource, kind: str) -> None:
    name = resource.id.last_name
    if not _NAME.fullmatch(name):
        message = (
            f"The request URI contains an invalid name: {name}. A {kind}'s name holds letters, digits and hyphens."
        )
        raise ArmError(400, "BadParameter", message)


def _new_version(resource: Resource) -> str:
    version = resource.secrets[LATEST] = uuid.uuid4().hex
    return version


def _address(resource: Resource, surroundings: Surroundings) -> str:
    vault, name = resource.id.parts[-1].names
    host = f"{vault.lower()}.{surroundings.state.cloud.key_vault}"
    return f"https://{host}/{resource.id.parts[-1].types[-1].lower()}/{name}"


def _attributes(resource: Resource) -> dict[str, Any]:
    moment = int(time.time())
    given = {"enabled": True} | (resource.properties.get("attributes") or {})
    return given | {"created": int(resource.created.timestamp()), "updated": moment}


def _provision_secret(resource: Resource, surroundings: Surroundings) -> None:
    version = _new_version(resource)
    versions = dict(resource.secrets.get(VERSIONS) or {})
    if "value" in resource.properties:
        versions[version] = resource.properties.pop("value")
    resource.secrets[VERSIONS] = versions
    address = _address(resource, surroundings)
    facts = {"secretUri": address, "secretUriWithVersion": f"{address}/{version}", "attributes": _attributes(resource)}
    resource.properties.update(facts)


def _present_secret(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    return shown_without(resource, "value")


def _check_key(resource: Resource, surroundings: Surroundings) -> None:
    _check_name(resource, "key")
    if resource.properties.get("kty") not in _KEY_TYPES:
        raise ArmError(400, "BadParameter", f"Invalid kty value: {resource.properties.get('kty')}.")


def _provision_key(resource: Resource, surroundings: Surroundings) -> None:
    version, address = _new_version(resource), _address(resource, surroundings)
    if str(resource.properties["kty"]).startswith("RSA"):
        resource.properties.setdefault("keySize", 2048)
    resource.properties.setdefault("keyOps", list(_OPERATIONS))
    facts = {"keyUri": address, "keyUriWithVersion": f"{address}/{version}", "attributes": _attributes(resource)}
    resource.properties.update(facts)


BEHAVIOURS = {
    "Microsoft.KeyVault/vaults/secrets": Behaviour(
        seconds=2, check=_check_secret, provision=_provision_secret, present=_present_secret
    ),
    "Microsoft.KeyVault/vaults/keys": Behaviour(seconds=2, check=_check_key, provision=_provision_key),
}
