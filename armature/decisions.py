"""A person's word on an approval, as the state shows it and the log tells it. Pure."""

from armature.approval import ApprovalState, ApprovalStatus
from armature.control import Decision
from armature.events import Event, EventCode, Level
from armature.state import DeploymentState
from armature.transitions import with_approval

_TOLD = {
    ApprovalStatus.APPROVED: (EventCode.APPROVAL_GIVEN, Level.INFO, "Approved"),
    ApprovalStatus.REJECTED: (EventCode.APPROVAL_REFUSED, Level.WARNING, "Rejected"),
    ApprovalStatus.EXPIRED: (EventCode.APPROVAL_EXPIRED, Level.WARNING, "Nobody decided in time"),
    ApprovalStatus.WITHDRAWN: (EventCode.APPROVAL_WITHDRAWN, Level.INFO, "Approval is not asked for any more"),
}


def decision_event(decision: Decision) -> Event:
    """The line of the log. The comment is in quotes, so that nobody's words pass for Armature's."""
    code, level, words = _TOLD[decision.status]
    by = f" by {decision.by}" if decision.by else ""
    comment = decision.comment.replace('"', "'")
    message = f'{words}{by}: "{comment}".' if comment else f"{words}{by}."
    key = f"approval:{decision.number}:{decision.status}"
    return Event(key=key, time=decision.at, code=code, message=message, level=level)


def with_decision(state: DeploymentState, decision: Decision) -> DeploymentState:
    """The state with the word on its approval. Twice, or late: the first word stands, and so does another approval."""

    def decided(approval: ApprovalState | None) -> ApprovalState | None:
        if approval is None or approval.approval_id != decision.approval_id:
            return approval
        return approval.decided(decision.status, decision.at, decision.by, decision.by_id, decision.comment)

    return with_approval(state, decision.run, decided, decision.at)
