"""The partitions of the task hub: which instance is in which, and which of them this host carries on.

As in the Azure Storage provider: an instance's partition is the FNV-1a hash of its id modulo the partition count, which
is fixed when the hub is made; a partition is a lease, and live hosts share them fairly.
"""

import logging
import sqlite3
from collections import Counter
from dataclasses import dataclass

from emulator.functions_host.database import Database
from emulator.functions_host.leases import Fence, Lease, Leases

_log = logging.getLogger("host.durable")

DEFAULT_COUNT = 4
_PREFIX = "partition "
_COUNT_FACT = "partition count"
_FNV_OFFSET, _FNV_PRIME, _UINT = 2166136261, 16777619, 2**32


def partition_of(instance_id: str, count: int) -> int:
    """Return the partition of an instance (DurableTask.AzureStorage, Fnv1aHashHelper over UTF-8)."""
    value = _FNV_OFFSET
    for byte in instance_id.encode():
        value = (value ^ byte) * _FNV_PRIME % _UINT
    return value % count


def partition_count(database: Database, wanted: int) -> int:
    """Return the hub's partition count: what the first host of the hub wanted, whatever later ones want."""
    count = int(database.remember_first(_COUNT_FACT, str(wanted)))
    if count != wanted:
        _log.warning("The task hub keeps the partition count that it was made with", extra={"facts": {"count": count}})
    return count


@dataclass(frozen=True)
class Turnover:
    """Partitions that came to this host, and that it has lost."""

    gained: frozenset[int] = frozenset()
    lost: frozenset[int] = frozenset()


class Partitions:
    """The partitions that this host holds. One thread keeps them, any may ask."""

    def __init__(self, leases: Leases, count: int) -> None:
        self._leases = leases
        self.count = count
        self._held: dict[int, Fence] = {}

    @property
    def held(self) -> frozenset[int]:
        """The numbers of the partitions that this host holds, as far as it knows."""
        return frozenset(self._held)

    def fence(self, instance_id: str) -> Fence | None:
        """Return the lease under which this host may carry on an instance, None when another host does."""
        return self._held.get(partition_of(instance_id, self.count))

    def release(self) -> None:
        """Carry nothing on any more."""
        self._held = {}

    def keep(self, connection: sqlite3.Connection) -> Turnover:
        """Find out what is still held, take what is free, balance with the other hosts; part of a transaction."""
        leases = {lease.name: lease for lease in self._leases.all(connection, _PREFIX)}
        names = [f"{_PREFIX}{number}" for number in range(self.count)]
        fair = -(-self.count // max(1, self._leases.live_hosts(connection)))
        mine = {name for name in names if name in leases and leases[name].owner == self._leases.owner}
        for name in names:
            if len(mine) < fair and name not in mine and self._leases.take(connection, name) is not None:
                mine.add(name)
        others = [lease for name, lease in leases.items() if name not in mine]
        for name in _surplus(others, len(mine)):
            self._leases.take(connection, name, by_force=True)
        return self._found(connection)

    def _found(self, connection: sqlite3.Connection) -> Turnover:
        found = {
            int(lease.name.removeprefix(_PREFIX)): Fence(lease.name, self._leases.owner, lease.epoch)
            for lease in self._leases.all(connection, _PREFIX)
            if lease.owner == self._leases.owner
        }
        before, self._held = self._held, found
        gained = frozenset(number for number, fence in found.items() if before.get(number) != fence)
        lost = frozenset(number for number, fence in before.items() if found.get(number) != fence)
        return Turnover(gained, lost)


def _surplus(others: list[Lease], mine: int) -> list[str]:
    """Return the partitions that this host takes from hosts that have at least two more than it."""
    held = Counter(lease.owner for lease in others)
    taken: list[str] = []
    while held and held[richest := max(held, key=lambda owner: held[owner])] >= mine + len(taken) + 2:
        taken.append(next(lease.name for lease in others if lease.owner == richest and lease.name not in taken))
        held[richest] -= 1
    return taken
