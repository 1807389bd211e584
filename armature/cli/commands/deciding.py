"""`armature approve` and `reject`: a person's word on what a deployment waits for."""

from typing import Annotated

import typer

from armature.approval import ApprovalState
from armature.cli.approvals import asked_lines, waiting_approval
from armature.cli.arguments import (
    DEFAULT_API_URL,
    ApiOption,
    CommentOption,
    IdArgument,
    JsonOption,
    KeyOption,
    NoWaitOption,
)
from armature.cli.client import ApiClient
from armature.cli.commands.application import EXIT_CODES, app
from armature.cli.confirming import make_sure
from armature.cli.endings import reported
from armature.cli.exits import CommandError, ExitCode
from armature.cli.following import watch_command
from armature.cli.running import APPROVE, REJECT, ask
from armature.cli.screen import say

SureOption = Annotated[bool, typer.Option("--yes", help="Do not ask whether that is meant.")]
ApprovalOption = Annotated[
    str | None,
    typer.Option("--approval-id", metavar="ID", help="Decide on exactly this, or not at all if it asks for another."),
]


@app.command(epilog=EXIT_CODES)
def approve(
    deployment_id: IdArgument,
    comment: CommentOption = "",
    approval_id: ApprovalOption = None,
    is_sure: SureOption = False,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """Show what a deployment asks for, and let it do exactly that."""
    with reported(as_json=as_json), ApiClient(api, key) as client:
        asked = _asked(client, deployment_id, approval_id)
        make_sure(f"Let {deployment_id} do that?", is_sure=is_sure)
        ask(
            client,
            deployment_id,
            lambda: client.approve(deployment_id, asked, comment),
            APPROVE,
            no_wait=no_wait,
            as_json=as_json,
        )


@app.command(epilog=EXIT_CODES)
def reject(
    deployment_id: IdArgument,
    comment: CommentOption = "",
    approval_id: ApprovalOption = None,
    is_sure: SureOption = False,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """Show what a deployment asks for, and refuse it: it ends as cancelled."""
    with reported(as_json=as_json), ApiClient(api, key) as client:
        asked = _asked(client, deployment_id, approval_id)
        make_sure(f"Refuse {deployment_id} that?", is_sure=is_sure)
        ask(
            client,
            deployment_id,
            lambda: client.reject(deployment_id, asked, comment),
            REJECT,
            no_wait=no_wait,
            as_json=as_json,
        )


def _asked(client: ApiClient, deployment_id: str, wanted: str | None) -> str:
    """Show what is asked, and answer the id that stands for it.

    Raises:
        CommandError: nothing is asked, or something else than what was `wanted`.
    """
    snapshot = client.state(deployment_id)
    if snapshot is None:
        raise CommandError(ExitCode.API, "The API answered nothing.", watch_command(deployment_id))
    state = snapshot.state
    approval: ApprovalState | None = waiting_approval(state)
    if approval is None:
        known = state.approval.approval_id if state.approval else None
        if wanted is not None and wanted == known:
            return wanted  # decided by now: the API says whether it was decided so
        message = f"{deployment_id} does not wait for approval: it is {state.status}."
        raise CommandError(ExitCode.API, message, f"See it with: {watch_command(deployment_id)}")
    for line in asked_lines(state, approval):
        say(line)
    if wanted is not None and wanted != approval.approval_id:
        message = f"{deployment_id} asks for approval {approval.approval_id}, not for {wanted}."
        raise CommandError(ExitCode.API, message, "Look at what is asked now, and decide on that.")
    return approval.approval_id
