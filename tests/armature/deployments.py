"""States of deployments for tests: a test changes the one thing that it is about."""

from datetime import UTC, datetime
from typing import Any

from armature.request import DeploymentRequest
from armature.state import DeploymentState, LineageState, Phase, Purpose, Status, TemplateState, TemplateStatus
from armature.transitions import accepted, with_phase

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = "0123456789abcdef"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
REQUEST = DeploymentRequest.model_validate({"bundle": {"id": "bundle-1"}, "target": {"subscription": SUBSCRIPTION}})

PHASES = {
    Status.PENDING: Phase.PREPARING,
    Status.QUEUED: Phase.QUEUED,
    Status.AWAITING_APPROVAL: Phase.AWAITING_APPROVAL,
    Status.UPLOADING: Phase.UPLOADING,
    Status.DEPLOYING: Phase.DEPLOYING,
    Status.ROLLING_BACK: Phase.ROLLING_BACK,
}


def template(name: str = "a", status: TemplateStatus = TemplateStatus.SUCCEEDED, **parts: Any) -> TemplateState:
    """A template that was begun once."""
    return TemplateState(name=name, tier=0, status=status, **{"starts": 1, "attempt": 1, **parts})


def deployment(status: Status, deployment_id: str = "d-01", **parts: Any) -> DeploymentState:
    """A deployment of the lineage `KEY` that has a template, has touched its target, and stands so."""
    lineage = LineageState(project="shop", environment="test", key=KEY)
    created_at = parts.pop("created_at", NOW)
    state = accepted(REQUEST, deployment_id, None, created_at)
    state = state.model_copy(update={"lineage": lineage, "templates": (template(),), "purpose": Purpose.DEPLOY})
    state = state.model_copy(update={"has_touched": True})
    phase = PHASES.get(status, Phase.FINISHED)
    state = with_phase(state, sequence=4, status=status, phase=phase, message="m", now=created_at)
    return state.model_copy(update=parts)
