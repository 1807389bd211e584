"""The problems of a bundle, as a list: every one at once, with its place and what to do."""

from collections.abc import Iterable
from itertools import groupby

from rich.console import Console
from rich.text import Text

from armature.cli.screen import plain, print_line
from armature.numbers import count_of
from armature.problems import Problem, Severity
from armature.state import ProblemState

AnyProblem = Problem | ProblemState
"""What validation finds here, and what the API reports of the same kind."""


def print_problems(console: Console, problems: Iterable[AnyProblem]) -> None:
    """Every problem at once, grouped by file, each with its place and what to do."""
    listed = list(problems)
    for file, found in groupby(sorted(listed, key=_place), key=lambda problem: problem.file):
        console.print()
        console.print(Text(plain(file or "the bundle"), "bold"))
        for problem in found:
            _print_problem(console, problem)
    errors = sum(problem.severity == Severity.ERROR for problem in listed)
    console.print()
    print_line(console, f"{count_of(errors, 'error')}, {count_of(len(listed) - errors, 'warning')}.")


def _print_problem(console: Console, problem: AnyProblem) -> None:
    is_error = problem.severity == Severity.ERROR
    position = f"{problem.line}:{problem.column}" if problem.line is not None else ""
    place = "  ".join(filter(None, [position, plain(problem.pointer)]))
    head = Text.assemble("  ", (problem.severity, "red" if is_error else "yellow"), f"  {problem.code}")
    if place:
        head.append(f"  {place}", "dim")
    console.print(head, soft_wrap=True)
    print_line(console, f"    {problem.message}")
    print_line(console, f"    → {problem.next_step}")


def _place(problem: AnyProblem) -> tuple[str, int, int, str]:
    return problem.file, problem.line or 0, problem.column or 0, problem.pointer
