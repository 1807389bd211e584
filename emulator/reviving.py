"""Starts parts of the emulator again that have ended by themselves, as a platform does."""

import threading
from collections.abc import Callable, Mapping

from emulator.processes import Child, Supervisor

LOOK_SECONDS = 0.1


class Reviver:
    """Looks after some children of a supervisor on a thread of its own.

    `launch` starts a child by its name; `changing` is held while children are started or killed. `revived` tells which
    were started again, in order.
    """

    def __init__(
        self, supervisor: Supervisor, launch: Mapping[str, Callable[[], Child]], changing: threading.RLock
    ) -> None:
        self._supervisor = supervisor
        self._launch = launch
        self._changing = changing
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="reviver", daemon=True)
        self.revived: list[str] = []

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; nothing is started afterwards."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def cares_for(self, name: str) -> bool:
        """Whether that child is started again."""
        return name in self._launch

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            for name, launch in self._launch.items():
                with self._changing:
                    child = self._supervisor.children.get(name)
                    if child is not None and not child.is_running and not self._stopped.is_set():
                        self._supervisor.kill(name)
                        launch()
                        self.revived.append(name)
