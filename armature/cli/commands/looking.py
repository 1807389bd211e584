"""`armature status`, `list` and `version`: commands that change nothing."""

from importlib.metadata import version as version_of
from typing import Annotated

import typer

from armature.cli.arguments import (
    DEFAULT_API_URL,
    ApiOption,
    EnvironmentOption,
    IdArgument,
    JsonOption,
    KeyOption,
    ProjectOption,
)
from armature.cli.client import ApiClient
from armature.cli.commands.application import EXIT_CODES, app
from armature.cli.endings import end, reported
from armature.cli.listing import print_deployments
from armature.cli.screen import output, print_json, print_line, say
from armature.cli.watching import OnInterrupt, watch
from armature.options import Mode
from armature.state import Status


@app.command(epilog=EXIT_CODES)
def status(
    deployment_id: IdArgument,
    follow: Annotated[bool, typer.Option("--watch", help="Go on watching until it ends.")] = False,
    as_json: JsonOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """Show how a deployment stands. Ctrl+C stops the watching and nothing else."""
    with reported(as_json=as_json), ApiClient(api, key) as client:
        if follow:
            end(watch(client, deployment_id, OnInterrupt.DETACH, as_json=as_json), as_json=as_json)
        snapshot = client.state(deployment_id)
        if snapshot is not None:
            end(snapshot, as_json=as_json)


@app.command("list", epilog=EXIT_CODES)
def list_(
    project: ProjectOption = None,
    environment: EnvironmentOption = None,
    status: Annotated[Status | None, typer.Option(help="Only those that stand so.")] = None,
    mode: Annotated[Mode | None, typer.Option(help="Only those of that mode.")] = None,
    as_json: JsonOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """List deployments."""
    given = {"project": project, "environment": environment, "status": status, "mode": mode}
    filters = {name: str(value) for name, value in given.items() if value is not None}
    with reported(as_json=as_json), ApiClient(api, key) as client:
        found = list(client.deployments(filters))
        if as_json:
            print_json({"value": [each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in found]})
        elif found:
            print_deployments(output(), found)
        else:
            say("No deployment is like that.")


@app.command(epilog=EXIT_CODES)
def version() -> None:
    """Print the version of this command."""
    print_line(output(), f"armature {version_of('armature')}")
