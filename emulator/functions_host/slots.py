"""The names of the hosts on one database: each takes the first that no living process has.

A name is a locked file beside the database; the lock ends with the process, however that ends. So a host that is
started in the place of a killed one has its name, and need not wait for its leases to expire.
"""

import fcntl
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class HostSlot:
    """A host's name, for as long as the process lives or until it is released."""

    name: str
    lock: IO[str]

    def release(self) -> None:
        """Let another process have the name."""
        self.lock.close()


def take_slot(database: Path) -> HostSlot:
    """Take the first free name of a database."""
    database.parent.mkdir(parents=True, exist_ok=True)
    for number in count():
        name = f"host-{number}"
        lock = database.with_name(f"{database.name}-{name}").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            return HostSlot(name, lock)
    raise AssertionError("there is always one more name")
