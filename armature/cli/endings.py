"""How a command ends: with the outcome of a deployment, or early, with what stopped it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from armature.bundle import BundleError
from armature.cli.answers import Snapshot
from armature.cli.checking import Checked
from armature.cli.exits import CommandError, ExitCode
from armature.cli.problem_list import print_problems
from armature.cli.result import print_outcome
from armature.cli.screen import errors, output, print_json, say
from armature.problems import Severity
from armature.state import DeploymentState, Status

_CODES = {
    Status.CANCELLED: ExitCode.CANCELLED,
    Status.ROLLED_BACK: ExitCode.ROLLED_BACK,
    Status.FAILED: ExitCode.FAILED,
}


@contextmanager
def reported(*, as_json: bool = False, starts: bool = False) -> Iterator[None]:
    """Turn what ends a command early into words on standard error and an exit code.

    With `as_json` a CommandError is a JSON document on standard output, too. `starts` says that the command starts
    something, which had not happened when Ctrl+C comes as far as here.

    Raises:
        typer.Exit: in place of a CommandError, of files that can't be read, and of Ctrl+C.
    """
    try:
        yield
    except CommandError as error:
        raise _ended(error, as_json=as_json) from error
    except BundleError as error:
        print_problems(errors(), error.problems)
        if as_json:
            print_json(Checked(error.problems, None).dump())
        raise typer.Exit(ExitCode.REFUSED) from error
    except OSError as error:
        unusable = f"{error.filename or 'A file'} can't be used: {error.strerror or error}."
        raise _ended(CommandError(ExitCode.USAGE, unusable), as_json=as_json) from error
    except KeyboardInterrupt as error:
        words = "Interrupted; nothing was started." if starts else "Interrupted."
        raise _ended(CommandError(ExitCode.INTERRUPTED, words), as_json=as_json) from error


def _ended(error: CommandError, *, as_json: bool) -> typer.Exit:
    say(error.message)
    if error.next_step:
        say(error.next_step)
    if as_json:
        print_json(error.document())
    return typer.Exit(error.exit_code)


def end(snapshot: Snapshot, *, as_json: bool, done: frozenset[Status] = frozenset()) -> NoReturn:
    """Print how a deployment stands, and end the command with the exit code that says the same.

    `done` are the outcomes that the command was there to bring about; empty, when that is to deploy.

    Raises:
        typer.Exit: always.
    """
    if as_json:
        print_json(snapshot.document)
    else:
        print_outcome(output(), snapshot.state)
    code = exit_code_of(snapshot.state)
    if done:
        is_done = snapshot.state.status in done
        code = ExitCode.COMPLETED if is_done else ExitCode.FAILED if code is ExitCode.COMPLETED else code
    raise typer.Exit(code)


def exit_code_of(state: DeploymentState) -> ExitCode:
    """The exit code for a state: a deployment that still runs has not failed."""
    code = _CODES.get(state.status, ExitCode.COMPLETED)
    is_refused = any(problem.severity == Severity.ERROR for problem in state.problems)
    return ExitCode.REFUSED if code is ExitCode.FAILED and is_refused else code
