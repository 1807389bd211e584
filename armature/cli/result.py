"""What is said when there is something to say at last: the outcome, its resources, its causes, a bundle's problems."""

from collections.abc import Iterable
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from armature.cli.client import ListedDeployment
from armature.cli.screen import plain, print_line
from armature.cli.words import length_of, resource_name
from armature.errors import Failure
from armature.plan import Plan
from armature.problems import Problem, Severity
from armature.state import DeploymentState, ProblemState, Status, TemplateState, TemplateStatus

AnyProblem = Problem | ProblemState
"""What validation finds here, and what the API reports of the same kind."""


def print_outcome(console: Console, state: DeploymentState) -> None:
    """How a deployment ended: its message, problems, resources and failures."""
    if state.problems:
        print_problems(console, state.problems)
    if state.resources:
        _print_resources(console, state.resources)
    _print_failures(console, state)
    took = f" in {length_of(state.finished_at - state.created_at)}" if state.finished_at else ""
    style = "bold green" if state.status is Status.COMPLETED else "bold red" if state.status.is_final else "bold"
    message = f": {plain(state.message)}" if state.message else ""
    console.print()
    console.print(Text(f"{state.deployment_id} {state.status}{took}{message}", style), soft_wrap=True)


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
    print_line(console, f"{_count(errors, 'error')}, {_count(len(listed) - errors, 'warning')}.")


def print_plan(console: Console, plan: Plan) -> None:
    """What a deployment would do, in which order and where."""
    table = _table("Template", "Tier", "After", "Resource group", "Linked templates")
    for template in plan.templates:
        cells = (template.name, str(template.tier), ", ".join(template.depends_on))
        scope = template.scope.resource_group or "the subscription"
        table.add_row(*(Text(plain(cell)) for cell in (*cells, scope, ", ".join(template.linked_paths))))
    console.print(table)
    console.print()


def print_deployments(console: Console, deployments: Iterable[ListedDeployment]) -> None:
    """A row each, newest as the API orders them."""
    table = _table("Deployment", "Status", "Project", "Environment", "Started (UTC)", "Message")
    for each in deployments:
        started = f"{each.created_at:%Y-%m-%d %H:%M}" if each.created_at else ""
        cells = (each.deployment_id, each.status, each.project, each.environment, started, each.message)
        table.add_row(*(Text(plain(cell or "")) for cell in cells))
    table.columns[0].no_wrap = True  # an id is there to be copied
    console.print(table)


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


def _print_resources(console: Console, resource_ids: Iterable[str]) -> None:
    table = _table("Type", "Name", "Resource group")
    for resource_id in resource_ids:
        name = resource_name(plain(resource_id))
        table.add_row(Text(name.type), Text(name.name), Text(name.group))
    console.print()
    console.print(table)


def _print_failures(console: Console, state: DeploymentState) -> None:
    failed = [template for template in state.templates if template.status is TemplateStatus.FAILED]
    for template in failed:
        _print_failed_template(console, template)
    of_templates = [template.failure for template in failed]
    for failure in state.failures:
        if failure not in of_templates:
            console.print()
            _print_failure(console, failure)
    skipped = [template.name for template in state.templates if template.status is TemplateStatus.SKIPPED]
    if skipped:
        console.print()
        print_line(console, f"Not started: {', '.join(skipped)}.")


def _print_failed_template(console: Console, template: TemplateState) -> None:
    console.print()
    attempts = f" at attempt {template.attempt}" if template.attempt > 1 else ""
    console.print(Text(f"{template.name} failed{attempts}", "bold red"))
    if template.failure:
        _print_failure(console, template.failure)
    if template.portal_link:
        print_line(console, f"  Portal: {template.portal_link}")
    correlation_id = template.correlation_id or (template.failure.correlation_id if template.failure else None)
    if correlation_id:
        print_line(console, f"  Correlation id: {correlation_id}")


def _print_failure(console: Console, failure: Failure) -> None:
    causes = failure.causes or ()
    if not causes:
        print_line(console, f"  {failure.code}: {failure.message}")
    for cause in causes:
        print_line(console, f"  {cause.code}: {cause.message}")
        if cause.target:
            print_line(console, f"    at {cause.target}")
    print_line(console, f"  → {failure.suggestion}")


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
