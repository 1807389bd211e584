"""Watch a deployment with a person, or a pipeline, in front of it, who may lose patience.

The first Ctrl+C asks the API to cancel what this command has started, and the watching goes on: a cancellation has
things to tell. The second one stops the watching. What this command has not started, Ctrl+C never cancels.
"""

from collections.abc import Callable
from enum import Enum
from time import sleep
from typing import Any, TypeVar

import requests

from armature.cli.answers import Snapshot
from armature.cli.client import ApiClient
from armature.cli.exits import CommandError, ExitCode
from armature.cli.following import (
    ATTEMPTS_TO_FOLLOW,
    POLL_SECONDS,
    Follower,
    cancel_command,
    persistently,
    watch_command,
)
from armature.cli.lines import LinesView, QuietView
from armature.cli.live import LiveView
from armature.cli.refusals import ApiError
from armature.cli.screen import errors, output, say
from armature.cli.signals import Terminated
from armature.drift import Drift
from armature.retention_run import RetentionRun, RunStatus

ATTEMPTS_TO_ASK = 5
"""With pauses of 1, 2, 4 and 8 seconds between them."""

ASKED = "Asked to cancel; Ctrl+C again stops watching and leaves it to end by itself."

T = TypeVar("T")


class OnInterrupt(Enum):
    """What the first Ctrl+C does while a deployment is watched."""

    CANCEL = "cancel"
    DETACH = "detach"


def patiently(call: Callable[[], T], *, attempts: int = ATTEMPTS_TO_ASK) -> T:
    """Make a call that may be repeated, a few times if need be.

    Raises:
        ApiError: it was refused, or the API stayed away.
    """
    return persistently(call, attempts=attempts, pause=sleep, notice=say)


def watch(
    client: ApiClient, deployment_id: str, on_interrupt: OnInterrupt, *, as_json: bool, after: int = 0
) -> Snapshot:
    """Follow a deployment to its end; answer how it then stands. Events up to number `after` are not shown.

    Raises:
        CommandError: the API stayed away for too long, or refused; or whoever watched has left.
    """
    try:
        with _view(as_json=as_json) as view:
            follower = Follower(client, deployment_id, view, sleep, after)
            try:
                return follower.to_the_end()
            except KeyboardInterrupt as interruption:
                if on_interrupt is OnInterrupt.DETACH:
                    raise
                ask_to_cancel(client, deployment_id, view.notice, interruption)
                return follower.to_the_end()
    except KeyboardInterrupt as interruption:
        raise left(deployment_id) from interruption


def ask_to_cancel(
    client: ApiClient, deployment_id: str, notice: Callable[[str], None], interruption: KeyboardInterrupt
) -> None:
    """Ask for the cancellation, and tell what came of it.

    Raises:
        ApiError: there is no such deployment.
        Terminated: as `interruption`, when it was that: whoever sends it soon kills what has not left.
    """
    is_leaving = isinstance(interruption, Terminated)
    comment = "SIGTERM" if is_leaving else "Ctrl+C"
    try:
        patiently(lambda: client.cancel(deployment_id, comment), attempts=1 if is_leaving else ATTEMPTS_TO_ASK)
    except ApiError as error:
        if error.status == requests.codes.not_found:
            raise
        notice(f"It could not be cancelled. {error.message}")
        notice(error.next_step or f"Cancel it with: {cancel_command(deployment_id)}")
    else:
        notice("Asked to cancel." if is_leaving else ASKED)
    if is_leaving:
        raise interruption


def left(deployment_id: str) -> CommandError:
    """The error that ends a command whose deployment goes on unwatched."""
    return CommandError(
        ExitCode.INTERRUPTED,
        f"No longer watching; {deployment_id} goes on by itself.",
        f"Look again with: {watch_command(deployment_id)}",
    )


def retention_at_its_end(client: ApiClient, name: str) -> tuple[RetentionRun, dict[str, Any]]:
    """A run of retention once it has ended, and the same as the API sent it.

    Raises:
        ApiError: the API stayed away for too long, or refused.
    """
    while True:
        run, document = patiently(lambda: client.retention_run(name), attempts=ATTEMPTS_TO_FOLLOW)
        if run.status is not RunStatus.RUNNING:
            return run, document
        sleep(POLL_SECONDS)


def drift_at_its_end(client: ApiClient, lineage_key: str) -> Drift:
    """What the last look at a lineage's drift has found, once it has ended.

    Raises:
        ApiError: the API stayed away for too long, or refused.
    """
    while True:
        found = patiently(lambda: client.drift(lineage_key), attempts=ATTEMPTS_TO_FOLLOW)
        if found.status.is_final:
            return found
        sleep(POLL_SECONDS)


def _view(*, as_json: bool) -> LinesView | LiveView:
    console = output()
    if as_json:
        return QuietView(console, errors())
    return LiveView(console) if console.is_interactive else LinesView(console, errors())
