"""All attacks, in the order of the table."""

from itertools import chain

from bench.hostile import bundles, calls, configuration, messages
from bench.hostile.attack import Attack


def all_attacks() -> list[Attack]:
    """Every attack, each once."""
    return list(chain(calls.attacks(), bundles.attacks(), messages.attacks(), configuration.attacks()))
