"""What a deployment waits for a person's word on, as the command line shows it."""

from collections.abc import Iterator
from datetime import datetime

from armature.approval import ApprovalState
from armature.cli.clean_up_list import clean_up_lines
from armature.cli.words import length_of
from armature.numbers import count_of
from armature.state import DeploymentState, Status


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
        yield f"  All of it: armature preview {state.deployment_id}"
    if approval.list_id is not None and state.clean_up is not None:
        yield from clean_up_lines(state.deployment_id, state.clean_up)
    yield f"Approval {approval.approval_id}, until {approval.deadline:%Y-%m-%d %H:%M} UTC."
