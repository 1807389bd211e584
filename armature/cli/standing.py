"""Where a deployment stands beside its templates, in words: in the queue, about to stop, being undone."""

from datetime import datetime

from armature.cli.words import clock_time
from armature.numbers import count_of, ordinal
from armature.state import DeploymentState, LineageState, Phase, RollbackState, StopReason, StopState


def begun_at(state: DeploymentState) -> datetime:
    """When the present run began: a deployment that is resumed, or rolled back by hand, begins anew."""
    return state.phases.get(Phase.PENDING, state.created_at)


def queue_words(lineage: LineageState) -> str:
    """Whom it waits for, and its place: `waits for shop-7, 2nd in the queue`."""
    words = f"waits for {lineage.holder}"
    return f"{words}, {ordinal(lineage.position)} in the queue" if lineage.position else words


def stop_words(stop: StopState) -> str:
    """That a deployment is about to end before all is done, and why."""
    if stop.reason in (StopReason.REJECTED, StopReason.NOT_APPROVED):
        return "stopping: it was not approved"
    if stop.reason is StopReason.TIMED_OUT:
        return f"stopping: its time was over at {clock_time(stop.at)} UTC"
    by = f" by {stop.by}" if stop.by else ""
    comment = f": {stop.comment}" if stop.comment else ""
    return f"cancelling: asked for{by} at {clock_time(stop.at)} UTC{comment}"


def stopped_words(stop: StopState, timeout_minutes: float) -> str:
    """The same of a deployment that has ended."""
    if stop.reason is StopReason.TIMED_OUT:
        return f"Given up at {clock_time(stop.at)} UTC, after its timeout of {timeout_minutes:g} minutes."
    if stop.reason is StopReason.NOT_APPROVED:
        return f"Nobody had approved it by {clock_time(stop.at)} UTC."
    by = f" by {stop.by}" if stop.by else ""
    comment = f": {stop.comment}" if stop.comment else "."
    if stop.reason is StopReason.REJECTED:
        return f"Rejected{by} at {clock_time(stop.at)} UTC{comment}"
    return f"Cancelled{by} at {clock_time(stop.at)} UTC{comment}"


def rollback_words(rollback: RollbackState) -> str:
    """How far a rollback is, or how it ended."""
    to = f" to {rollback.previous_deployment_id}" if rollback.previous_deployment_id else ""
    parts = [f"rollback{to}: {rollback.status}"]
    if rollback.to_delete:
        parts.append(f"{len(rollback.deleted)} of {count_of(rollback.to_delete, 'resource')} deleted")
    if rollback.leftovers:
        parts.append(f"{len(rollback.leftovers)} left over")
    return ", ".join(parts)
