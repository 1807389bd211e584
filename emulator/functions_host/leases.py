"""Leases over the shared database: what one host alone may do, until it stops, or has not renewed for too long.

Times are the machine's clock: all hosts of a database run on one machine. A lease that has expired and that nobody has
taken is still its owner's; every change of hands raises the epoch, which fences off what an earlier owner writes late.
"""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from emulator.functions_host.database import Database

HOST_PREFIX = "host "

LONGEST_DURATION = timedelta(minutes=1)
"""No host takes a lease for longer: one that is good for longer was taken before the clock was set back."""


class LeaseLostError(Exception):
    """Another host carries on what this one has begun: nothing of it is written."""


@dataclass(frozen=True)
class LeaseTimes:
    """How long a lease is good for, at most `LONGEST_DURATION`, and how often it is renewed.

    The Azure Storage provider has 30 and 10 seconds (leaseInterval, leaseRenewInterval); with less, fail-over is
    a matter of seconds.
    """

    duration: timedelta = timedelta(seconds=5)
    renewal: timedelta = timedelta(seconds=1.5)

    def __post_init__(self) -> None:
        """Refuse times under which a host would lose its leases all the time, or keep them for too long."""
        if not timedelta(0) < self.renewal < self.duration <= LONGEST_DURATION:
            raise ValueError("a lease is renewed before it expires, and is good for a minute at most")


@dataclass(frozen=True)
class Fence:
    """A lease as it was held when a piece of work began."""

    name: str
    owner: str
    epoch: int

    def stands(self, connection: sqlite3.Connection) -> bool:
        """Whether the lease is still the same one; asked within the transaction that depends on it."""
        sql = "SELECT 1 FROM leases WHERE name = ? AND owner = ? AND epoch = ?"
        return connection.execute(sql, (self.name, self.owner, self.epoch)).fetchone() is not None


@dataclass(frozen=True)
class Lease:
    """A row of the table of leases."""

    name: str
    owner: str | None
    epoch: int
    expires: float


class Leases:
    """The leases of one host, by their names; the methods that take a connection are parts of a transaction."""

    def __init__(
        self, database: Database, owner: str, times: LeaseTimes | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self.owner = owner
        self.times = times or LeaseTimes()
        self.clock = clock

    def expiry(self) -> float:
        """Return when what is renewed now expires."""
        return self.clock() + self.times.duration.total_seconds()

    def forget_earlier_life(self) -> None:
        """Free what an earlier process under this host's name has held: it has ended, and can't have let go."""
        with self._database.transaction() as connection:
            self.release_all(connection)
            connection.execute("DELETE FROM activity_leases WHERE owner = ?", (self.owner,))

    def is_good(self, expires: float) -> bool:
        """Whether a lease that expires then is good now."""
        now = self.clock()
        return now < expires <= now + LONGEST_DURATION.total_seconds()

    def renew_all(self, connection: sqlite3.Connection) -> None:
        """Announce this host as alive, and renew every lease that is still its own."""
        self.take(connection, f"{HOST_PREFIX}{self.owner}")
        connection.execute("UPDATE leases SET expires = ? WHERE owner = ?", (self.expiry(), self.owner))

    def release_all(self, connection: sqlite3.Connection) -> None:
        """Give every lease back; another host can take them at once."""
        connection.execute("UPDATE leases SET owner = NULL, expires = 0 WHERE owner = ?", (self.owner,))

    def take(self, connection: sqlite3.Connection, name: str, *, by_force: bool = False) -> int | None:
        """Take a lease that is free, has expired, or is this host's; return its epoch, None when another has it.

        `by_force`: from whoever has it.
        """
        row = connection.execute("SELECT * FROM leases WHERE name = ?", (name,)).fetchone()
        if row is not None and row["owner"] == self.owner:
            return int(row["epoch"])
        if row is not None and row["owner"] is not None and self.is_good(row["expires"]) and not by_force:
            return None
        epoch = 1 if row is None else int(row["epoch"]) + 1
        connection.execute(
            "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?)", (name, self.owner, epoch, self.expiry())
        )
        return epoch

    def take_alone(self, name: str) -> Fence | None:
        """Take one lease in a transaction of its own, as `take` does; a lease that another has costs a read only."""
        rows = self._database.read("SELECT * FROM leases WHERE name = ?", (name,))
        if rows and rows[0]["owner"] == self.owner:
            return Fence(name, self.owner, rows[0]["epoch"])
        if rows and rows[0]["owner"] is not None and self.is_good(rows[0]["expires"]):
            return None
        with self._database.transaction() as connection:
            epoch = self.take(connection, name)
        return None if epoch is None else Fence(name, self.owner, epoch)

    def live_hosts(self, connection: sqlite3.Connection) -> int:
        """Return how many hosts are alive, this one included."""
        return sum(self.is_good(lease.expires) for lease in self.all(connection, HOST_PREFIX))

    def all(self, connection: sqlite3.Connection, prefix: str) -> list[Lease]:
        """Return the leases whose names begin so."""
        sql = "SELECT * FROM leases WHERE substr(name, 1, ?) = ? ORDER BY name"
        return [
            Lease(row["name"], row["owner"], row["epoch"], row["expires"])
            for row in connection.execute(sql, (len(prefix), prefix))
        ]
