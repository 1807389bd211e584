"""Children of the emulator, with small programs in their place."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.processes import ChildError, Supervisor, free_port, is_port_free
from tests.waiting import is_alive, wait_until

READY = "import signal, sys, time; print('ready', flush=True)\n"
PATIENT = READY + "time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + PATIENT


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    running = Supervisor(tmp_path / "logs")
    yield running
    running.stop()


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_a_child_writes_to_a_log_of_its_own(supervisor: Supervisor) -> None:
    child = supervisor.start("clock", python(PATIENT), environment={})

    child.wait_until(lambda: "ready" in child.output())

    assert (supervisor.logs / "clock.log").read_text() == "ready\n"


def test_a_child_that_dies_while_it_starts_is_an_error_with_the_end_of_its_log(supervisor: Supervisor) -> None:
    child = supervisor.start("clock", python("print('out of springs'); raise SystemExit(3)"), environment={})

    with pytest.raises(ChildError, match=r"(?s)clock ended with exit code 3 .*clock\.log:\n    out of springs"):
        child.wait_until(lambda: False)


def test_a_child_that_is_never_ready_is_an_error(supervisor: Supervisor) -> None:
    child = supervisor.start("clock", python(PATIENT), environment={})

    with pytest.raises(ChildError, match="clock was not ready after 0 seconds"):
        child.wait_until(lambda: False, seconds=0)


def test_a_child_that_ends_by_itself_is_noticed(supervisor: Supervisor) -> None:
    child = supervisor.start("clock", python(READY), environment={})
    wait_until(lambda: not child.is_running)

    with pytest.raises(ChildError, match="clock has ended"):
        supervisor.check()


def test_a_second_start_appends_to_the_log_and_reads_its_own_part(supervisor: Supervisor) -> None:
    first = supervisor.start("clock", python("print('one')"), environment={})
    wait_until(lambda: not first.is_running)
    supervisor.kill("clock")

    second = supervisor.start("clock", python("print('two')"), environment={})
    wait_until(lambda: not second.is_running)

    assert second.output() == "two\n"
    assert (supervisor.logs / "clock.log").read_text() == "one\ntwo\n"


def test_signatures_are_taken_out_of_a_log_that_passes_through(supervisor: Supervisor) -> None:
    child = supervisor.start("web", python("print('GET /a?sig=abc&sp=r')"), environment={}, is_redacted=True)
    wait_until(lambda: not child.is_running)

    supervisor.stop()

    assert child.output() == "GET /a?sig=REDACTED&sp=r\n"


def test_a_child_that_ignores_the_polite_signal_is_killed(supervisor: Supervisor) -> None:
    child = supervisor.start("clock", python(STUBBORN), environment={})
    child.wait_until(lambda: "ready" in child.output())

    child.stop(grace_seconds=0)

    assert not child.is_running


def test_children_do_not_outlive_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from emulator.processes import Supervisor\n"
        f"supervisor = Supervisor(Path({str(tmp_path)!r}))\n"
        f"for name, program in (('a', {PATIENT!r}), ('b', {PATIENT!r})):\n"
        "    child = supervisor.start(name, [sys.executable, '-c', program], environment={})\n"
        "    print(child.pid, flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen(python(program), stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        children = [int(killed.stdout.readline()) for _ in range(2)]
        assert all(is_alive(child) for child in children)

        os.kill(killed.pid, signal.SIGKILL)

    wait_until(lambda: not any(is_alive(child) for child in children))


def test_a_free_port_is_free() -> None:
    assert is_port_free(free_port())
