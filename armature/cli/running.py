"""Start a deployment, watch it, and end the command as the deployment ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep
from typing import NoReturn

import typer

from armature.bundle import BundleError
from armature.cli.asking import body_of
from armature.cli.checking import Checked
from armature.cli.client import ApiClient, Snapshot
from armature.cli.exits import CommandError, ExitCode
from armature.cli.following import ATTEMPTS_TO_START, follow, persistently, watch_command
from armature.cli.lines import LinesView, QuietView
from armature.cli.live import LiveView
from armature.cli.result import print_outcome, print_problems
from armature.cli.screen import errors, output, print_json, print_line, say
from armature.problems import Severity
from armature.request import DeploymentRequest
from armature.state import DeploymentState, Status


@contextmanager
def reported(*, as_json: bool = False) -> Iterator[None]:
    """Turn what ends a command early into words on standard error and an exit code.

    With `as_json` a CommandError is a JSON document on standard output, too.

    Raises:
        typer.Exit: in place of a CommandError, of files that can't be read, and of a Ctrl+C before anything started.
    """
    try:
        yield
    except CommandError as error:
        say(error.message)
        if error.next_step:
            say(error.next_step)
        if as_json:
            print_json(error.document())
        raise typer.Exit(error.exit_code) from error
    except BundleError as error:
        print_problems(errors(), error.problems)
        if as_json:
            print_json(Checked(error.problems, None).dump())
        raise typer.Exit(ExitCode.REFUSED) from error
    except OSError as error:
        unusable = CommandError(
            ExitCode.USAGE, f"{error.filename or 'A file'} can't be used: {error.strerror or error}."
        )
        say(unusable.message)
        if as_json:
            print_json(unusable.document())
        raise typer.Exit(ExitCode.USAGE) from error
    except KeyboardInterrupt as error:
        say("Interrupted; nothing was started.")
        raise typer.Exit(ExitCode.INTERRUPTED) from error


def refuse_or_warn(checked: Checked, *, as_json: bool) -> None:
    """Print what the check of a bundle found.

    Raises:
        typer.Exit: the bundle is refused.
    """
    if checked.is_refused and as_json:
        print_json(checked.dump())
    elif checked.problems:
        print_problems(errors(), checked.problems)
    if checked.is_refused:
        say("The bundle is refused; nothing was sent.")
        raise typer.Exit(ExitCode.REFUSED)


def start(client: ApiClient, request: DeploymentRequest, *, no_wait: bool, as_json: bool) -> None:
    """Start the deployment, and watch it to its end unless `no_wait`.

    Raises:
        typer.Exit: with the outcome, when it was watched, or when the watching was interrupted.
        ApiError: the API can't be reached, or refuses.
    """
    body, deployment_id = body_of(request), str(request.deployment_id)
    try:
        accepted = persistently(lambda: client.start(body), attempts=ATTEMPTS_TO_START, pause=sleep, notice=say)
    except KeyboardInterrupt:
        _detach(deployment_id)
    if not no_wait:
        say(f"Deployment {accepted.deployment_id}. Ctrl+C stops the watching, not the deployment.")
        watch(client, accepted.deployment_id, as_json=as_json)
    if as_json:
        print_json(accepted.model_dump(mode="json", by_alias=True))
    else:
        print_line(output(), f"{accepted.deployment_id} {accepted.status}")
        say(f"Watch it with: {watch_command(accepted.deployment_id)}")


def watch(client: ApiClient, deployment_id: str, *, as_json: bool) -> NoReturn:
    """Follow a deployment to its end and end the command with its outcome.

    Raises:
        typer.Exit: always, but when the API stays away or refuses.
        CommandError: the API stayed away for too long, or refused.
    """
    console = output()
    view: LinesView | LiveView
    if as_json:
        view = QuietView(console, errors())
    else:
        view = LiveView(console) if console.is_interactive else LinesView(console, errors())
    try:
        with view:
            snapshot = follow(client, deployment_id, view, sleep)
    except KeyboardInterrupt:
        _detach(deployment_id)
    end(snapshot, as_json=as_json)


def end(snapshot: Snapshot, *, as_json: bool) -> NoReturn:
    """Print how a deployment stands, and end the command with the exit code that says the same.

    Raises:
        typer.Exit: always.
    """
    if as_json:
        print_json(snapshot.document)
    else:
        print_outcome(output(), snapshot.state)
    raise typer.Exit(exit_code_of(snapshot.state))


def exit_code_of(state: DeploymentState) -> ExitCode:
    """The exit code for a state: a deployment that still runs has not failed."""
    if state.status is not Status.FAILED:
        return ExitCode.COMPLETED
    is_refused = any(problem.severity == Severity.ERROR for problem in state.problems)
    return ExitCode.REFUSED if is_refused else ExitCode.FAILED


def _detach(deployment_id: str) -> NoReturn:
    say(f"No longer watching; if {deployment_id} has started, it goes on. Look again with:")
    say(f"  {watch_command(deployment_id)}")
    raise typer.Exit(ExitCode.INTERRUPTED)
