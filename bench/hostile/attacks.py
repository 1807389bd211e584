"""All attacks, in the order of the table."""

from itertools import chain

from bench.hostile import (
    approvals,
    bundles,
    callers,
    calls,
    configuration,
    display,
    endpoints,
    messages,
    notices,
)
from bench.hostile.attack import Attack

_GROUPS = (calls, bundles, messages, callers, approvals, endpoints, notices, display, configuration)


def all_attacks() -> list[Attack]:
    """Every attack, each once."""
    return list(chain.from_iterable(group.attacks() for group in _GROUPS))
