"""`armature locks`, `unlock` and `retention`: for whoever looks after the app."""

from collections.abc import Iterator
from typing import Annotated

import typer

from armature.cli.answers import Lock, LockAudit
from armature.cli.arguments import DEFAULT_API_URL, ApiOption, JsonOption, KeyOption, NoWaitOption
from armature.cli.client import ApiClient
from armature.cli.commands.application import EXIT_CODES, app
from armature.cli.confirming import make_sure
from armature.cli.endings import reported
from armature.cli.exits import CommandError, ExitCode
from armature.cli.following import cancel_command
from armature.cli.listing import print_audit, print_locks
from armature.cli.retention_report import print_retention
from armature.cli.screen import output, print_json, print_line, say
from armature.cli.watching import retention_at_its_end
from armature.retention_run import RunStatus


@app.command(epilog=EXIT_CODES)
def locks(
    audit: Annotated[
        str | None, typer.Option("--audit", metavar="LINEAGE_KEY", help="Tell how that one's lock was ever taken away.")
    ] = None,
    as_json: JsonOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """Show which deployment has the turn of its lineage, since when, and which ones wait."""
    with reported(as_json=as_json), ApiClient(api, key) as client:
        found = client.locks() if audit is None else client.lock_audit(audit)
        if as_json:
            print_json(found.model_dump(mode="json", by_alias=True, exclude_none=True))
        elif isinstance(found, LockAudit):
            _print_audit(found)
        elif found.value:
            print_locks(output(), found.value)
        else:
            say("Nobody holds a lock, and nobody waits for one.")


def _print_audit(audit: LockAudit) -> None:
    if audit.value:
        print_audit(output(), audit.value)
    else:
        say("That lock was never taken away.")


@app.command(epilog=EXIT_CODES)
def unlock(
    lineage_key: Annotated[str, typer.Argument(metavar="LINEAGE_KEY", help="The lineage, as `armature locks` tells.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept in the audit.")],
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask whether that is meant.")] = False,
    as_json: JsonOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """Take the lock of a lineage away from a deployment that does not end. For emergencies: cancel it first."""
    with reported(as_json=as_json), ApiClient(api, key) as client:
        lock = _held(client, lineage_key)
        for line in _consequences(lock):
            say(line)
        make_sure("Take the lock away?", is_sure=is_sure)
        broken = client.break_lock(lineage_key, reason)
        if as_json:
            print_json(broken.model_dump(mode="json", by_alias=True, exclude_none=True))
        else:
            print_line(output(), f"The lock of {lineage_key} is taken away from {broken.holder or lock.holder}.")


def _held(client: ApiClient, lineage_key: str) -> Lock:
    lock = next((lock for lock in client.locks().value if lock.lineage_key == lineage_key), None)
    if lock is None or lock.holder is None:
        raise CommandError(
            ExitCode.API, f"Nobody holds the lock of {lineage_key}.", "See who holds which with: armature locks"
        )
    return lock


def _consequences(lock: Lock) -> Iterator[str]:
    """What breaking a lock does, told before it is done."""
    since = f", since {lock.since:%Y-%m-%d %H:%M} UTC" if lock.since else ""
    yield f"{lock.holder} has the turn of {lock.project}/{lock.environment}{since}."
    yield "Without its lock it stops where it is and ends as failed. What it began in Azure is neither"
    yield "cancelled nor rolled back, and may meet what the next deployment does."
    if lock.queue:
        yield f"Next is {lock.queue[0].deployment_id}, at once."
    yield "Your name and the reason are kept in the audit."
    yield f"Where there is time, cancel it instead: {cancel_command(str(lock.holder))}"


@app.command(epilog=EXIT_CODES)
def retention(
    dry_run: Annotated[
        bool | None,
        typer.Option(
            "--dry-run/--no-dry-run",
            help="Only tell what would be removed, or remove it; else as the app's settings say.",
            show_default=False,
        ),
    ] = None,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """Remove what is kept no longer, now rather than at night. Ctrl+C stops the watching, not the run."""
    with reported(as_json=as_json), ApiClient(api, key) as client:
        started = client.start_retention(dry_run=dry_run)
        if no_wait:
            if as_json:
                print_json(started.model_dump(mode="json", by_alias=True))
            else:
                print_line(output(), f"{started.run} running")
            return
        say(f"Run {started.run}{', a dry one: nothing is removed' if started.dry_run else ''}.")
        run, document = retention_at_its_end(client, started.run)
        if as_json:
            print_json(document)
        else:
            print_retention(output(), run)
        if run.status is not RunStatus.COMPLETED:
            raise typer.Exit(ExitCode.FAILED)
