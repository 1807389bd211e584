"""The looks as tables and trees on the terminal."""

from collections.abc import Sequence

from rich.console import Group as Stacked
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from emulator.looking.reading import DeploymentDetail, DeploymentLine, Group, ResourceLine

_COLOURS = {"Succeeded": "green", "Failed": "red", "Canceled": "yellow"}


def tree(subscription: Group, groups: Sequence[Group]) -> RenderableType:
    """A subscription with its groups; the number of resources and the deployments of each."""
    root = Tree(f"[bold]subscription {escape(subscription.name)}[/]")
    _add_deployments(root, subscription.deployments)
    for group in groups:
        count = f"{len(group.resources)} resource{'' if len(group.resources) == 1 else 's'}"
        title = f"[bold]{escape(group.name)}[/]  {group.location}  {_state(group.state)}  {count}"
        _add_deployments(root.add(title), group.deployments)
    if not groups:
        root.add("no resource groups")
    return root


def group_table(group: Group) -> RenderableType:
    """One group: its resources, then its deployments."""
    return Stacked(
        f"[bold]{escape(group.name)}[/]  {group.location}  {_state(group.state)}",
        _resources(group.resources),
        _deployments(group.deployments),
    )


def deployment_table(deployment: DeploymentDetail) -> RenderableType:
    """One deployment: how it stands, its operations, why it failed, what it gave."""
    line = deployment.line
    operations = _table("operation", "target", "state", "status", "duration", "error")
    for one in deployment.operations:
        operations.add_row(one.kind, escape(one.target), _state(one.state), one.status, one.duration, escape(one.error))
    title = f"[bold]{escape(line.name)}[/]  {_state(line.state)}  {line.changed}  {line.duration}"
    parts: list[RenderableType] = [title, f"correlation id {line.correlation_id}", operations]
    parts += [f"[red]{escape(error)}[/]" for error in deployment.errors]
    parts += [f"{escape(name)} = {escape(str(value))}" for name, value in deployment.outputs.items()]
    return Stacked(*parts)


def _add_deployments(node: Tree, deployments: Sequence[DeploymentLine]) -> None:
    for one in deployments:
        node.add(f"deployment {escape(one.name)}  {_state(one.state)}  {one.changed}  {one.duration}")


def _resources(resources: Sequence[ResourceLine]) -> Table:
    table = _table("resource", "type", "location", "state")
    for one in resources:
        table.add_row(escape(one.name), one.type, one.location, _state(one.state))
    return table


def _deployments(deployments: Sequence[DeploymentLine]) -> Table:
    table = _table("deployment", "state", "time", "duration")
    for one in deployments:
        table.add_row(escape(one.name), _state(one.state), one.changed, one.duration)
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _state(state: str) -> str:
    colour = _COLOURS.get(state, "cyan")
    return f"[{colour}]{state}[/]" if state else ""
