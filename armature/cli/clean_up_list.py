"""What mode Complete would delete, or has deleted, as the command line shows it."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from armature.cleaning import CleanUpState, CleanUpView
from armature.cleaning.model import CleanUpEntry
from armature.cleaning.rows import heading_of, marks_of, text_rows
from armature.cli.screen import new_table, plain, print_line
from armature.cli.words import resource_name
from armature.numbers import count_of


def clean_up_lines(deployment_id: str, found: CleanUpState) -> Iterator[str]:
    """The first of what would go, with what is lost of each, and where all of it is shown."""
    yield heading_of(found)
    for row in text_rows(found.shown):
        yield f"  {row}"
    if (more := found.total - len(found.shown)) > 0:
        yield f"  and {more} more: armature cleanup {deployment_id}"


def print_clean_up(console: Console, view: CleanUpView) -> None:
    """The whole list with what became of it, and what is kept though no template deploys it."""
    when = "what is deployed" if view.is_after_rollout else "what the templates are foreseen to write"
    print_line(console, f"{view.deployment_id}: made at {view.at:%Y-%m-%d %H:%M:%S} UTC of {when}.")
    if view.value:
        console.print(_table(view.value))
        _print_reasons(console, view.value)
    else:
        print_line(console, "Nothing is to be deleted.")
    for foresight in view.unforeseen:
        print_line(console, f"What {foresight.template} deploys can't be foreseen: {foresight.unforeseen}")
    for note in view.notes:
        print_line(console, note)
    if view.kept:
        console.print()
        print_line(console, "Kept, though no template of the bundle deploys it:")
        for kept in view.kept:
            print_line(console, f"  {kept.id}")
            print_line(console, f"    {kept.why}")
    console.print()
    word = "Approved." if view.is_approved else "Not approved."
    print_line(console, f"{count_of(view.total, 'resource')} on the list {view.list_id}. {word}")


def print_not_deleted(console: Console, deployment_id: str, found: CleanUpState) -> None:
    """What mode Complete was to delete and is still there, each with the reason."""
    console.print()
    console.print(Text(f"Not deleted: {count_of(found.left, 'resource')}", "bold"))
    for leftover in found.leftovers:
        print_line(console, f"  {leftover.id}")
        print_line(console, f"    {leftover.reason}")
        if leftover.suggestion:
            print_line(console, f"    → {leftover.suggestion}")
    if (more := found.left - len(found.leftovers)) > 0:
        print_line(console, f"  and {more} more: armature cleanup {deployment_id}")


def _table(entries: tuple[CleanUpEntry, ...]) -> Table:
    table = new_table("Type", "Name", "Resource group", "Last changed", "Data", "After a rollback", "Status")
    for each in entries:
        changed = each.changed_at or each.created_at
        table.add_row(
            *(
                Text(plain(cell))
                for cell in (
                    each.type,
                    each.name,
                    resource_name(each.id).group,
                    f"{changed:%Y-%m-%d %H:%M}" if changed else "",
                    *marks_of(each),
                    each.status,
                )
            )
        )
    return table


def _print_reasons(console: Console, entries: tuple[CleanUpEntry, ...]) -> None:
    told = [each for each in entries if each.reason or each.holds_data or each.used_by]
    if not told:
        return
    console.print()
    for each in told:
        print_line(console, each.id)
        print_line(console, f"  {each.reason or each.why}")
        if each.used_by:
            print_line(console, f"  Used by {', '.join(each.used_by)}.")
