"""What a run of retention removed, or would remove, and what it kept and why."""

from collections import Counter

from rich.console import Console
from rich.text import Text

from armature.cli.screen import new_table, plain, print_line
from armature.cli.words import length_of, size_of
from armature.numbers import count_of
from armature.retention_run import RetentionRun, RunStatus, Tally

_THINGS = {
    "deployments": "deployment",
    "history_entries": "ARM history record",
    "instances": "Durable instance",
    "documents": "document",
    "containers": "template container",
    "packages": "package",
    "bundles": "bundle",
}


def print_retention(console: Console, run: RetentionRun) -> None:
    """What may go, what stays, what went, what could not be removed; last how the run ended."""
    _print_removals(console, run)
    _print_kept(console, run)
    for trouble in run.troubles:
        console.print(Text.assemble(("not removed", "yellow"), f"  {plain(trouble.subject)}"), soft_wrap=True)
        print_line(console, f"    {trouble.code}: {trouble.message}")
    if run.troubles_found > len(run.troubles):
        print_line(console, f"… and {run.troubles_found - len(run.troubles)} more. The next run tries all again.")
    took = f" in {length_of(run.finished_at - run.started_at)}" if run.finished_at else ""
    done = "Nothing was removed: it was a dry run." if run.dry_run else f"Removed: {_told(run.removed)}."
    is_told = run.status is RunStatus.COMPLETED and not run.dry_run and not run.troubles_found
    message = f" {run.message}" if run.message and not is_told else ""
    style = "bold green" if run.status is RunStatus.COMPLETED else "bold red"
    console.print()
    console.print(Text(plain(f"Retention {run.status}{took}. {done}{message}"), style), soft_wrap=True)


def _print_removals(console: Console, run: RetentionRun) -> None:
    verb = "Would be removed" if run.dry_run else "To be removed"
    if run.removals:
        table = new_table(verb, "Status", "Last change (UTC)")
        for removal in run.removals:
            cells = (removal.deployment_id, removal.status, f"{removal.changed_at:%Y-%m-%d %H:%M}")
            table.add_row(*map(Text, cells))
        console.print(table)
        console.print()
    sizes: Counter[str] = Counter()
    numbers: Counter[str] = Counter()
    for unused in run.unused:
        numbers[unused.kind] += 1
        sizes[unused.kind] += unused.size
    for kind, number in numbers.items():
        size = f", {size_of(sizes[kind])}" if sizes[kind] else ""
        print_line(console, f"{verb}, as nothing needs it: {kind}, {number}{size}")


def _print_kept(console: Console, run: RetentionRun) -> None:
    if not run.kept:
        return
    table = new_table("Kept", "Because")
    for kept in run.kept:
        needed_by = f" ({kept.needed_by})" if kept.needed_by else ""
        table.add_row(Text(kept.deployment_id), Text(f"{kept.reason.words}{needed_by}"))
    console.print(table)


def _told(removed: Tally) -> str:
    parts = [count_of(number, thing) for name, thing in _THINGS.items() if (number := getattr(removed, name))]
    if not parts:
        return "nothing"
    return ", ".join(parts) + (f"; {size_of(removed.size)}" if removed.size else "")
