"""What is said of approvals: what is asked, and what was decided."""

from datetime import datetime

from armature.approval import ApprovalStatus, Findings
from armature.messages.base import ControlAnswer, DeploymentStep
from armature.models import Model


class GateAnswer(ControlAnswer):
    """What the gate looks at first: whether the templates are to be previewed, by the app's settings."""

    is_previewed: bool = False


class AskingInput(DeploymentStep):
    """What was found, of which the app's settings, the target and the mode say whether a person must decide on it.

    `is_second` once the templates are deployed: then only mode Complete asks, for what nobody has approved yet.
    """

    findings: Findings = Findings()
    is_second: bool = False


class AskingAnswer(ControlAnswer):
    """The approval that is waited for; no `approval_id` when none is, or just this was approved."""

    approval_id: str | None = None
    number: int = 0
    message: str = ""
    deadline: datetime | None = None


class ApprovalInput(Model):
    """The input of the orchestrator `approval`: the approval it waits for. `wait` (seconds) is its next look's when it
    continues as new."""

    deployment_id: str
    run: int
    number: int
    approval_id: str
    deadline: datetime
    has_deployed: bool = False
    wait: float


class LookInput(DeploymentStep):
    """One look at whether an approval is decided."""

    run: int
    number: int
    approval_id: str


class LookAnswer(ControlAnswer):
    """How an approval stands, and who decided it with what words."""

    status: ApprovalStatus = ApprovalStatus.WAITING
    by: str | None = None
    comment: str = ""
