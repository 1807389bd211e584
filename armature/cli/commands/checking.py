"""`armature checks`: what was found of what a deployment has deployed."""

from typing import Annotated

import typer

from armature.checks import CheckResult
from armature.cli.arguments import DEFAULT_API_URL, ApiOption, IdArgument, JsonOption, KeyOption
from armature.cli.check_list import counts_of, print_checks
from armature.cli.client import ApiClient
from armature.cli.commands.application import EXIT_CODES, app
from armature.cli.endings import reported
from armature.cli.screen import output, print_json, print_line


@app.command(epilog=EXIT_CODES)
def checks(
    deployment_id: IdArgument,
    result: Annotated[CheckResult | None, typer.Option(help="Only those that came to this.")] = None,
    as_json: JsonOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """List every check of what a deployment has deployed, with what it found and what to do about it."""
    with reported(as_json=as_json), ApiClient(api, key) as client:
        found = list(client.checks(deployment_id, result))
        if as_json:
            print_json({"value": [check.dump() for check in found]})
            return
        if found:
            print_checks(output(), found)
        print_line(output(), f"{counts_of(found)}." if found else "No check is like that.")
