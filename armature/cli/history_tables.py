"""What was, as people read it: the audit trail, what is different between two deployments, lineages and their drift."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from armature.audit import AuditEntry
from armature.cli.screen import new_table, plain, print_line
from armature.comparing import Comparison, Difference, NamedDifference, TemplateDifference
from armature.drift import Drift, LineageSummary
from armature.numbers import count_of

_SIGNS = {Difference.ADDED: "+", Difference.REMOVED: "-", Difference.CHANGED: "~"}
_DRIFTS = {None: "not looked at", True: "drifted", False: "as deployed"}


def print_trail(console: Console, entries: Iterable[AuditEntry]) -> None:
    """A row for each entry, in the order given."""
    table = new_table("When (UTC)", "Action", "Outcome", "By", "Deployment", "Why")
    for entry in entries:
        cells = (f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.action, entry.outcome, _by(entry), _what(entry), _why(entry))
        table.add_row(*(Text(plain(cell)) for cell in cells))
    table.columns[4].no_wrap = True  # an id is there to be copied
    console.print(table)


def _by(entry: AuditEntry) -> str:
    if entry.by:
        return entry.by
    return "Armature" if entry.outcome not in ("asked", "refused") else "somebody unknown"


def _what(entry: AuditEntry) -> str:
    return entry.deployment_id or entry.lineage_key or ""


def _why(entry: AuditEntry) -> str:
    return " ".join(filter(None, (entry.comment, entry.reason)))


def print_comparison(console: Console, comparison: Comparison) -> None:
    """A line for all that is different, and what of it; parameters by name, never by value."""
    print_line(console, f"From {comparison.before} to {comparison.after}:")
    if comparison.is_same:
        print_line(console, f"  nothing is different: {count_of(comparison.unchanged, 'template')} alike.")
    for line in _comparison_lines(comparison):
        print_line(console, f"  {line}")
    if comparison.unchanged and not comparison.is_same:
        print_line(console, f"  {count_of(comparison.unchanged, 'template')} unchanged")
    if not comparison.are_files_known:
        print_line(console, "  What is in the files is not known of one of the two: an earlier version planned it.")


def _comparison_lines(comparison: Comparison) -> Iterator[str]:
    for template in comparison.templates:
        yield f"{_SIGNS[template.difference]} template {template.name}"
        yield from (f"    {line}" for line in _template_lines(template))
    for kind, found in (("package", comparison.packages), ("option", comparison.options)):
        yield from (_named(kind, each) for each in found)


def _template_lines(template: TemplateDifference) -> Iterator[str]:
    if template.is_moved:
        yield "~ goes to another scope"
    if template.is_reordered:
        yield "~ comes after other templates"
    yield from (_named("file", each) for each in template.files)
    yield from (_named("parameter", each) for each in template.parameters)


def _named(kind: str, found: NamedDifference) -> str:
    return f"{_SIGNS[found.difference]} {kind} {found.name}"


def print_lineages(console: Console, lineages: Iterable[LineageSummary]) -> None:
    """A row for each lineage."""
    table = new_table("Lineage", "Project", "Environment", "Deployed", "Last turn", "Drift", "Looked at (UTC)")
    for lineage in lineages:
        looked_at = f"{lineage.drift.at:%Y-%m-%d %H:%M}" if lineage.drift else ""
        drift = _DRIFTS[lineage.is_drifted] if lineage.drift is None or lineage.is_drifted is not None else "unknown"
        environment = " ".join(filter(None, (lineage.environment, lineage.region)))
        names = (lineage.lineage_key, lineage.project, environment, lineage.completed, lineage.latest)
        table.add_row(*(Text(plain(cell or "")) for cell in (*names, drift, looked_at)))
    table.columns[0].no_wrap = True  # a key is there to be copied
    console.print(table)


def drift_words(drift: Drift) -> str:
    """What a look at the drift has found, in a sentence or two."""
    if drift.is_drifted is None:
        return f"Whether {drift.of} is still as it was deployed could not be told: {drift.message}"
    other = " What is at the bundle's address is not what was deployed, which may be all there is to it."
    note = other if drift.is_other_bundle else ""
    if not drift.is_drifted:
        return f"Everything is as {drift.of} deployed it.{note}"
    return f"It has drifted from what {drift.of} deployed. {drift.message}{note}"


def print_drift(console: Console, drift: Drift) -> None:
    """What a look at the drift has found, and where it is told what is different."""
    print_line(console, drift_words(drift))
    if drift.preview is not None and drift.is_drifted is not False:
        print_line(console, f"  armature preview {drift.deployment_id}  shows what deploying it again would change")
