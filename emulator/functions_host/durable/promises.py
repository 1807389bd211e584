"""Promises and coroutines without an event loop: a replay runs them to where history ends, in one thread, in order."""

from collections.abc import Callable, Coroutine, Generator, Sequence


class TaskError(Exception):
    """A task of an orchestration failed, was cancelled or could not be started."""


class Promise:
    """Something that history may fulfil; awaiting it raises `TaskError` when it failed."""

    def __init__(self) -> None:
        self.is_settled = False
        self._error: TaskError | None = None
        self._callbacks: list[Callable[[], None]] = []

    def settle(self, error: TaskError | None = None) -> None:
        """Fulfil or fail the promise once; whoever waits goes on before this returns."""
        if self.is_settled:
            return
        self.is_settled = True
        self._error = error
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_settled(self, callback: Callable[[], None]) -> None:
        """Call back when settled, at once when it is."""
        if self.is_settled:
            callback()
        else:
            self._callbacks.append(callback)

    def __await__(self) -> Generator["Promise", None, None]:
        if not self.is_settled:
            yield self
        if self._error is not None:
            raise self._error


def start(coroutine: Coroutine[Promise, None, None]) -> Promise:
    """Run a coroutine up to its first unsettled promise and on from there; return the promise of its end."""
    outcome = Promise()

    def step() -> None:
        try:
            awaited = coroutine.send(None)
        except StopIteration:
            outcome.settle()
        except TaskError as error:
            outcome.settle(error)
        else:
            awaited.on_settled(step)

    step()
    return outcome


def first_of(promises: Sequence[Promise]) -> Promise:
    """Return a promise that is fulfilled with the first that settles; it never fails, as .NET's WhenAny."""
    first = Promise()
    for promise in promises:
        promise.on_settled(first.settle)
    return first


async def all_of(promises: Sequence[Promise]) -> None:
    """Wait for every promise, then raise the first failure, as .NET's WhenAll."""
    errors: list[TaskError] = []
    for promise in promises:
        try:
            await promise
        except TaskError as error:
            errors.append(error)
    if errors:
        raise errors[0]
