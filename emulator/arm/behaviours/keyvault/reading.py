"""The value of a secret, for a deployment whose parameter names it; whoever asks has checked that it may be told."""

from emulator.arm.behaviours.keyvault.secrets import LATEST, VERSIONS
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import CloudState


def secret_value(state: CloudState, vault: ResourceId, name: str, version: str | None = None) -> str | None:
    """The value of a secret's version, the latest by default; None when the vault holds none."""
    secret = state.find_resource(vault.child("secrets", name))
    if secret is None:
        return None
    value = (secret.secrets.get(VERSIONS) or {}).get(version or secret.secrets.get(LATEST))
    return None if value is None else str(value)
