"""Why a run ends before all is done, other than by a failure of its own: as the outcome that it ends with."""

from datetime import datetime

from armature.errors import FailureClass, failure
from armature.messages import ControlAnswer, Outcome
from armature.state import StopReason

LOCK_BROKEN = failure(
    FailureClass.UNKNOWN,
    "LineageLockBroken",
    "The lineage lock was taken away by force: nothing is touched any more.",
    "See in the lineage's audit who did so, and why; what ARM was at may go on: look in the portal before anything "
    "else is deployed to the target.",
)


def stopped_by(asked: ControlAnswer) -> Outcome | None:
    """The end of a run that has been asked to stop, or has lost the lineage lock; None when nothing stops it."""
    if asked.is_lock_broken:
        return lock_broken()
    return stopped(StopReason.CANCELLED, asked) if asked.is_cancelled else None


def stopped(stop: StopReason, asked: ControlAnswer, done: str = "") -> Outcome:
    """The end of what was stopped, with what was `done` until then, in words."""
    if stop is StopReason.CANCELLED:
        by = f" by {asked.cancelled_by}" if asked.cancelled_by else ""
        return Outcome(message=_told(f"Cancelled{by}", done), stop=stop, rollback=asked.rollback)
    return Outcome(message=_told("The deployment's time was over", done), stop=stop, rollback=asked.rollback)


def lock_broken(done: str = "") -> Outcome:
    """The end of what must touch nothing any more, with what was `done` until then, in words."""
    message = f"{LOCK_BROKEN.message} Until then: {done}." if done else LOCK_BROKEN.message
    return Outcome(message=message, failure=LOCK_BROKEN, is_lock_broken=True)


def not_approved(by: str | None, comment: str, done: str) -> Outcome:
    """The end of a run whose approval was refused."""
    by = f" by {by}" if by else ""
    words = comment.replace('"', "'")
    return Outcome(message=_told(f"Rejected{by}", f'"{words}"; {done}' if comment else done), stop=StopReason.REJECTED)


def never_approved(until: datetime, done: str) -> Outcome:
    """The end of a run on which nobody decided in time."""
    return Outcome(
        message=_told(f"Nobody approved it until {until:%Y-%m-%d %H:%M} UTC", done), stop=StopReason.NOT_APPROVED
    )


def _told(what: str, done: str) -> str:
    return f"{what}: {done}." if done else f"{what}."
