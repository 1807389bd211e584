"""Running parts of the emulator for tests: started when a test first asks for one, once a worker."""

from collections.abc import Iterator

import pytest

from emulator.foundation import Foundation
from emulator.processes import Supervisor
from tests.running import RunningAzurite


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
