"""Parameters that are secrets of a key vault: read as ARM reads them, with the rights of who deploys.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/key-vault-parameter and the error answers in
https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors.
"""

from collections.abc import Mapping
from typing import Any

from emulator.arm import authorization
from emulator.arm.behaviours.keyvault import secret_value
from emulator.arm.caller import Caller
from emulator.arm.errors import ArmError, invalid_template
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import CloudState

SECRET_REFUSALS = "KeyVaultParameterReference"
_READ = "Microsoft.KeyVault/vaults/deploy/action"


def secret_of(state: CloudState, caller: Caller | None, name: str, reference: Mapping[str, Any]) -> str:
    """The secret that the `reference` of parameter `name` names.

    Raises `ArmError`: KeyVaultParameterReferenceNotFound, KeyVaultParameterReferenceAuthorizationFailed,
    KeyVaultParameterReferenceSecretRetrieveFailed, InvalidTemplate.
    """
    vault = reference.get("keyVault")
    vault_id, secret = str(vault.get("id", "")) if isinstance(vault, Mapping) else "", reference.get("secretName")
    if not vault_id or not isinstance(secret, str) or not secret:
        raise invalid_template(f"The key vault reference of the template parameter '{name}' is not valid")
    found = state.find_resource(ResourceId.parse(vault_id))
    if found is None:
        message = f"The specified KeyVault '{vault_id}' could not be found."
        raise ArmError(400, "KeyVaultParameterReferenceNotFound", message)
    if found.properties.get("enabledForTemplateDeployment") is not True:
        raise _not_retrieved(name, "Forbidden", "Access denied to first party service.")
    if caller and not authorization.is_allowed(state, caller.object_id, _READ, found.id):
        message = (
            f"The client '{caller.client_id}' with object id '{caller.object_id}' does not have permission to perform "
            f"action '{_READ}' on the specified KeyVault resource '{vault_id}'."
        )
        raise ArmError(403, "KeyVaultParameterReferenceAuthorizationFailed", message)
    version = reference.get("secretVersion")
    value = secret_value(state, found.id, secret, str(version) if version else None)
    if value is None:
        shown = f"{secret}/{version}" if version else secret
        raise _not_retrieved(name, "NotFound", f"A secret with (name/id) {shown} was not found in this key vault.")
    return value


def _not_retrieved(name: str, status: str, why: str) -> ArmError:
    message = (
        f"The secret of KeyVault parameter '{name}' cannot be retrieved. Http status code: '{status}'. Error message: "
        f"'{why}'. Please see https://aka.ms/arm-keyvault for usage details."
    )
    return ArmError(400, "KeyVaultParameterReferenceSecretRetrieveFailed", message)
