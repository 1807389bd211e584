"""`armature audit`, `compare`, `lineages` and `drift`: what was, and whether it is still so."""

from datetime import datetime
from itertools import islice
from typing import Annotated

import typer

from armature.audit import AuditAction
from armature.cli.arguments import DEFAULT_API_URL, ApiOption, IdArgument, JsonOption, KeyOption
from armature.cli.client import ApiClient
from armature.cli.commands.application import EXIT_CODES, app
from armature.cli.endings import reported
from armature.cli.exits import ExitCode
from armature.cli.history_tables import print_comparison, print_drift, print_lineages, print_trail
from armature.cli.screen import output, print_json, say
from armature.cli.watching import drift_at_its_end

TIME_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


@app.command(epilog=EXIT_CODES)
def audit(
    deployment: Annotated[str | None, typer.Option("--deployment", metavar="ID", help="Only of that one.")] = None,
    action: Annotated[AuditAction | None, typer.Option(help="Only what was asked for so.")] = None,
    by: Annotated[str | None, typer.Option(help="Only what that caller asked for.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=TIME_FORMATS, help="Only from then on (UTC).")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, the newest.")] = 100,
    as_json: JsonOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """Show who asked for what, when, and how it ended: the newest first."""
    moment = f"{since:%Y-%m-%dT%H:%M:%S}Z" if since else None
    given = {"deploymentId": deployment, "action": action, "by": by, "since": moment}
    filters = {name: str(value) for name, value in given.items() if value is not None}
    with reported(as_json=as_json), ApiClient(api, key) as client:
        found = list(islice(client.audit(filters), limit))
        if as_json:
            print_json({"value": [entry.dump() for entry in found]})
        elif found:
            print_trail(output(), found)
        else:
            say("The trail tells nothing like that.")


@app.command(epilog=EXIT_CODES)
def compare(
    deployment_id: IdArgument,
    other: Annotated[
        str | None, typer.Argument(metavar="[BEFORE]", help="The earlier one; left out, the one before it.")
    ] = None,
    as_json: JsonOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """Show what a deployment changed: templates, parameters by name, packages, options."""
    with reported(as_json=as_json), ApiClient(api, key) as client:
        found = client.comparison(deployment_id, other)
        if as_json:
            print_json(found.dump())
        else:
            print_comparison(output(), found)


@app.command(epilog=EXIT_CODES)
def lineages(as_json: JsonOption = False, api: ApiOption = DEFAULT_API_URL, key: KeyOption = None) -> None:
    """Show what each lineage has deployed, and whether it has drifted."""
    with reported(as_json=as_json), ApiClient(api, key) as client:
        found = client.lineages()
        if as_json:
            print_json({"value": [lineage.dump() for lineage in found]})
        elif found:
            print_lineages(output(), found)
        else:
            say("No deployment had its turn yet.")


@app.command(epilog=EXIT_CODES)
def drift(
    lineage_key: Annotated[str, typer.Argument(metavar="LINEAGE_KEY", help="As `armature lineages` tells.")],
    last: Annotated[bool, typer.Option("--last", help="Show what the last look found; do not look again.")] = False,
    as_json: JsonOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """Look whether what a lineage has deployed is still so. Changes nothing; exit code 1 when it has drifted."""
    with reported(as_json=as_json), ApiClient(api, key) as client:
        if not last:
            begun = client.look_for_drift(lineage_key)
            say(f"Looking at what {begun.of} deployed: {begun.deployment_id}")
        found = drift_at_its_end(client, lineage_key)
        if as_json:
            print_json(found.dump())
        else:
            print_drift(output(), found)
        if found.is_drifted is not False:
            raise typer.Exit(ExitCode.FAILED)
