"""One scale for everything that takes time or ages."""

from datetime import timedelta

import pytest

from emulator.arm.clock import SimulatedTime, duration, now


@pytest.mark.parametrize(("scale", "days"), [(1.0, 1.0), (0.5, 2.0), (10.0, 0.1), (0.0, 1.0)])
def test_age_is_told_in_azures_time(scale: float, days: float) -> None:
    age = SimulatedTime(scale).age(now() - timedelta(days=1))

    assert age / timedelta(days=1) == pytest.approx(days, rel=1e-3)


def test_what_is_left_of_a_time_that_began_before() -> None:
    time = SimulatedTime(0.1)

    assert time.left(now() - timedelta(seconds=1), 30) == pytest.approx(20, abs=0.5)
    assert time.left(now() - timedelta(seconds=5), 30) == 0
    assert time.left(now(), 30) == pytest.approx(30, abs=0.5)


@pytest.mark.parametrize(("seconds", "text"), [(0, "PT0S"), (12.3, "PT12.3S"), (3661.5, "PT1H1M1.5S"), (-1, "PT0S")])
def test_durations_are_written_as_arm_writes_them(seconds: float, text: str) -> None:
    assert duration(timedelta(seconds=seconds)) == text
