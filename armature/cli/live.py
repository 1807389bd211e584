"""A running deployment as a picture that is drawn anew as it changes: phases, bar, a table of templates."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from armature.cli.screen import plain, print_line
from armature.cli.words import length_of
from armature.events import NumberedEvent
from armature.state import DeploymentState, Phase, Status, TemplateState, TemplateStatus

FRAMES_PER_SECOND = 4
_BAR_WIDTH = 30
_PHASES = (Phase.PREPARING, Phase.UPLOADING, Phase.DEPLOYING)
_AT_REST = (TemplateStatus.WAITING, TemplateStatus.SUCCEEDED, TemplateStatus.SKIPPED)
_STYLES = {
    TemplateStatus.WAITING: "dim",
    TemplateStatus.RUNNING: "cyan",
    TemplateStatus.RETRYING: "yellow",
    TemplateStatus.SUCCEEDED: "green",
    TemplateStatus.FAILED: "bold red",
    TemplateStatus.SKIPPED: "dim",
}


class LiveView:
    """Draws the latest state while it is entered. The last picture stays on the screen."""

    wants_events = False

    def __init__(self, console: Console, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._state: DeploymentState | None = None
        self._console = console
        self._live = Live(console=console, get_renderable=self._picture, refresh_per_second=FRAMES_PER_SECOND)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, state: DeploymentState) -> None:
        """Draw this state from now on."""
        self._state = state

    def events(self, events: Sequence[NumberedEvent]) -> None:
        """Nothing: the picture says it."""

    def notice(self, message: str) -> None:
        """Print above the picture."""
        print_line(self._console, message)

    def _picture(self) -> RenderableType:
        return (
            Text("Waiting for the first news …", "dim")
            if self._state is None
            else picture(self._state, self._now(), self._console.height)
        )


def picture(state: DeploymentState, now: datetime, height: int = 1000) -> RenderableType:
    """All that is known of a deployment at a moment; of many templates those that move, in at most `height` lines."""
    parts: list[RenderableType] = [_heading(state, now), _phases(state), _bar(state)]
    if state.templates:
        parts += _templates(state, now, height - len(parts) - 1)
    return Group(*parts)


def _heading(state: DeploymentState, now: datetime) -> Text:
    text = Text.assemble((state.deployment_id, "bold"), f"  {state.status}")
    text.append(f"  {length_of((state.finished_at or now) - state.created_at)}", "dim")
    if state.lineage:
        text.append(f"  {state.lineage.project}/{state.lineage.environment}", "dim")
    if state.status is Status.QUEUED and state.lineage and state.lineage.holder:
        text.append(f"  waits for {state.lineage.holder}", "yellow")
    return text


def _phases(state: DeploymentState) -> Text:
    """The phases in order: those that are over, the one that runs, those to come."""
    begun = [phase for phase in _PHASES if phase in state.phases]
    failed_in = begun[-1] if begun and state.status is Status.FAILED else None
    text = Text()
    for phase in _PHASES:
        if phase is state.phase:
            text.append(f"● {phase}  ", "bold cyan")
        elif phase is failed_in:
            text.append(f"✗ {phase}  ", "bold red")
        elif phase in state.phases:
            text.append(f"✓ {phase}  ", "green")
        else:
            text.append(f"○ {phase}  ", "dim")
    return text


def _bar(state: DeploymentState) -> Text:
    progress = state.progress
    filled = _BAR_WIDTH * progress.percent // 100
    return Text.assemble(
        ("━" * filled, "red" if state.status is Status.FAILED else "green"),
        ("━" * (_BAR_WIDTH - filled), "dim"),
        f" {progress.percent:3}%  {plain(progress.message)}",
    )


def _templates(state: DeploymentState, now: datetime, height: int) -> list[RenderableType]:
    """The table of templates. Where it would not fit, those that wait or are done are only counted."""
    shown, counted = list(state.templates), Counter[TemplateStatus]()
    if _lines(shown) > height:
        shown = [template for template in state.templates if template.status not in _AT_REST]
        counted.update(template.status for template in state.templates if template.status in _AT_REST)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("Template", "Status"):
        table.add_column(heading)
    for heading in ("Attempt", "Resources", "Time"):
        table.add_column(heading, justify="right")
    for template in shown:
        table.add_row(*_row(template, now))
        for linked in template.linked_deployments:
            table.add_row(Text(f"  └ {plain(linked.name)}", "dim"), Text(plain(linked.status), "dim"))
    rest = ", ".join(f"{number} {status}" for status, number in counted.items())
    return [table, Text(f"and {rest}", "dim")] if rest else [table]


def _lines(templates: list[TemplateState]) -> int:
    """How many lines the table takes, its headings included."""
    return 1 + sum(1 + len(template.linked_deployments) for template in templates)


def _row(template: TemplateState, now: datetime) -> tuple[Text, ...]:
    style = _STYLES[template.status]
    took = length_of((template.finished_at or now) - template.started_at) if template.started_at else ""
    return (
        Text(template.name),
        Text(template.status, style),
        Text(str(template.attempt) if template.attempt else ""),
        Text(f"{template.resources_done}/{template.resources_total}" if template.resources_total else ""),
        Text(took),
    )
