"""Watch a deployment until it ends, through lost connections: the deployment goes on whether or not we see it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar

from armature.cli.client import ApiClient, ApiError, Snapshot
from armature.cli.exits import CommandError, ExitCode
from armature.events import NumberedEvent
from armature.state import DeploymentState

POLL_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 15.0
ATTEMPTS_TO_FOLLOW = 40
"""In a row without an answer, with pauses of 1, 2, 4, 8 and then 15 seconds: about nine minutes."""

ATTEMPTS_TO_START = 5

Pause = Callable[[float], None]
T = TypeVar("T")


class View(Protocol):
    """Something that shows a deployment while it runs. `wants_events` says whether `events` is ever to be called."""

    wants_events: bool

    def show(self, state: DeploymentState) -> None:
        """The state has changed."""
        ...

    def events(self, events: Sequence[NumberedEvent]) -> None:
        """Events have been added to the log."""
        ...

    def notice(self, message: str) -> None:
        """Something about the watching itself, such as a lost connection."""
        ...


def persistently(call: Callable[[], T], *, attempts: int, pause: Pause, notice: Callable[[str], None]) -> T:
    """Make a call that may be repeated, again and again while what stops it may pass.

    Raises:
        ApiError: it was refused for good, or did not succeed in `attempts` times.
    """
    for attempt in range(1, attempts):
        try:
            return call()
        except ApiError as error:
            if not error.is_passing:
                raise
            wait = min(POLL_SECONDS * 2.0 ** (attempt - 1), LONGEST_PAUSE_SECONDS)
            notice(f"{error.message} Trying again in {wait:.0f} s.")
            pause(wait)
    return call()


def follow(api: ApiClient, deployment_id: str, view: View, pause: Pause) -> Snapshot:
    """Show the deployment in `view` until its status is final; answer that last state.

    Raises:
        CommandError: the API stayed away for too long, or refused (exit code 4). The deployment goes on all the same.
    """
    latest: Snapshot | None = None
    seen = 0
    while True:
        etag = latest.etag if latest else None
        changed = _reach(partial(api.state, deployment_id, etag), deployment_id, view, pause)
        if view.wants_events:
            seen = _show_events(api, deployment_id, seen, view, pause)
        if changed is not None:
            latest = changed
            view.show(latest.state)
            if latest.state.status.is_final:
                return latest
        pause(POLL_SECONDS)


def _show_events(api: ApiClient, deployment_id: str, after: int, view: View, pause: Pause) -> int:
    """Show what the log holds beyond event `after`, page by page; answer the number of the last one."""
    while True:
        page = _reach(partial(api.events, deployment_id, after), deployment_id, view, pause)
        if not page.value:
            return after
        view.events(page.value)
        after = page.next


def _reach(call: Callable[[], T], deployment_id: str, view: View, pause: Pause) -> T:
    try:
        return persistently(call, attempts=ATTEMPTS_TO_FOLLOW, pause=pause, notice=view.notice)
    except ApiError as error:
        if not error.is_passing:
            raise
        raise CommandError(
            ExitCode.API,
            f"{error.message} The deployment goes on without being watched.",
            f"Look again with: {watch_command(deployment_id)}",
        ) from error


def watch_command(deployment_id: str) -> str:
    """What to type to watch a deployment (again)."""
    return f"armature status {deployment_id} --watch"
