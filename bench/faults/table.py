"""The verdicts as a table: in a terminal, in Markdown, as one line of JSON."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.faults.goal import Goal, Verdict
from emulator.faults.table import markdown

HEAD = ("goal", "what was done", "measured", "wanted", "")
BEGIN = "<!-- figures: begin -->"
END = "<!-- figures: end -->"

Measured = Sequence[tuple[Goal, Verdict]]


def show(measured: Measured, console: Console) -> None:
    """Print the table, and below it what speaks against a goal."""
    table = Table(*HEAD, show_lines=True)
    for goal, verdict in measured:
        word = "[green]met[/green]" if verdict.is_met else "[red]missed[/red]"
        table.add_row(f"{goal.number}. {goal.title}", verdict.done, verdict.measured, verdict.wanted, word)
    console.print(table)
    for goal, verdict in measured:
        for miss in verdict.misses:
            console.print(f"{goal.number}: {miss}", markup=False, highlight=False)


def line(measured: Measured, seed: int) -> str:
    """One line of JSON with all figures."""
    goals = [
        {
            "goal": goal.number,
            "title": goal.title,
            "measured": verdict.measured,
            "wanted": verdict.wanted,
            "isMet": verdict.is_met,
            "seconds": round(verdict.seconds, 1),
            "misses": list(verdict.misses[:5]),
        }
        for goal, verdict in measured
    ]
    return json.dumps({"bench": "faults", "seed": seed, "goals": goals, "isMet": are_met(measured)})


def are_met(measured: Measured) -> bool:
    """Whether something was measured, and no goal was missed."""
    return bool(measured) and all(verdict.is_met for _, verdict in measured)


def write(measured: Measured, page: Path) -> None:
    """Put the table between the two marks of a page. Raises ValueError when the page has no such marks."""
    text = page.read_text(encoding="utf-8")
    before, found, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (found and ended):
        raise ValueError(f"{page} has no place for the table: {BEGIN} … {END}")
    page.write_text(f"{before}{BEGIN}\n\n{page_table(measured)}\n{END}{after}", encoding="utf-8")


def page_table(measured: Measured) -> str:
    """The table in Markdown."""
    rows = [
        (
            f"{goal.number}. {goal.title}",
            verdict.done,
            verdict.measured,
            verdict.wanted,
            "met" if verdict.is_met else "**missed**",
        )
        for goal, verdict in measured
    ]
    return markdown(HEAD, rows)
