"""Events that more than one activity writes."""

from datetime import UTC, datetime

from armature.attempts import Start
from armature.errors import Failure
from armature.events import Event, EventCode, Level
from armature.numbers import count_of
from armature.state import TemplateState


def succeeded_event(template: str, resources: int) -> Event:
    """A template has succeeded, all that belongs to it included."""
    return Event(
        key=f"template:{template}:succeeded",
        time=datetime.now(UTC),
        code=EventCode.TEMPLATE_SUCCEEDED,
        message=f"{template} succeeded with {count_of(resources, 'resource')}.",
        template=template,
    )


def started_event(start: Start) -> Event:
    """ARM has begun an attempt at a template."""
    attempt = f", attempt {start.attempt}." if start.attempt > 1 else "."
    return Event(
        key=f"template:{start.name}:{start.number}:started",
        time=datetime.now(UTC),
        code=EventCode.TEMPLATE_STARTED,
        message=f"{start.name} started{attempt}",
        template=start.name,
    )


def attempt_failed_event(start: Start, failure: Failure) -> Event:
    """An attempt at a template has failed, and why; what is done about it is told by another event."""
    return Event(
        key=f"template:{start.name}:{start.number}:failed",
        time=datetime.now(UTC),
        code=EventCode.TEMPLATE_ATTEMPT_FAILED,
        message=f"{start.name}, attempt {start.attempt}: {failure.code}: {failure.message}",
        level=Level.WARNING,
        template=start.name,
    )


def treated_as_done_event(start: Start, failure: Failure) -> Event:
    """An attempt failed only for what is there already, and counts as a success."""
    return Event(
        key=f"template:{start.name}:{start.number}:treated-as-done",
        time=datetime.now(UTC),
        code=EventCode.TEMPLATE_TREATED_AS_DONE,
        message=f"{start.name} counts as deployed: what it could not make is there already. {failure.code}: "
        f"{failure.message}",
        level=Level.WARNING,
        template=start.name,
    )


def progress_events(start: Start, update: dict[str, object], shown: TemplateState | None) -> list[Event]:
    """Progress that the state does not show yet: a long deployment would fill the log with what it says already."""
    done, total = update["resources_done"], update["resources_total"]
    if not done or (
        shown and (shown.starts, shown.resources_done, shown.resources_total) == (start.number, done, total)
    ):
        return []
    return [
        Event(
            key=f"template:{start.name}:{start.number}:progress:{done}/{total}",
            time=datetime.now(UTC),
            code=EventCode.TEMPLATE_PROGRESS,
            message=f"{start.name}: {done} of {total} resources.",
            template=start.name,
        )
    ]
