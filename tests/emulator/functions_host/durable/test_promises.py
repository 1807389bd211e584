"""Coroutines without an event loop."""

import pytest

from emulator.functions_host.durable.promises import Promise, TaskError, all_of, first_of, start


async def collect(promise: Promise, seen: list[str], word: str) -> None:
    await promise
    seen.append(word)


def test_a_coroutine_goes_on_before_settling_returns() -> None:
    promise, seen = Promise(), []
    ended = start(collect(promise, seen, "done"))

    promise.settle()

    assert seen == ["done"]
    assert ended.is_settled


def test_a_failure_reaches_whoever_awaits() -> None:
    promise, seen = Promise(), []
    ended = start(collect(promise, seen, "done"))

    promise.settle(TaskError("no"))

    assert seen == []
    with pytest.raises(TaskError, match="no"):
        ended.__await__().send(None)


def test_a_promise_is_settled_once() -> None:
    promise, seen = Promise(), []
    start(collect(promise, seen, "done"))

    promise.settle()
    promise.settle(TaskError("too late"))

    assert seen == ["done"]


def test_the_first_of_several_never_fails() -> None:
    promises, seen = [Promise(), Promise()], []
    start(collect(first_of(promises), seen, "first"))

    promises[1].settle(TaskError("no"))

    assert seen == ["first"]


def test_all_of_several_waits_for_the_last_although_the_first_has_failed() -> None:
    promises = [Promise(), Promise()]
    ended = start(all_of(promises))

    promises[0].settle(TaskError("no"))
    early = ended.is_settled
    promises[1].settle()

    assert (early, ended.is_settled) == (False, True)
