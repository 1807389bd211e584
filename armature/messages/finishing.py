"""What is said of the end of a run."""

from armature.messages.base import Answer, Outcome
from armature.messages.rollback import RollbackInput, RollbackOutcome
from armature.models import Model
from armature.state import Status


class FinishInput(Model):
    """The end of a run of a deployment, to be recorded.

    `rollback` is what became of the rollback, or (when not `is_undone`) of the wait for what was in flight; None when
    nothing had been started.
    """

    deployment_id: str
    run: int = 1
    sequence: int
    outcome: Outcome
    is_undone: bool = False
    rollback: RollbackOutcome | None = None


class FinishAnswer(Answer):
    """How the run ended, as it is recorded: None from versions that did not tell."""

    status: Status | None = None
    message: str = ""


class ClosingInput(Model):
    """The input of the orchestrator `closing`: how the run ended, and what is to be settled or undone before."""

    end: FinishInput
    rollback: RollbackInput | None = None
