"""Templates as a table: where each stands, which attempt it is, and what it waits for."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from armature.cli.screen import plain
from armature.cli.words import length_of
from armature.state import TemplateState, TemplateStatus

_AT_REST = (TemplateStatus.WAITING, TemplateStatus.SUCCEEDED, TemplateStatus.SKIPPED)
_STYLES = {
    TemplateStatus.WAITING: "dim",
    TemplateStatus.RUNNING: "cyan",
    TemplateStatus.RETRYING: "yellow",
    TemplateStatus.SUCCEEDED: "green",
    TemplateStatus.FAILED: "bold red",
    TemplateStatus.CANCELLED: "yellow",
    TemplateStatus.SKIPPED: "dim",
}


def template_table(
    templates: Sequence[TemplateState], now: datetime, height: int, heading: str = "Template"
) -> list[RenderableType]:
    """The table of templates. Where it would not fit in `height`, those that wait or are done are only counted."""
    shown, counted = list(templates), Counter[TemplateStatus]()
    if lines_of(shown) > height:
        shown = [template for template in templates if template.status not in _AT_REST]
        counted.update(template.status for template in templates if template.status in _AT_REST)
    notes = [_note(template, now) for template in shown]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(heading)
    table.add_column("Status", no_wrap=True)
    for title in ("Attempt", "Resources", "Time"):
        table.add_column(title, justify="right", no_wrap=True)
    if any(notes):
        table.add_column("")
    for template, note in zip(shown, notes, strict=True):
        style = "red" if template.status is TemplateStatus.FAILED else "yellow"
        table.add_row(*_row(template, now), Text(note, style, no_wrap=True, overflow="ellipsis"))
        for linked in template.linked_deployments:
            table.add_row(Text(f"  └ {plain(linked.name)}", "dim"), Text(plain(linked.status), "dim"))
    rest = ", ".join(f"{number} {status}" for status, number in counted.items())
    return [table, Text(f"and {rest}", "dim")] if rest else [table]


def lines_of(templates: Sequence[TemplateState]) -> int:
    """How many lines the table takes, its headings included."""
    return 1 + sum(1 + len(template.linked_deployments) for template in templates)


def _row(template: TemplateState, now: datetime) -> tuple[Text, ...]:
    style = _STYLES[template.status]
    took = length_of((template.finished_at or now) - template.started_at) if template.started_at else ""
    return (
        Text(template.name),
        Text(template.status, style),
        Text(_attempt(template)),
        Text(f"{template.resources_done}/{template.resources_total}" if template.resources_total else ""),
        Text(took),
    )


def _attempt(template: TemplateState) -> str:
    if not template.attempt:
        return ""
    return f"{template.attempt}/{template.max_attempts}" if template.max_attempts else str(template.attempt)


def _note(template: TemplateState, now: datetime) -> str:
    """What a person who watches would ask of a template that does not just run: when again, for what, why."""
    parts = []
    if template.status is TemplateStatus.RETRYING and template.next_attempt_at:
        wait = template.next_attempt_at - now
        parts.append(f"again in {length_of(wait)}" if wait >= timedelta(seconds=1) else "again now")
    if template.waiting_for:
        parts.append(f"waits for {template.waiting_for}")
    if template.failure and template.status in (TemplateStatus.RETRYING, TemplateStatus.FAILED):
        parts.append(f"{template.failure.code}: {template.failure.message}")
    return plain("; ".join(parts)).replace("\n", " ")
