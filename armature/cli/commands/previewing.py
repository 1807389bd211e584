"""`armature what-if`, `validate` and `preview`: what a deployment would change, and whether Azure would accept it."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from armature.cli.arguments import DEFAULT_API_URL, ApiOption, IdArgument, KeyOption
from armature.cli.client import ApiClient
from armature.cli.commands.application import EXIT_CODES, app
from armature.cli.commands.deploying import TELLING, deploy
from armature.cli.endings import reported
from armature.cli.previews import Format, Telling, print_preview
from armature.options import Mode

FormatOption = Annotated[Format, typer.Option("--format", help="How it is told.")]
NoiseOption = Annotated[
    bool, typer.Option("--show-noise", help="Also what does not change, and the differences that are none.")
]
DetailedOption = Annotated[
    bool,
    typer.Option("--detailed-exit-code", help="End with 7 when something would change, with 0 when nothing would."),
]

_OF_DEPLOYING = ("mode", "dry_run", "force", "rollback_on_failure", "cancel_on_failure")
"""Options of `deploy` that mean nothing for what changes nothing."""


def _as_deploy(own: dict[str, Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the arguments and options of `deploy`, and its `own` ones with their defaults.

    They are read from `deploy` itself, so that there is no option that one of them has and the other lacks.
    """

    def with_options(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(deploy)
        kept = [each for name, each in signature.parameters.items() if name not in _OF_DEPLOYING]
        mine = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for name, (annotation, default) in own.items()
        ]
        parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in kept]
        command.__signature__ = signature.replace(parameters=[*parameters, *mine])  # type: ignore[attr-defined]
        command.__annotations__ = {each.name: each.annotation for each in (*parameters, *mine)}
        return command

    return with_options


@app.command("what-if", epilog=EXIT_CODES)
@_as_deploy(
    {
        "show_format": (FormatOption, Format.TEXT),
        "show_noise": (NoiseOption, False),
        "detailed_exit_code": (DetailedOption, False),
    }
)
def what_if(context: typer.Context, **given: Any) -> None:
    """Check a bundle, send it, and tell what deploying it would change. Nothing is changed."""
    telling = Telling(given.pop("show_format"), given.pop("show_noise"), given.pop("detailed_exit_code"))
    _tell(context, Mode.WHAT_IF, telling, given)


@app.command(epilog=EXIT_CODES)
@_as_deploy({"show_format": (FormatOption, Format.TEXT)})
def validate(context: typer.Context, **given: Any) -> None:
    """Check a bundle, send it, and tell whether Azure would accept it (then 0, else 1). Nothing is changed."""
    _tell(context, Mode.VALIDATE, Telling(given.pop("show_format")), given)


def _tell(context: typer.Context, mode: Mode, telling: Telling, given: dict[str, Any]) -> None:
    context.meta[TELLING] = telling
    deploy(context, mode=mode, **given)


@app.command(epilog=EXIT_CODES)
def preview(
    deployment_id: IdArgument,
    show_format: FormatOption = Format.TEXT,
    show_noise: NoiseOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """Show what a deployment would change, or would have changed, as it was told before anything was touched."""
    with reported(), ApiClient(api, key) as client:
        print_preview(client, deployment_id, Telling(show_format, show_noise))
