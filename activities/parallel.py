"""Several touches of the world at the same time, in threads of an activity's own."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

AT_ONCE = 8
"""Requests of one activity at the same time: each takes a fifth of a second, and other activities run beside it."""

ItemT = TypeVar("ItemT")
FoundT = TypeVar("FoundT")


def in_parallel(act: Callable[[ItemT], FoundT], items: Iterable[ItemT], at_once: int = AT_ONCE) -> list[FoundT]:
    """What `act` finds of each item, in their order.

    Raises what it raised of the first item of which it raised something; the others were carried out.
    """
    with ThreadPoolExecutor(at_once, thread_name_prefix="activity") as pool:
        futures = [pool.submit(act, item) for item in items]
    return [future.result() for future in futures]
