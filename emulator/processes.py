"""Child processes of the emulator: a log each, watched until ready, stopped together, never left behind."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from emulator.log_redaction import redact

STOP_GRACE_SECONDS = 10.0
READY_SECONDS = 60.0
READY_POLL_SECONDS = 0.05
TAIL_LINES = 25
GUARDIAN = Path(__file__).with_name("guardian.py")


class ChildError(Exception):
    """A child of the emulator ended, or was not ready in time. The message ends with the last lines of its log."""


class Child:
    """One child process and its log file, to which it appends its standard output and error."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path, log_start: int) -> None:
        self.name = name
        self.log = log
        self._process = process
        self._log_start = log_start
        self._pump: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its process group."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended yet."""
        return self._process.poll() is None

    def output(self) -> str:
        """What it has written since it was started."""
        with self.log.open("rb") as stream:
            stream.seek(self._log_start)
            return stream.read().decode(errors="replace")

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = READY_SECONDS) -> None:
        """Return when `ready` says so. Raises ChildError when the child ends before or `seconds` have passed."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.is_running:
                raise self.error(f"ended with exit code {self._process.returncode} before it was ready")
            if time.monotonic() > deadline:
                raise self.error(f"was not ready after {seconds:g} seconds")
            time.sleep(READY_POLL_SECONDS)

    def error(self, what: str) -> ChildError:
        """An error about this child, with the last lines of its log."""
        lines = self.output().splitlines()[-TAIL_LINES:] or ["(nothing)"]
        tail = "\n".join(f"    {line}" for line in lines)
        return ChildError(f"{self.name} {what}\nThe end of {self.log}:\n{tail}")

    def kill(self) -> None:
        """SIGKILL to the whole process group, and wait."""
        self._signal(signal.SIGKILL)
        self._ended()

    def stop(self, *, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
        """SIGTERM to the whole process group, SIGKILL to what is left after the grace."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace_seconds)
        self.kill()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def _ended(self) -> None:
        self._process.wait()
        if self._pump is not None:
            self._pump.join()

    def redact_output_to_log(self, source: IO[bytes], destination: IO[bytes]) -> None:
        """Carry the child's output to its log, line by line and without signatures, on a thread of its own."""

        def carry() -> None:
            with source, destination:
                for line in source:
                    destination.write(redact(line))
                    destination.flush()

        self._pump = threading.Thread(target=carry, name=f"log of {self.name}", daemon=True)
        self._pump.start()


class Supervisor:
    """Starts children and stops them in reverse order. When this process is killed, its guardian ends them."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.children: dict[str, Child] = {}
        self._guardian: subprocess.Popen[bytes] | None = None

    def start(
        self, name: str, command: Sequence[str], *, environment: Mapping[str, str], is_redacted: bool = False
    ) -> Child:
        """Start a child whose output is appended to `{name}.log` in the folder of logs.

        `is_redacted`: its output passes through this process, which takes SAS signatures out.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        destination = log.open("ab")
        log_start = destination.tell()
        process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if is_redacted else destination,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        child = Child(name, process, log, log_start)
        self._tell_guardian(f"+{process.pid}")
        self.children[name] = child
        if process.stdout is not None:
            child.redact_output_to_log(process.stdout, destination)
        else:
            destination.close()
        return child

    def kill(self, name: str) -> None:
        """SIGKILL a child."""
        self._forget(name, Child.kill)

    def stop(self) -> None:
        """Stop every child, the youngest first, then the guardian."""
        for name in reversed(list(self.children)):
            self._forget(name, Child.stop)
        if self._guardian is not None and self._guardian.stdin is not None:
            self._guardian.stdin.close()
            self._guardian.wait()
            self._guardian = None

    def check(self, *, but: Callable[[str], bool] = lambda _: False) -> None:
        """Raise ChildError when a child has ended by itself, but for those that somebody else cares for."""
        for name, child in list(self.children.items()):
            if not (but(name) or child.is_running):
                raise child.error("has ended")

    def _forget(self, name: str, end: Callable[[Child], None]) -> None:
        child = self.children.pop(name)
        end(child)
        self._tell_guardian(f"-{child.pid}")

    def _tell_guardian(self, line: str) -> None:
        if self._guardian is None:
            self._guardian = subprocess.Popen(
                [sys.executable, "-I", "-S", str(GUARDIAN)], stdin=subprocess.PIPE, start_new_session=True
            )
        if self._guardian.stdin is None:
            raise RuntimeError("the guardian was started without a pipe")
        self._guardian.stdin.write(f"{line}\n".encode())
        self._guardian.stdin.flush()


PORTS_BELOW_EPHEMERAL = range(20000, 32000)  # Linux gives outgoing connections ports from 32768 on


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on, and that no outgoing connection is given."""
    while True:
        port = random.choice(PORTS_BELOW_EPHEMERAL)  # noqa: S311 - not a secret
        if is_port_free(port):
            return port


def is_port_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
