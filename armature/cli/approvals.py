"""What a deployment waits for a person's word on, as the command line shows it."""

from collections.abc import Iterator
from datetime import datetime

from armature.approval import ApprovalState
from armature.cleaning import DoomedResource
from armature.cli.words import length_of
from armature.numbers import count_of
from armature.state import DeploymentState, Status

RESOURCES_SHOWN = 20
"""Of what mode Complete would delete; the API has all of it."""


def waiting_approval(state: DeploymentState) -> ApprovalState | None:
    """The approval that the deployment waits for now."""
    approval = state.approval
    is_waiting = approval is not None and approval.is_waiting and state.status is Status.AWAITING_APPROVAL
    return approval if is_waiting else None


def waiting_words(approval: ApprovalState, now: datetime) -> str:
    """Until when it is waited for: `waits for approval until 2026-11-30 09:15 UTC, 23 h 59 min left`."""
    left = length_of(approval.deadline - now)
    return f"waits for approval until {approval.deadline:%Y-%m-%d %H:%M} UTC, {left} left"


def approval_lines(state: DeploymentState, approval: ApprovalState, now: datetime) -> Iterator[str]:
    """What is asked, until when, and what to type."""
    yield f"{state.deployment_id} {waiting_words(approval, now)}: {approval.message}"
    yield f"  armature approve {state.deployment_id}   shows what is asked, and lets it go on"
    yield f"  armature reject {state.deployment_id}    ends it; nothing is changed any more"


def asked_lines(state: DeploymentState, approval: ApprovalState) -> Iterator[str]:
    """All that whoever decides should have seen."""
    lineage = f" ({state.lineage.project}/{state.lineage.environment})" if state.lineage else ""
    by = f", asked for by {state.initiated_by}" if state.initiated_by else ""
    yield f"{state.deployment_id}{lineage}, mode {state.options.mode}{by}."
    yield approval.message
    if (found := state.preview) is not None:
        counts = {
            "create": found.creates,
            "modify": found.modifies,
            "replace": found.replacements,
            "delete": found.deletions,
        }
        told = ", ".join(f"{number} to {word}" for word, number in counts.items() if number)
        yield f"What-if: {told or 'nothing would change'}; {count_of(found.templates, 'template')}."
    if approval.list_id is not None and state.clean_up is not None:
        yield from _doomed_lines(state)
    yield f"Approval {approval.approval_id}, until {approval.deadline:%Y-%m-%d %H:%M} UTC."


def _doomed_lines(state: DeploymentState) -> Iterator[str]:
    clean_up = state.clean_up
    if clean_up is None or not clean_up.shown:
        return
    yield "To be deleted:"
    for resource in clean_up.shown[:RESOURCES_SHOWN]:
        yield f"  {resource.id}{_marks(resource)}"
    if (more := clean_up.total - len(clean_up.shown[:RESOURCES_SHOWN])) > 0:
        yield f"  and {more} more"


def _marks(resource: DoomedResource) -> str:
    marks = [
        f"last changed {resource.changed_at:%Y-%m-%d %H:%M} UTC" if resource.changed_at else "",
        "holds data" if resource.holds_data else "",
        "" if resource.comes_back else "a rollback can't bring it back",
        "kept by a lock" if resource.locked_by else "",
    ]
    told = ", ".join(filter(None, marks))
    return f" ({told})" if told else ""
