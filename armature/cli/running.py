"""Start a deployment, or ask something of one, watch it, and end the command as the deployment ended."""

from collections.abc import Callable
from dataclasses import dataclass

import typer

from armature.cli.answers import Accepted, Snapshot
from armature.cli.asking import body_of
from armature.cli.checking import Checked
from armature.cli.client import ApiClient
from armature.cli.endings import end
from armature.cli.exits import CommandError, ExitCode
from armature.cli.following import watch_command
from armature.cli.previews import Telling, end_told
from armature.cli.problem_list import print_problems
from armature.cli.refusals import ApiError
from armature.cli.screen import errors, output, print_json, print_line, say
from armature.cli.watching import OnInterrupt, ask_to_cancel, left, patiently, watch
from armature.request import DeploymentRequest
from armature.state import Status

TOLD_AS_TEXT = Telling()


@dataclass(frozen=True)
class Errand:
    """Something that can be asked of a deployment: what is then said, what Ctrl+C does, when it has been done."""

    said: str
    on_interrupt: OnInterrupt
    done: frozenset[Status]


CANCEL = Errand(
    "Asked to cancel {id}. Ctrl+C stops the watching, not the cancellation.",
    OnInterrupt.DETACH,
    frozenset({Status.CANCELLED, Status.ROLLED_BACK}),
)
ROLL_BACK = Errand(
    "Rolling back {id}. Ctrl+C stops the watching, not the rollback.",
    OnInterrupt.DETACH,
    frozenset({Status.ROLLED_BACK}),
)
APPROVE = Errand("Approved {id}. Ctrl+C stops the watching, not the deployment.", OnInterrupt.DETACH, frozenset())
REJECT = Errand("Rejected {id}.", OnInterrupt.DETACH, frozenset({Status.CANCELLED}))
RESUME = Errand("Resuming {id}. Ctrl+C asks to cancel it.", OnInterrupt.CANCEL, frozenset())


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


def start(
    client: ApiClient, request: DeploymentRequest, *, no_wait: bool, as_json: bool, telling: Telling = TOLD_AS_TEXT
) -> None:
    """Start the deployment, and watch it to its end unless `no_wait`. `telling` says how a preview is told then.

    Raises:
        typer.Exit: with the outcome, when it was watched.
        CommandError: the API can't be reached, or refuses; or the watching was interrupted.
    """
    accepted = _accepted(client, request, no_wait=no_wait)
    if no_wait:
        _print_accepted(accepted, as_json=as_json)
        return
    say(f"Deployment {accepted.deployment_id}. Ctrl+C asks to cancel it.")
    is_quiet = as_json or telling.is_alone
    snapshot = watch(client, accepted.deployment_id, OnInterrupt.CANCEL, as_json=is_quiet)
    if snapshot.state.options.is_preview:
        end_told(client, snapshot, telling, as_json=as_json)
    end(snapshot, as_json=as_json)


def carry_out(client: ApiClient, request: DeploymentRequest, *, as_json: bool) -> Snapshot:
    """Start the deployment, and watch it to its end; answers how it then stands.

    Raises:
        CommandError: the API can't be reached, or refuses; or the watching was interrupted.
    """
    accepted = _accepted(client, request, no_wait=False)
    say(f"Deployment {accepted.deployment_id}. Ctrl+C asks to cancel it.")
    return watch(client, accepted.deployment_id, OnInterrupt.CANCEL, as_json=as_json)


def ask(
    client: ApiClient,
    deployment_id: str,
    call: Callable[[], Accepted],
    errand: Errand,
    *,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Ask something of a deployment by `call`, and watch what comes of it, to the end unless `no_wait`.

    Raises:
        typer.Exit: with the outcome, when it was watched.
        CommandError: the API can't be reached, or refuses; or the watching was interrupted.
    """
    told_before = 0 if no_wait else patiently(lambda: client.last_event(deployment_id))
    accepted = patiently(call)
    if no_wait:
        if not as_json:
            say(errand.said.format(id=deployment_id).partition(" Ctrl+C")[0])
        _print_accepted(accepted, as_json=as_json)
        return
    say(errand.said.format(id=deployment_id))
    snapshot = watch(client, deployment_id, errand.on_interrupt, as_json=as_json, after=told_before)
    end(snapshot, as_json=as_json, done=errand.done)


def _accepted(client: ApiClient, request: DeploymentRequest, *, no_wait: bool) -> Accepted:
    """The deployment as the API has accepted it; Ctrl+C meanwhile asks to cancel it."""
    body, deployment_id = body_of(request), str(request.deployment_id)
    try:
        return patiently(lambda: client.start(body))
    except KeyboardInterrupt as interruption:
        _cancel_what_may_have_started(client, deployment_id, interruption)
        if no_wait:
            raise left(deployment_id) from interruption
        return Accepted(deployment_id=deployment_id, status=Status.PENDING)


def _cancel_what_may_have_started(client: ApiClient, deployment_id: str, interruption: KeyboardInterrupt) -> None:
    """Ask to cancel a deployment of which nobody knows whether the request to start it has arrived.

    Raises:
        CommandError: it has not, as far as the API knows; or nobody can tell.
    """
    try:
        ask_to_cancel(client, deployment_id, say, interruption)
    except ApiError as error:
        raise CommandError(
            ExitCode.INTERRUPTED,
            "Interrupted; the API knows of no such deployment, so nothing was started.",
            f"To be sure: armature status {deployment_id}",
        ) from error
    except KeyboardInterrupt as again:
        raise left(deployment_id) from again


def _print_accepted(accepted: Accepted, *, as_json: bool) -> None:
    if as_json:
        print_json(accepted.model_dump(mode="json", by_alias=True))
        return
    print_line(output(), f"{accepted.deployment_id} {accepted.status}")
    say(f"Watch it with: {watch_command(accepted.deployment_id)}")
