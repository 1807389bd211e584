"""Key vaults and their secrets, whose values only a deployment's parameter reference reads."""

from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import CloudState, Resource


def _provision_vault(resource: Resource, surroundings: Surroundings) -> None:
    resource.properties["vaultUri"] = f"https://{resource.id.name}.vault.azure.net/".lower()
    resource.properties.setdefault("tenantId", surroundings.tenant)


def _provision_secret(resource: Resource, surroundings: Surroundings) -> None:
    if "value" in resource.properties:
        resource.secrets["value"] = resource.properties.pop("value")
    vault = resource.id.parent
    uri = f"https://{vault.name if vault else ''}.vault.azure.net/secrets/{resource.id.last_name}"
    resource.properties["secretUri"] = uri


def _present_secret(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    shown = {key: value for key, value in resource.properties.items() if key != "value"}
    return resource.document | {"properties": shown}


def read_secret(state: CloudState, vault_id: str, secret_name: str) -> str:
    """The value that a parameter `reference` names; raises `ArmError` as ARM does when it can't be had."""
    vault = ResourceId.parse(vault_id)
    if not state.exists(vault):
        message = f"The specified KeyVault '{vault_id}' could not be found."
        raise ArmError(400, "KeyVaultParameterReferenceNotFound", message)
    secret = state.find_resource(vault.child("secrets", secret_name))
    if secret is None or "value" not in secret.secrets:
        message = (
            f"The secret of KeyVault parameter '{secret_name}' cannot be retrieved. Http status code: 'NotFound'. "
            f"Error message: 'A secret with (name/id) {secret_name} was not found in this key vault.'."
        )
        raise ArmError(400, "KeyVaultParameterReferenceSecretRetrieveFailed", message)
    return str(secret.secrets["value"])


BEHAVIOURS = {
    "Microsoft.KeyVault/vaults": Behaviour(seconds=15, provision=_provision_vault),
    "Microsoft.KeyVault/vaults/secrets": Behaviour(seconds=2, provision=_provision_secret, present=_present_secret),
}
