"""Events that more than one activity writes."""

from datetime import UTC, datetime

from armature.events import Event, EventCode


def succeeded_event(template: str, resources: int) -> Event:
    """A template has succeeded, all that belongs to it included."""
    return Event(
        key=f"template:{template}:succeeded",
        time=datetime.now(UTC),
        code=EventCode.TEMPLATE_SUCCEEDED,
        message=f"{template} succeeded with {resources} resource{'s' if resources != 1 else ''}.",
        template=template,
    )
