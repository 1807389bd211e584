"""What is answered as a table: deployments, a plan, locks."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from armature.cli.answers import ListedDeployment, Lock, LockBreak
from armature.cli.screen import new_table, plain
from armature.plan import Plan


def print_plan(console: Console, plan: Plan) -> None:
    """What a deployment would do, in which order and where."""
    table = new_table("Template", "Tier", "After", "Scope", "Linked templates")
    for template in plan.templates:
        cells = (template.name, str(template.tier), ", ".join(template.depends_on))
        where = (template.scope.words, ", ".join(template.linked_paths))
        table.add_row(*(Text(plain(cell)) for cell in (*cells, *where)))
    console.print(table)
    console.print()


def print_deployments(console: Console, deployments: Iterable[ListedDeployment]) -> None:
    """A row each, newest as the API orders them."""
    table = new_table("Deployment", "Status", "Project", "Environment", "Mode", "Started (UTC)", "Message")
    for each in deployments:
        started = f"{each.created_at:%Y-%m-%d %H:%M}" if each.created_at else ""
        mode = f"{each.mode}, dry run" if each.dry_run else each.mode
        cells = (each.deployment_id, each.status, each.project, each.environment, mode, started, each.message)
        table.add_row(*(Text(plain(cell or "")) for cell in cells))
    table.columns[0].no_wrap = True  # an id is there to be copied
    console.print(table)


def print_locks(console: Console, locks: Iterable[Lock]) -> None:
    """A row for each lineage: who has its turn, since when, and who waits."""
    table = new_table("Lineage", "Project", "Environment", "Holder", "Since (UTC)", "Waiting")
    for lock in locks:
        since = f"{lock.since:%Y-%m-%d %H:%M}" if lock.since else ""
        environment = " ".join(filter(None, (lock.environment, lock.region)))
        cells = (lock.lineage_key, lock.project, environment, lock.holder, since, _waiting(lock))
        table.add_row(*(Text(plain(cell or "")) for cell in cells))
    table.columns[0].no_wrap = True  # a key is there to be copied
    console.print(table)


def print_audit(console: Console, audit: Iterable[LockBreak]) -> None:
    """A row each time that a lock was taken away."""
    table = new_table("Taken away (UTC)", "From", "By", "Why")
    for each in audit:
        cells = (f"{each.at:%Y-%m-%d %H:%M:%S}", each.holder, each.by or "somebody unknown", each.reason)
        table.add_row(*(Text(plain(cell)) for cell in cells))
    console.print(table)


def _waiting(lock: Lock) -> str:
    """Those in the queue, a line each, the next one first."""
    return "\n".join(
        f"{each.deployment_id} since {each.since:%H:%M}" if each.since else each.deployment_id for each in lock.queue
    )
