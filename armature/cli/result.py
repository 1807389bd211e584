"""How a deployment stands, once there is something to say at last: what happened, why, what is there, what next."""

from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from armature.cli.aftermath import print_aftermath, print_resources
from armature.cli.approvals import approval_lines, waiting_approval
from armature.cli.check_list import print_check_summary
from armature.cli.clean_up_list import print_not_deleted
from armature.cli.failure_list import print_failures
from armature.cli.live import picture
from armature.cli.problem_list import print_problems
from armature.cli.screen import plain, print_line
from armature.cli.standing import begun_at, stopped_words
from armature.cli.words import length_of
from armature.state import DeploymentState, Purpose, Status, StopReason


def print_outcome(console: Console, state: DeploymentState) -> None:
    """How a deployment ended; of one that runs, where it is."""
    if not state.status.is_final:
        now = datetime.now(UTC)
        console.print(picture(state, now))
        _print_warnings(console, state)
        if (approval := waiting_approval(state)) is None:
            _print_summary(console, state, "bold")
            return
        console.print()
        for line in approval_lines(state, approval, now):
            print_line(console, line)
        return
    if state.problems:
        print_problems(console, state.problems)
    if state.status is Status.COMPLETED:
        if state.resources:
            console.print()
            print_resources(console, state.resources)
        print_check_summary(console, state.validation)
        _print_clean_up(console, state)
        _print_warnings(console, state)
        _print_summary(console, state, "bold green")
        return
    _print_summary(console, state, "bold red" if state.status is Status.FAILED else "bold yellow")
    if state.stop:
        print_line(console, stopped_words(state.stop, state.options.timeout))
    print_failures(console, state)
    _print_clean_up(console, state)
    _print_warnings(console, state)
    print_aftermath(console, state)


def _print_summary(console: Console, state: DeploymentState, style: str) -> None:
    """What happened, in a line. What its rollback did is told further down."""
    took = f" in {length_of(state.finished_at - begun_at(state))}" if state.finished_at else ""
    happened = plain(state.message).removesuffix(plain(state.rollback.message)).strip()
    is_told_below = (
        state.stop is not None
        and state.stop.reason is not StopReason.TIMED_OUT
        and not any(template.attempt for template in state.templates)
    )
    message = f": {happened}" if happened and not is_told_below else ""
    console.print()
    console.print(Text(f"{state.deployment_id} {state.status}{took}{message}", style), soft_wrap=True)


def _print_clean_up(console: Console, state: DeploymentState) -> None:
    if state.clean_up is not None and state.clean_up.left and state.purpose is Purpose.DEPLOY:
        print_not_deleted(console, state.deployment_id, state.clean_up)


def _print_warnings(console: Console, state: DeploymentState) -> None:
    if state.warnings:
        console.print()
    for warning in state.warnings:
        console.print(Text.assemble(("warning", "yellow"), f"  {warning.code}"))
        print_line(console, f"  {warning.message}")
