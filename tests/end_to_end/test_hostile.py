"""Input that is meant to do harm: each is refused as it must be, writes nothing, and is told nothing."""

from collections.abc import Iterator

import pytest

from bench.hostile.attack import Attack, judged
from bench.hostile.attacks import all_attacks
from bench.hostile.grounds import Grounds, all_attacked

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    with all_attacked(tmp_path_factory.mktemp("hostile")) as found:
        yield found


@pytest.mark.parametrize("attack", all_attacks(), ids=lambda attack: f"{attack.kind}: {attack.name}")
def test_hostile_input_is_refused_writes_nothing_and_is_told_nothing(grounds: Grounds, attack: Attack) -> None:
    assert judged(grounds, attack).faults == ()
