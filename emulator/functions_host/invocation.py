"""Runs one function once: converts what goes in and out, logs start and end, sends what its outputs hold."""

import asyncio
import contextvars
import logging
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

import azure.functions as func
from azure.functions import meta

from emulator.functions_host.bindings import Out, decode, encode
from emulator.functions_host.indexing import Binding, HostFunction, TriggerKind
from emulator.functions_host.log import Invocation, current_invocation
from emulator.functions_host.worker_loop import WorkerLoop

_log = logging.getLogger("host.function")

OUT_OF_PROCESS_MARKER = "\n\n$OutOfProcData$:"
"""Between an orchestrator's error and the state that the SDK puts behind it."""

MOST_STUCK = 10_000
"""Threads beside those of a pool's places, for functions that have run for too long and don't end: a real host ends
their process. They hold no place, and must not hold up others; a thread begins only when none is idle."""


class FunctionError(Exception):
    """A function raised; carries what the worker would tell the host about it."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.message = f"{type(error).__name__}: {error}"
        self.stack = "".join(traceback.format_tb(error.__traceback__))
        self._error = error

    @property
    def worth_logging(self) -> BaseException:
        """The user code's own error: what the SDK raises around it carries the inputs of every action."""
        cause = self._error.__cause__
        return cause if cause is not None and OUT_OF_PROCESS_MARKER in self.message else self._error


def timed_out(name: str, limit: timedelta) -> TimeoutError:
    """The error of a function that has run for longer than host.json allows (FunctionTimeoutException)."""
    seconds, rest = divmod(limit, timedelta(seconds=1))
    fraction = f".{rest.microseconds:06}0" if rest else ""
    span = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"
    return TimeoutError(f"Timeout value of {span} was exceeded by function: Functions.{name}")


@dataclass(frozen=True)
class FunctionInput:
    """What the host hands over: the trigger's value and the metadata beside it."""

    datum: meta.Datum
    metadata: Mapping[str, meta.Datum] = field(default_factory=dict)


class OutputSender(Protocol):
    """Delivers what output bindings hold; blocks."""

    def send(self, binding: Binding, datum: meta.Datum) -> None:
        """Deliver one value."""


class _Context(func.Context):
    def __init__(self, function: HostFunction, invocation: Invocation) -> None:
        self._function = function
        self._invocation = invocation
        self._local = threading.local()

    @property
    def invocation_id(self) -> str:
        return self._invocation.invocation_id

    @property
    def function_name(self) -> str:
        return self._function.name

    @property
    def function_directory(self) -> str:
        return str(self._function.directory)

    @property
    def thread_local_storage(self) -> Any:
        return self._local

    @property
    def trace_context(self) -> Any:
        return None

    @property
    def retry_context(self) -> Any:
        return None


class Invoker:
    """Runs functions: sync ones in threads, async ones on a loop of their own."""

    def __init__(self, client_binding: Callable[[], str], sender: OutputSender, threads: int) -> None:
        self._client_binding = client_binding
        self._sender = sender
        self._worker = WorkerLoop()
        self._pool = ThreadPoolExecutor(threads + MOST_STUCK, thread_name_prefix="trigger")
        self._places = asyncio.Semaphore(threads)
        self.timeout: timedelta | None = None
        """How long a function may run that is waited for; a sync one goes on in its thread, and nobody listens."""

    async def invoke(self, function: HostFunction, given: FunctionInput) -> meta.Datum | None:
        """Run a function and return what it returned.

        Raises `FunctionError` when the function, a conversion or an output fails.
        """
        seconds = None if self.timeout is None else self.timeout.total_seconds()
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await self._started(function, given)
        except TimeoutError:
            if self.timeout is None or not limit.expired():
                raise
            raise FunctionError(timed_out(function.name, self.timeout)) from None

    async def _started(self, function: HostFunction, given: FunctionInput) -> meta.Datum | None:
        if function.is_async:
            return await self._worker.run(self._await(function, given))
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        async with self._places:
            return await loop.run_in_executor(self._pool, context.run, self.invoke_here, function, given)

    async def _await(self, function: HostFunction, given: FunctionInput) -> meta.Datum | None:
        with self._invocation(function) as invocation:
            arguments, outs = self._arguments(function, given, invocation)
            returned = await function.call(**arguments)
            result, outputs = self._results(function, returned, outs)
            if outputs:
                await asyncio.to_thread(self._send, outputs)
            return result

    def invoke_here(self, function: HostFunction, given: FunctionInput) -> meta.Datum | None:
        """Run a function that is not async in this thread; otherwise as `invoke`."""
        with self._invocation(function) as invocation:
            arguments, outs = self._arguments(function, given, invocation)
            result, outputs = self._results(function, function.call(**arguments), outs)
            self._send(outputs)
            return result

    @contextmanager
    def _invocation(self, function: HostFunction) -> Iterator[Invocation]:
        invocation = Invocation(function.name, str(uuid.uuid4()))
        token = current_invocation.set(invocation)
        started = time.monotonic()
        if function.kind is not TriggerKind.ORCHESTRATION:
            _log.info("Function started", extra={"facts": {"trigger": function.kind.value}})
        status = "Failed"
        try:
            yield invocation
            status = "Succeeded"
        except (Exception, SystemExit) as error:  # `sys.exit()` ends the function; a thread would swallow it
            told = FunctionError(error)
            _log.error("Function raised", exc_info=told.worth_logging)
            raise told from error
        finally:
            milliseconds = round((time.monotonic() - started) * 1000, 1)
            _log.info("Function finished", extra={"facts": {"status": status, "milliseconds": milliseconds}})
            current_invocation.reset(token)

    def _arguments(
        self, function: HostFunction, given: FunctionInput, invocation: Invocation
    ) -> tuple[dict[str, Any], dict[str, Out]]:
        arguments = {function.trigger.name: decode(function.trigger, given.datum, given.metadata)}
        for binding in function.inputs:
            arguments[binding.name] = decode(binding, meta.Datum(self._client_binding(), "string"))
        outs = {binding.name: Out() for binding in function.outputs if binding.name != "$return"}
        arguments |= outs
        if function.wants_context:
            arguments["context"] = _Context(function, invocation)
        return arguments, outs

    @staticmethod
    def _results(
        function: HostFunction, returned: Any, outs: Mapping[str, Out]
    ) -> tuple[meta.Datum | None, list[tuple[Binding, meta.Datum]]]:
        outputs = []
        result = None
        for binding in function.outputs:
            value = returned if binding.name == "$return" else outs[binding.name].get()
            if value is None:
                continue
            datum = encode(binding.type, value)
            if binding.type == "http":
                result = datum
            else:
                outputs.append((binding, datum))
        if function.kind is TriggerKind.ACTIVITY:
            result = encode("activityTrigger", returned)
        elif function.kind is TriggerKind.ORCHESTRATION:
            result = encode("orchestrationTrigger", returned)
        return result, outputs

    def _send(self, outputs: list[tuple[Binding, meta.Datum]]) -> None:
        for binding, datum in outputs:
            self._sender.send(binding, datum)
