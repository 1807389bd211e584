"""`armature cancel`, `rollback` and `resume`: what can be asked of a deployment that there is already."""

from typing import Annotated

import typer

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
from armature.cli.endings import reported
from armature.cli.running import CANCEL, RESUME, ROLL_BACK, ask


@app.command(epilog=EXIT_CODES)
def cancel(
    deployment_id: IdArgument,
    comment: CommentOption = "",
    rollback: Annotated[
        bool | None,
        typer.Option(
            "--rollback/--no-rollback",
            help="Put everything back, or leave what there is; else as the deployment was told at its start.",
            show_default=False,
        ),
    ] = None,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """Stop a deployment: nothing new starts, and what is in flight in Azure is cancelled and waited for."""
    with reported(as_json=as_json), ApiClient(api, key) as client:
        ask(
            client,
            deployment_id,
            lambda: client.cancel(deployment_id, comment, rollback=rollback),
            CANCEL,
            no_wait=no_wait,
            as_json=as_json,
        )


@app.command(epilog=EXIT_CODES)
def rollback(
    deployment_id: IdArgument,
    comment: CommentOption = "",
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """Undo a deployment that has ended: deploy the previous versions again, delete what it had created."""
    with reported(as_json=as_json), ApiClient(api, key) as client:
        ask(
            client,
            deployment_id,
            lambda: client.rollback(deployment_id, comment),
            ROLL_BACK,
            no_wait=no_wait,
            as_json=as_json,
        )


@app.command(epilog=EXIT_CODES)
def resume(
    deployment_id: IdArgument,
    comment: CommentOption = "",
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """Go on with a deployment that failed or was cancelled: what succeeded is not run again. Ctrl+C asks to cancel."""
    with reported(as_json=as_json), ApiClient(api, key) as client:
        ask(
            client,
            deployment_id,
            lambda: client.resume(deployment_id, comment),
            RESUME,
            no_wait=no_wait,
            as_json=as_json,
        )
