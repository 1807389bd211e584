"""Why a deployment did not complete: each failure with its causes, where they come from, and what to do."""

from rich.console import Console
from rich.text import Text

from armature.cli.screen import print_line
from armature.errors import Failure
from armature.state import DeploymentState, TemplateState, TemplateStatus


def print_failures(console: Console, state: DeploymentState) -> None:
    """The failures of templates and of the deployment itself, then what was cancelled and what never started."""
    failed = [template for template in state.templates if template.status is TemplateStatus.FAILED]
    for template in failed:
        _print_failed_template(console, template)
    of_templates = [template.failure for template in failed]
    for failure in state.failures:
        if failure not in of_templates:
            console.print()
            _print_failure(console, failure)
    for words, status in (("Cancelled in flight", TemplateStatus.CANCELLED), ("Not started", TemplateStatus.SKIPPED)):
        names = [template.name for template in state.templates if template.status is status]
        if names:
            console.print()
            print_line(console, f"{words}: {', '.join(names)}.")


def _print_failed_template(console: Console, template: TemplateState) -> None:
    console.print()
    of = f" of {template.max_attempts}" if template.max_attempts else ""
    attempts = f" at attempt {template.attempt}{of}" if template.attempt > 1 else ""
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
        if cause.place and cause.place not in failure.suggestion:
            print_line(console, f"    in {cause.place}")
        if cause.target:
            print_line(console, f"    at {cause.target}")
    print_line(console, f"  → {failure.suggestion}")
    if failure.link:
        print_line(console, f"  Documentation: {failure.link}")
