"""Running parts of the emulator for tests: started when a test first asks for one, once a worker."""

import signal
from collections.abc import Iterator

import pytest

from emulator.foundation import Foundation
from emulator.processes import Supervisor
from emulator.stack import Stack, StackOptions
from tests.clouds import CLOUD
from tests.figures import Figures, figures_of, write_figures
from tests.running import APPROVALS, ROOT, RunningAzurite


@pytest.fixture(scope="session", autouse=True)
def heeds_ctrl_c() -> None:
    """What a shell runs in the background ignores SIGINT, and so would every process that a test interrupts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAzurite]:
    """Azurite and the identity endpoint, without ARM and the Functions host."""
    state = tmp_path_factory.mktemp("foundation")
    supervisor = Supervisor(state / "logs")
    foundation = Foundation(state=state, supervisor=supervisor)
    try:
        foundation.start()
        yield RunningAzurite(foundation)
    finally:
        supervisor.stop()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole emulator with the app, where provisioning takes a hundredth of its time. Use names of your own."""
    options = StackOptions(
        state=tmp_path_factory.mktemp("stack"),
        app_root=ROOT,
        cloud=CLOUD.name,
        scale=0.01,
        extra_settings={"ARMATURE_POLL_INTERVAL_SECONDS": "0.2", **APPROVALS},
    )
    with Stack(options) as running:
        yield running


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Takes figures to show at the end of the run."""
    return figures_of(request)


LONGEST = ("test_crash", "test_tending", "test_rollback_killed", "test_control", "test_demo", "test_command_line")
"""Files that take longest, most of it waiting."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what waits longest, so that in the end no worker is left alone with it. No test needs an order."""

    def place(item: pytest.Item) -> tuple[int, int]:
        is_longest, is_end_to_end = item.path.stem in LONGEST, item.path.parent.name == "end_to_end"
        return (LONGEST.index(item.path.stem) if is_longest else len(LONGEST), not is_end_to_end)

    items.sort(key=place)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    write_figures(terminalreporter)
