"""Storage: accounts that the storage emulator serves, their keys and signatures, and their four services."""

from emulator.arm.behaviours.storage import accounts, services
from emulator.arm.behaviours.storage.account_keys import AccountsFile
from emulator.arm.behaviours.storage.accounts import name_availability
from emulator.arm.behaviours.storage.firewall import keeps_out, keeps_out_site
from emulator.arm.behaviours.storage.service_client import resume

BEHAVIOURS = accounts.BEHAVIOURS | services.BEHAVIOURS

__all__ = ["BEHAVIOURS", "AccountsFile", "keeps_out", "keeps_out_site", "name_availability", "resume"]
