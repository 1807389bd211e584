"""What a goal is: something that is done to deployments, what was measured of it, and whether that is enough."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """How a goal is to be measured: by which seed, and which share of its usual counts (1 is all)."""

    seed: int = 1
    share: float = 1.0

    def of(self, count: int, at_least: int = 1) -> int:
        """The share of a usual count."""
        return max(at_least, round(count * self.share))


@dataclass(frozen=True)
class Verdict:
    """What was done, what was measured of it, and what was wanted; `misses` are what speaks against the goal."""

    done: str
    measured: str
    wanted: str
    is_met: bool
    misses: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Goal:
    """A goal by its number in the table."""

    number: int
    title: str
    measure: Callable[[Run], Verdict]


def share(part: int, whole: int) -> float:
    """What part of a whole it is; 0 of nothing is nothing, so that an empty measurement meets no goal."""
    return part / whole if whole else 0.0


def counted(items: Iterable[str]) -> str:
    """`3 failed, 2 completed`: how often each word comes, the commonest first."""
    counts: dict[str, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    return ", ".join(f"{count} {word}" for word, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])))
