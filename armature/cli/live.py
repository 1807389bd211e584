"""A running deployment as a picture that is drawn anew as it changes: phases, bar, a table of templates."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from armature.cli.approvals import waiting_approval, waiting_words
from armature.cli.check_list import checks_in_progress
from armature.cli.screen import plain, print_line
from armature.cli.standing import begun_at, queue_words, rollback_words, stop_words
from armature.cli.template_table import lines_of, template_table
from armature.cli.words import length_of
from armature.events import NumberedEvent
from armature.state import DeploymentState, Phase, Purpose, Status

FRAMES_PER_SECOND = 4
_BAR_WIDTH = 30
_DEPLOYING = (
    Phase.PREPARING,
    Phase.PREVIEWING,
    Phase.AWAITING_APPROVAL,
    Phase.UPLOADING,
    Phase.DEPLOYING,
    Phase.VALIDATING,
    Phase.CLEANING_UP,
)
_TELLING = (Phase.PREPARING, Phase.PREVIEWING)
_ONLY_WHEN_BEGUN = (Phase.PREVIEWING, Phase.AWAITING_APPROVAL, Phase.VALIDATING, Phase.CLEANING_UP)
"""Phases that many deployments do without, or end before."""

_WARNINGS = 3
"""Of the warnings the last few are drawn; the end lists all."""


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
    above: list[RenderableType] = [_heading(state, now)]
    if state.stop and not state.status.is_final:
        above.append(_line(stop_words(state.stop), "yellow"))
    if (approval := waiting_approval(state)) is not None:
        above.append(_line(waiting_words(approval, now), "yellow"))
    above += [_phases(state), _bar(state)]
    below: list[RenderableType] = [
        _line(f"warning: {warning.message}", "yellow") for warning in state.warnings[-_WARNINGS:]
    ]
    left = height - len(above) - len(below) - 1
    undoing: list[RenderableType] = []
    if state.rollback.status is not None:
        undoing.append(_line(rollback_words(state.rollback), "cyan"))
        if state.rollback.templates:
            undoing += template_table(state.rollback.templates, now, left // 2, "Deployed again")
            left -= min(lines_of(state.rollback.templates), left // 2)
        left -= 1
    checking: list[RenderableType] = []
    if state.validation is not None and state.phase is Phase.VALIDATING:
        checking += checks_in_progress(state.validation, left // 2)
        left -= len(checking)
    own = template_table(state.templates, now, left) if state.templates else []
    return Group(*above, *own, *checking, *undoing, *below)


def _heading(state: DeploymentState, now: datetime) -> Text:
    text = Text.assemble((state.deployment_id, "bold"), f"  {state.status}")
    text.append(f"  {length_of((state.finished_at or now) - begun_at(state))}", "dim")
    if state.lineage:
        text.append(f"  {state.lineage.project}/{state.lineage.environment}", "dim")
    if state.status is Status.QUEUED and state.lineage and state.lineage.holder:
        text.append(f"  {queue_words(state.lineage)}", "yellow")
    if state.deadline and not state.status.is_final and state.status is not Status.ROLLING_BACK:
        text.append(f"  {length_of(state.deadline - now)} left", "dim")
    return text


def _phases(state: DeploymentState) -> Text:
    """The phases in order: those that are over, the one that runs, those to come."""
    phases = _phases_of(state)
    broken = _broken_off(state, phases)
    text = Text()
    for phase in phases:
        if phase is state.phase:
            text.append(f"● {phase}  ", "bold cyan")
        elif phase in broken:
            text.append(f"✗ {phase}  ", "bold red")
        elif phase in state.phases:
            text.append(f"✓ {phase}  ", "green")
        else:
            text.append(f"○ {phase}  ", "dim")
    return text


def _phases_of(state: DeploymentState) -> tuple[Phase, ...]:
    """Those that this run goes through: nobody expects a rollback before it begins."""
    if state.options.is_preview:
        return _TELLING
    is_deploying = state.purpose is Purpose.DEPLOY
    gone_through = [phase for phase in _DEPLOYING if phase not in _ONLY_WHEN_BEGUN or phase in state.phases]
    deploying = tuple(gone_through) if is_deploying else ()
    return (*deploying, Phase.ROLLING_BACK) if Phase.ROLLING_BACK in state.phases else deploying


def _broken_off(state: DeploymentState, phases: Sequence[Phase]) -> frozenset[Phase]:
    """The phases that did not do what they are for: the last before a rollback, and the last of a bad end."""
    begun = [phase for phase in phases if phase in state.phases]
    broken = set()
    if Phase.ROLLING_BACK in begun:
        broken.update(begun[-2:-1])
    if begun and state.status.is_final and state.status not in (Status.COMPLETED, Status.ROLLED_BACK):
        broken.add(begun[-1])
    return frozenset(broken)


def _bar(state: DeploymentState) -> Text:
    progress = state.progress
    filled = _BAR_WIDTH * progress.percent // 100
    bar = Text.assemble(
        ("━" * filled, "red" if state.status is Status.FAILED else "green"),
        ("─" * (_BAR_WIDTH - filled), "dim"),
        f" {progress.percent:3}%  {plain(progress.message)}",
    )
    bar.no_wrap, bar.overflow = True, "ellipsis"
    return bar


def _line(words: str, style: str) -> Text:
    """One line, however narrow the terminal is."""
    return Text(plain(words).replace("\n", " "), style, no_wrap=True, overflow="ellipsis")
