"""How a rollout ended, in words: what was deployed, what failed, what was cancelled, and by whom."""

from collections.abc import Iterable
from itertools import islice

from armature.errors import FailureClass, failure
from armature.messages import ControlAnswer, Outcome
from armature.scheduling import Rollout
from armature.state import StopReason

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
        return Outcome(message=f"{len(templates.succeeded)} templates deployed.")
    names = ", ".join(short_names(templates.failed))
    message = f"{names} failed; {counts_of(templates, names_failed=True)}."
    return Outcome(message=message, failure=failure(FailureClass.UNKNOWN, "TemplatesFailed", message))


def stopped(stop: StopReason, asked: ControlAnswer, done: str) -> Outcome:
    """The end of what was stopped, with what was `done` until then, in words."""
    if stop is StopReason.CANCELLED:
        by = f" by {asked.cancelled_by}" if asked.cancelled_by else ""
        return Outcome(message=f"Cancelled{by}: {done}.", stop=stop, rollback=asked.rollback)
    message = f"The deployment's time was over: {done}."
    suggestion = "Deploy again with a longer timeout; the events tell what took so long."
    why = failure(FailureClass.UNKNOWN, "DeploymentTimedOut", message, suggestion)
    return Outcome(message=message, stop=stop, failure=why)


def lock_broken(done: str) -> Outcome:
    """The end of what must touch nothing any more, with what was `done` until then, in words."""
    message = f"The lineage lock was taken away by force, so nothing more was touched: {done}."
    suggestion = "See in the portal what still runs before anything else is deployed to the target."
    why = failure(FailureClass.UNKNOWN, "LineageLockBroken", message, suggestion)
    return Outcome(message=message, failure=why, is_lock_broken=True)


def counts_of(templates: Rollout, *, names_failed: bool = False) -> str:
    """Such as: 3 of 10 templates deployed, 2 cancelled, 5 not started; failed ones only when not named."""
    failed = () if names_failed else templates.failed
    rest = {
        "failed": failed,
        "cancelled": templates.cancelled,
        "left as they run in Azure": tuple(start.name for start in templates.in_flight),
        "not started": templates.skipped,
    }
    parts = [f"{len(templates.succeeded)} of {len(templates.templates)} templates deployed"]
    return ", ".join([*parts, *(f"{len(names)} {words}" for words, names in rest.items() if names)])
