"""How hosts share the partitions of a task hub."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.functions_host.database import Database
from emulator.functions_host.durable.partitions import Partitions, Turnover, partition_count, partition_of
from emulator.functions_host.leases import Leases, LeaseTimes


class Host:
    """One host's share, over a clock that stands still unless the test moves it."""

    now = 1000.0

    def __init__(self, database: Database, name: str, count: int) -> None:
        self.database = database
        self.leases = Leases(database, name, clock=lambda: Host.now)
        self.partitions = Partitions(self.leases, count)

    def keep(self) -> Turnover:
        with self.database.transaction() as connection:
            self.leases.renew_all(connection)
            return self.partitions.keep(connection)

    def leave(self) -> None:
        with self.database.transaction() as connection:
            self.leases.release_all(connection)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "host.sqlite")


def shares(hosts: list[Host]) -> list[int]:
    return [len(host.partitions.held) for host in hosts]


def test_a_host_that_is_alone_has_every_partition(database: Database) -> None:
    host = Host(database, "host-0", 4)

    assert host.keep() == Turnover(gained=frozenset(range(4)))
    assert host.keep() == Turnover()


@pytest.mark.parametrize(("count", "hosts", "expected"), [(4, 2, [2, 2]), (4, 3, [1, 1, 2]), (3, 4, [0, 1, 1, 1])])
def test_hosts_come_to_fair_shares(database: Database, count: int, hosts: int, expected: list[int]) -> None:
    everybody = [Host(database, f"host-{number}", count) for number in range(hosts)]

    for _ in range(3):
        for host in everybody:
            host.keep()

    held = [number for host in everybody for number in host.partitions.held]
    assert sorted(held) == list(range(count))
    assert sorted(shares(everybody)) == expected


def test_shares_that_are_fair_stay_as_they_are(database: Database) -> None:
    hosts = [Host(database, f"host-{number}", 4) for number in range(3)]
    for _ in range(3):
        for host in hosts:
            host.keep()

    assert [host.keep() for host in hosts] == [Turnover()] * 3


def test_what_is_taken_for_the_sake_of_balance_is_lost_to_the_other(database: Database) -> None:
    first, second = Host(database, "host-0", 4), Host(database, "host-1", 4)
    first.keep()
    gained = second.keep().gained

    assert len(gained) == 2
    assert first.keep() == Turnover(lost=gained)


def test_a_dead_host_s_partitions_are_taken_over_when_their_leases_have_expired(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Host(database, "host-0", 4), Host(database, "host-1", 4)
    for host in (first, second, first):
        host.keep()
    monkeypatch.setattr(Host, "now", Host.now + LeaseTimes().duration.total_seconds())

    second.keep()

    assert shares([second]) == [4]


def test_a_host_that_leaves_gives_its_partitions_back(database: Database) -> None:
    first, second = Host(database, "host-0", 4), Host(database, "host-1", 4)
    for host in (first, second, first):
        host.keep()

    first.leave()
    second.keep()

    assert shares([second]) == [4]


def test_the_lease_of_an_instance_is_that_of_its_partition(database: Database) -> None:
    host = Host(database, "host-0", 4)
    assert host.partitions.fence("i") is None

    host.keep()
    fence = host.partitions.fence("i")

    assert fence is not None
    assert fence.name == f"partition {partition_of('i', 4)}"


def test_a_hub_keeps_the_count_that_it_was_made_with(database: Database) -> None:
    assert [partition_count(database, wanted) for wanted in (4, 8)] == [4, 4]


@pytest.mark.parametrize(("text", "hashed"), [("", 0x811C9DC5), ("a", 0xE40C292C), ("foobar", 0xBF9CF968)])
def test_the_hash_is_fnv_1a(text: str, hashed: int) -> None:
    assert partition_of(text, 2**32) == hashed


@given(st.text(), st.integers(1, 16))
def test_every_instance_has_a_partition(instance_id: str, count: int) -> None:
    assert 0 <= partition_of(instance_id, count) < count


def test_instances_are_spread_over_the_partitions() -> None:
    found = Counter(partition_of(f"{number:032x}", 4) for number in range(4000))

    assert min(found.values()) > 800
