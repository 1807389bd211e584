"""The loop of the app's async functions."""

import asyncio
import threading

import pytest

from emulator.functions_host.worker_loop import WorkerLoop


async def test_a_coroutine_runs_in_another_thread_and_answers() -> None:
    async def where() -> int:
        return threading.get_ident()

    assert await WorkerLoop().run(where()) != threading.get_ident()


async def test_an_exception_arrives() -> None:
    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await WorkerLoop().run(fail())


async def test_cancelling_the_wait_cancels_the_coroutine() -> None:
    begun, cancelled = threading.Event(), threading.Event()

    async def wait() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    waiting = asyncio.ensure_future(WorkerLoop().run(wait()))
    await asyncio.to_thread(begun.wait, 10)

    waiting.cancel()

    assert await asyncio.to_thread(cancelled.wait, 10)
