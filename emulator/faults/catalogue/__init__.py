"""The one table of all faults: name, service, what happens, where, with what parameters, and an example of each."""

from emulator.faults.catalogue.arm import ARM
from emulator.faults.catalogue.functions_host import FUNCTIONS_HOST
from emulator.faults.catalogue.identity import IDENTITY
from emulator.faults.catalogue.kind import FaultKind
from emulator.faults.catalogue.storage import STORAGE

FAULTS: dict[tuple[str, str], FaultKind] = {
    (kind.service, kind.name): kind for kind in (*ARM, *STORAGE, *IDENTITY, *FUNCTIONS_HOST)
}
"""All faults by service and name."""


def faults_of(service: str) -> list[FaultKind]:
    """The faults of a service, in the order of the table."""
    return [kind for kind in FAULTS.values() if kind.service == service]
