"""A preview on the command line: how it is to be told, and the exit code that says what came of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

import requests
import typer

from armature.cli.answers import Snapshot
from armature.cli.client import ApiClient
from armature.cli.endings import exit_code_of
from armature.cli.exits import ExitCode
from armature.cli.refusals import ApiError
from armature.cli.result import print_outcome
from armature.cli.screen import output, plain, print_json, say
from armature.cli.watching import patiently
from armature.state import DeploymentState, Status


class Format(StrEnum):
    """How a preview is told."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


@dataclass(frozen=True)
class Telling:
    """How a preview is told at the end of its deployment.

    `shows_noise`: also what does not change. `is_detailed`: the exit code says whether something would change.
    """

    format: Format = Format.TEXT
    shows_noise: bool = False
    is_detailed: bool = False

    @property
    def is_alone(self) -> bool:
        """True when nothing else may stand on standard output."""
        return self.format is not Format.TEXT


def print_preview(client: ApiClient, deployment_id: str, telling: Telling) -> None:
    """Print the preview of a deployment.

    Raises:
        ApiError: there is none, or the API can't be asked.
    """
    told = patiently(lambda: client.preview(deployment_id, telling.format, shows_noise=telling.shows_noise))
    lines = told.splitlines() if telling.format is not Format.JSON else [told]
    for line in lines:
        typer.echo(plain(line))


def end_told(client: ApiClient, snapshot: Snapshot, telling: Telling, *, as_json: bool) -> NoReturn:
    """Print what a deployment that only previews has told, and end the command with its exit code.

    Raises:
        typer.Exit: always.
    """
    if as_json:
        print_json(snapshot.document)
    else:
        print_told(client, snapshot.state, telling)
    raise typer.Exit(code_told(snapshot.state, telling))


def print_told(client: ApiClient, state: DeploymentState, telling: Telling) -> None:
    """Print what a deployment that only previews has told, or how it ended otherwise."""
    if not _is_told(client, state, telling) and not telling.is_alone:
        print_outcome(output(), state)


def code_told(state: DeploymentState, telling: Telling) -> ExitCode:
    """The exit code for a deployment that only previews."""
    code, counts = exit_code_of(state), state.preview
    if telling.is_detailed and code is ExitCode.COMPLETED and counts is not None and counts.changes:
        return ExitCode.CHANGES
    return code


def _is_told(client: ApiClient, state: DeploymentState, telling: Telling) -> bool:
    """Print the preview if there is one: one that was cancelled, or whose bundle was refused, has none. It tells of
    itself what Azure refuses; False when there is more to say of the deployment's end."""
    try:
        print_preview(client, state.deployment_id, telling)
    except ApiError as error:
        if error.status != requests.codes.not_found:
            raise
        return False
    is_refused = state.preview is not None and bool(state.preview.refused)
    if state.status is Status.FAILED and is_refused:
        say(f"{state.deployment_id} failed: mend what is refused, and ask again. Nothing was deployed.")
        return True
    return state.status is Status.COMPLETED
