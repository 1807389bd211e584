"""Checks as people read them: how far they are, what is not good, and what to do about it."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from armature.checks import CheckResult, CheckState, ValidationState
from armature.checks.tallying import summary
from armature.cli.screen import new_table, plain, print_line

_STYLES = {
    CheckResult.WAITING: "cyan",
    CheckResult.PASS: "green",
    CheckResult.WARN: "yellow",
    CheckResult.FAIL: "bold red",
    CheckResult.SKIPPED: "dim",
}
_NOT_GOOD = (CheckResult.FAIL, CheckResult.WARN, CheckResult.WAITING)


def checks_in_progress(validation: ValidationState, height: int) -> list[Text]:
    """The checks that are not good yet, a line each, in at most so many lines."""
    shown = [check for check in validation.checks if check.result in _NOT_GOOD][: max(height, 0)]
    return [_line(check) for check in shown]


def print_checks(console: Console, checks: Sequence[CheckState]) -> None:
    """All of them, in a table, with what to do below what is not good."""
    table: Table = new_table("Result", "Check", "Of", "Found")
    for check in checks:
        found = plain(check.message)
        if check.recommendation:
            found += f"\n→ {plain(check.recommendation)}"
        table.add_row(Text(check.result, _STYLES[check.result]), check.kind, Text(plain(check.subject)), Text(found))
    console.print(table)


def print_check_summary(console: Console, validation: ValidationState | None) -> None:
    """What the checks of a deployment that is completed came to, in a line."""
    if validation is not None and validation.total:
        console.print()
        print_line(console, f"{summary(validation)}.")


def counts_of(checks: Iterable[CheckState]) -> str:
    """How many there are of each result."""
    found = [check.result for check in checks]
    return ", ".join(f"{found.count(result)} {result}" for result in CheckResult if result in found)


def _line(check: CheckState) -> Text:
    text = Text.assemble((f"{check.result:8}", _STYLES[check.result]), f"{plain(check.subject)}  ")
    text.append(plain(check.message).replace("\n", " "), "dim")
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
