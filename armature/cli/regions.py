"""Deploy a bundle to all regions of its manifest, one after the other, as long as each completes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console
from rich.text import Text

from armature.cli.answers import Snapshot
from armature.cli.asking import NOT_STORED_YET, Wanted, new_deployment_id, request_from, usage_error
from armature.cli.checking import Checked, check
from armature.cli.client import ApiClient
from armature.cli.endings import exit_code_of
from armature.cli.exits import ExitCode
from armature.cli.packaging import opened
from armature.cli.previews import Telling, code_told, print_told
from armature.cli.result import print_outcome
from armature.cli.running import carry_out
from armature.cli.screen import new_table, output, plain, print_json, say
from armature.manifest import Manifest
from armature.manifest_reading import find_manifest
from armature.request import MAX_ID_CHARACTERS, DeploymentRequest
from armature.state import DeploymentState

NOT_STARTED = "not started"
_GOOD = (ExitCode.COMPLETED, ExitCode.CHANGES)


def manifest_of(path: Path) -> Manifest | None:
    """The manifest of the bundle at `path`; None when it can't be read: a check tells why.

    Raises:
        CommandError: there is no bundle.
    """
    with opened(path) as bundle:
        _, manifest, _ = find_manifest(bundle)
    return manifest


def each_region(wanted: Wanted, path: Path, now: datetime) -> dict[str, Wanted]:
    """What is wanted of each region of the bundle at `path`, in the manifest's order; each has an id of its own.

    Empty when the manifest can't be read: a check tells why.

    Raises:
        CommandError: the manifest has no regions, or the id leaves no room for a region's name.
    """
    manifest = manifest_of(path)
    if manifest is None:
        return {}
    if not manifest.regions:
        raise usage_error("The bundle's manifest names no regions.", "Add 'regions' to it, or leave --all-regions out.")
    longest = max(manifest.regions, key=len)
    room = MAX_ID_CHARACTERS - len(f"-{longest}")
    base = wanted.deployment_id or new_deployment_id(path.stem, now, room)
    if len(base) > room:
        raise usage_error(
            f"{base}-{longest} is too long for the id of a deployment.",
            f"Give a --deployment-id of at most {room} characters: the name of each region is added to it.",
        )
    return {region: replace(wanted, location=region, deployment_id=f"{base}-{region}") for region in manifest.regions}


def check_all(wanted: Mapping[str, Wanted], path: Path, cloud: str | None) -> Checked:
    """Review the bundle for every region; what is wrong with more than one is told once."""
    found = [
        check(path, request_from(each, NOT_STORED_YET), str(each.deployment_id), cloud) for each in wanted.values()
    ]
    return Checked(tuple(dict.fromkeys(problem for one in found for problem in one.problems)), found[0].review)


def deploy_to_each(
    client: ApiClient, requests: Mapping[str, DeploymentRequest], telling: Telling, *, as_json: bool
) -> NoReturn:
    """Deploy to region after region; none is begun after one that did not complete. Ends with a summary.

    `telling` says how previews are told.

    Raises:
        typer.Exit: always: with the outcome of the one that did not complete, if there is one.
        CommandError: the API can't be reached, or refuses; or the watching was interrupted.
    """
    ended: dict[str, Snapshot] = {}
    codes: list[ExitCode] = []
    is_quiet = as_json or telling.is_alone
    for number, (region, request) in enumerate(requests.items(), start=1):
        say(f"Region {region}, {number} of {len(requests)}.")
        ended[region] = carry_out(client, request, as_json=is_quiet)
        if not as_json:
            _print_end(client, ended[region].state, telling)
        codes.append(_code(ended[region].state, telling))
        if codes[-1] not in _GOOD:
            break
    if as_json:
        print_json({"regions": {region: snapshot.document for region, snapshot in ended.items()}})
    elif not is_quiet:
        _print_summary(output(), requests, ended)
    raise typer.Exit(max(codes, key=lambda code: code is not ExitCode.COMPLETED, default=ExitCode.COMPLETED))


def _print_end(client: ApiClient, state: DeploymentState, telling: Telling) -> None:
    if state.options.is_preview:
        print_told(client, state, telling)
    else:
        print_outcome(output(), state)


def _code(state: DeploymentState, telling: Telling) -> ExitCode:
    return code_told(state, telling) if state.options.is_preview else exit_code_of(state)


def _print_summary(console: Console, requests: Mapping[str, DeploymentRequest], ended: Mapping[str, Snapshot]) -> None:
    table = new_table("Region", "Deployment", "Status")
    for region, request in requests.items():
        status = ended[region].state.status.value if region in ended else NOT_STARTED
        table.add_row(*(Text(plain(cell)) for cell in (region, str(request.deployment_id), status)))
    console.print()
    console.print(table)
