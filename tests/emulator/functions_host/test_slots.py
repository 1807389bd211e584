"""The names of hosts."""

from pathlib import Path

from emulator.functions_host.slots import take_slot


def test_each_living_host_has_a_name_of_its_own(tmp_path: Path) -> None:
    slots = [take_slot(tmp_path / "host.sqlite") for _ in range(3)]

    assert [slot.name for slot in slots] == ["host-0", "host-1", "host-2"]


def test_the_name_of_one_that_has_ended_is_the_next_one_s(tmp_path: Path) -> None:
    first, second = (take_slot(tmp_path / "host.sqlite") for _ in range(2))

    first.release()

    assert take_slot(tmp_path / "host.sqlite").name == "host-0"
    assert second.name == "host-1"
