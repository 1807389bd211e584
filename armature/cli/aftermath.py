"""What there is after a deployment that did not complete, and what can be done next."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from armature.cli.screen import new_table, plain, print_line
from armature.cli.words import resource_name
from armature.numbers import count_of
from armature.problems import Severity
from armature.state import DeploymentState, Phase, RollbackState, Status, TemplateStatus


def print_aftermath(console: Console, state: DeploymentState) -> None:
    """What is there now, and the commands that can follow."""
    console.print()
    if state.rollback.status is None:
        _print_what_stays(console, state)
    else:
        _print_what_was_undone(console, state)
    _print_next_steps(console, state)


def print_resources(console: Console, resource_ids: Iterable[str]) -> None:
    """Resources by type, name and group."""
    table = new_table("Type", "Name", "Resource group")
    for resource_id in resource_ids:
        name = resource_name(plain(resource_id))
        table.add_row(Text(name.type), Text(name.name), Text(name.group))
    console.print(table)


def _print_what_stays(console: Console, state: DeploymentState) -> None:
    in_part = [
        template.name
        for template in state.templates
        if template.attempt and template.status in (TemplateStatus.FAILED, TemplateStatus.CANCELLED)
    ]
    if not state.resources and not in_part:
        print_line(console, "Nothing was deployed.")
        return
    stays = " What was deployed stays:" if state.resources else ""
    print_line(console, f"It was not rolled back.{stays}")
    if state.resources:
        print_resources(console, state.resources)
    if in_part:
        print_line(console, f"Parts of {', '.join(in_part)} may exist, too.")


def _print_what_was_undone(console: Console, state: DeploymentState) -> None:
    rollback = state.rollback
    again = [each.name for each in rollback.templates if each.status is TemplateStatus.SUCCEEDED]
    is_whole = state.status is Status.ROLLED_BACK
    whole = "Everything is as it was before." if is_whole else "The rollback is incomplete."
    print_line(console, rollback.message or whole)
    if again:
        print_line(console, f"Deployed again, as in {rollback.previous_deployment_id}: {', '.join(again)}.")
    if rollback.deleted:
        print_line(console, "Deleted, because this deployment had created it:")
        print_resources(console, rollback.deleted)
    _print_leftovers(console, rollback)


def _print_leftovers(console: Console, rollback: RollbackState) -> None:
    if rollback.leftovers:
        console.print()
        console.print(Text(f"Left over: {count_of(len(rollback.leftovers), 'resource')}", "bold red"))
    for leftover in rollback.leftovers:
        print_line(console, f"  {leftover.id}")
        print_line(console, f"    {leftover.reason}")
        if leftover.suggestion:
            print_line(console, f"    → {leftover.suggestion}")


def _print_next_steps(console: Console, state: DeploymentState) -> None:
    console.print()
    commands = _commands(state)
    if not commands:
        print_line(console, f"Next: {_next_step(state)}")
        return
    print_line(console, "Next:")
    width = max(map(len, commands))
    for command, words in commands.items():
        print_line(console, f"  {command:{width}}  {words}")


def _next_step(state: DeploymentState) -> str:
    """What to do where no command of today helps: a new deployment is needed."""
    if any(problem.severity == Severity.ERROR for problem in state.problems):
        return "correct the bundle and deploy it again."
    if state.rollback.leftovers:
        return "see to what is left over; a later deployment may need it gone."
    return "mend the cause and deploy again." if state.failures else "deploy again when you want it."


def _commands(state: DeploymentState) -> dict[str, str]:
    """What can be asked of the deployment now, and what each is for. The API says no to what can't be, and why.

    What can be rolled back can be resumed too, unless that has begun.
    """
    is_refused = any(problem.severity == Severity.ERROR for problem in state.problems)
    if state.retired_at or is_refused:
        return {}
    if not state.has_touched and _had_its_turn(state):
        return {
            f"armature resume {state.deployment_id}": "asks again, and deploys once nothing stands in its way",
            "armature deploy BUNDLE": "where the bundle itself must change",
        }
    if not state.rollback.available:
        return {}
    roll_back = f"armature rollback {state.deployment_id}"
    if state.rollback.status is not None:
        return {roll_back: "tries again to undo the rest, once nothing stands in its way"}
    return {
        f"armature resume {state.deployment_id}": "goes on where it stopped, once nothing stands in its way",
        roll_back: "puts everything back as it was",
        "armature deploy BUNDLE": "where the bundle itself must change",
    }


def _had_its_turn(state: DeploymentState) -> bool:
    """Whether one that has touched nothing got as far as the gate: only then it can be gone on with."""
    return bool({Phase.PREVIEWING.value, Phase.AWAITING_APPROVAL.value} & set(state.phases))
