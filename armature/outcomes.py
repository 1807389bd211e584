"""How a rollout ended, in words: what was deployed, what failed, what was cancelled, and by whom."""

from collections.abc import Iterable
from itertools import islice

from armature.errors import FailureClass, failure
from armature.messages import ControlAnswer, Outcome
from armature.numbers import count_of
from armature.scheduling import Rollout
from armature.state import StopReason
from armature.stops import stopped

NAMES_SHOWN = 10
NAME_SHOWN = 60
"""Characters; an assembly may name its stacks as it likes. Twice ten such names, six bytes a character in JSON, and all
else stay below 8 KB; the host fails an orchestration whose custom status has more than 16 (Durable Functions, 2025)."""


def short_names(names: Iterable[str]) -> list[str]:
    """The first of the names, each cut to what a line holds."""
    return [name if len(name) <= NAME_SHOWN else f"{name[:NAME_SHOWN]}…" for name in islice(names, NAMES_SHOWN)]


def outcome_of(templates: Rollout, stop: StopReason | None, asked: ControlAnswer) -> Outcome:
    """The end of a rollout in which every template has reached its own."""
    if stop is not None:
        return stopped(stop, asked, counts_of(templates))
    if not templates.failed:
        return Outcome(message=f"{count_of(len(templates.succeeded), 'template')} deployed.")
    names = ", ".join(short_names(templates.failed))
    message = f"{names} failed; {counts_of(templates, names_failed=True)}."
    return Outcome(message=message, failure=failure(FailureClass.UNKNOWN, "TemplatesFailed", message))


def counts_of(templates: Rollout, *, names_failed: bool = False) -> str:
    """Such as: 3 of 10 templates deployed, 2 cancelled, 5 not started; failed ones only when not named."""
    failed = () if names_failed else templates.failed
    rest = {
        "failed": failed,
        "cancelled": templates.cancelled,
        "still running in Azure": tuple(start.name for start in templates.in_flight),
        "not started": templates.skipped,
    }
    parts = [f"{len(templates.succeeded)} of {count_of(len(templates.templates), 'template')} deployed"]
    return ", ".join([*parts, *(f"{len(names)} {words}" for words, names in rest.items() if names)])
