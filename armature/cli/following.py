"""Watch a deployment until it ends, through lost connections: the deployment goes on whether or not we see it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Protocol, TypeVar

from armature.cli.answers import Snapshot
from armature.cli.approvals import approval_lines, waiting_approval
from armature.cli.client import ApiClient
from armature.cli.exits import CommandError, ExitCode
from armature.cli.refusals import ApiError
from armature.events import NumberedEvent
from armature.state import DeploymentState

POLL_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 15.0
ATTEMPTS_TO_FOLLOW = 40
"""In a row without an answer, with pauses of 1, 2, 4, 8 and then 15 seconds: about nine minutes."""

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


class Follower:
    """Shows one deployment in a view. Interrupted, by whatever exception, it can go on where it was.

    Events up to number `after` are not shown.
    """

    def __init__(self, api: ApiClient, deployment_id: str, view: View, pause: Pause, after: int = 0) -> None:
        self._api = api
        self._id = deployment_id
        self._view = view
        self._pause = pause
        self._seen = after
        self._latest: Snapshot | None = None
        self._told_approval = ""

    def to_the_end(self) -> Snapshot:
        """Show the deployment until its status is final; answer that last state.

        Raises:
            CommandError: the API stayed away for too long, or refused (exit code 4). The deployment goes on all the
                same.
        """
        while True:
            etag = self._latest.etag if self._latest else None
            changed = self._reach(partial(self._api.state, self._id, etag))
            if self._view.wants_events:
                self._show_events()
            if changed is not None:
                self._latest = changed
                self._view.show(changed.state)
                self._tell_of_approval(changed.state)
            if self._latest is not None and self._latest.state.status.is_final:
                return self._latest
            self._pause(POLL_SECONDS)

    def _tell_of_approval(self, state: DeploymentState) -> None:
        """Say once, of each approval, that it is waited for: the deployment does not go on by itself."""
        approval = waiting_approval(state)
        if approval is not None and approval.approval_id != self._told_approval:
            self._told_approval = approval.approval_id
            for line in approval_lines(state, approval, datetime.now(UTC)):
                self._view.notice(line)

    def _show_events(self) -> None:
        """Show what the log holds beyond the last event that was shown, page by page."""
        while True:
            page = self._reach(partial(self._api.events, self._id, self._seen))
            if not page.value:
                return
            self._view.events(page.value)
            self._seen = page.next

    def _reach(self, call: Callable[[], T]) -> T:
        try:
            return persistently(call, attempts=ATTEMPTS_TO_FOLLOW, pause=self._pause, notice=self._view.notice)
        except ApiError as error:
            if not error.is_passing:
                raise
            raise CommandError(
                ExitCode.API,
                f"{error.message} The deployment goes on without being watched.",
                f"Look again with: {watch_command(self._id)}",
            ) from error


def watch_command(deployment_id: str) -> str:
    """What to type to watch a deployment (again)."""
    return f"armature status {deployment_id} --watch"


def cancel_command(deployment_id: str) -> str:
    """What to type to cancel a deployment."""
    return f"armature cancel {deployment_id}"
