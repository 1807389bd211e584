"""How the emulated ARM is started: addresses, keys, who may call, how fast time runs."""

from dataclasses import dataclass
from pathlib import Path

from emulator.clouds import PUBLIC, Cloud

DEFAULT_SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
NO_STORAGE = "https://127.0.0.1:1"  # nothing listens there: storage accounts are then only described
DEFAULT_TENANT = "00000000-0000-0000-0000-000000000002"
DEFAULT_PRINCIPAL = "00000000-0000-0000-0000-000000000003"


@dataclass(frozen=True)
class ArmSettings:
    """What the process was told.

    `principal` is the object id of who owns everything. `throttle` refuses requests above ARM's limits.
    `scale` multiplies every provisioning time; 0 makes everything immediate. `certificate_authority` is trusted when
    linked templates are fetched. `accounts` is the file through which the storage emulator learns of accounts.
    `database` is the file that holds what exists; without one everything dies with the process. `faults` is the folder
    of the rules for faults; without one there are none.
    """

    token_key: Path
    accounts: Path
    blob_endpoint: str
    certificate: Path
    private_key: Path
    certificate_authority: Path
    port: int = 0
    scale: float = 0.05
    subscriptions: tuple[str, ...] = (DEFAULT_SUBSCRIPTION,)
    tenant: str = DEFAULT_TENANT
    principal: str = DEFAULT_PRINCIPAL
    cloud: Cloud = PUBLIC
    throttle: bool = True
    log: Path | None = None
    database: Path | None = None
    faults: Path | None = None
