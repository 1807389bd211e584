"""Key Vault: vaults with their policies, secrets and keys whose values ARM never tells."""

from emulator.arm.behaviours.keyvault import secrets, vaults
from emulator.arm.behaviours.keyvault.reading import secret_value
from emulator.arm.behaviours.keyvault.vaults import name_availability

BEHAVIOURS = vaults.BEHAVIOURS | secrets.BEHAVIOURS

__all__ = ["BEHAVIOURS", "name_availability", "secret_value"]
