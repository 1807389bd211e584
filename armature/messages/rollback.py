"""What is said of a rollback."""

from datetime import datetime

from armature.attempts import Start
from armature.errors import Failure
from armature.messages.base import Answer, ControlAnswer, DeploymentStep
from armature.options import Options


class RollbackInput(DeploymentStep):
    """The input of the orchestrator `rollback`: `rollback` is its number, from 1.

    `is_undoing` is false when what is in flight is to be cancelled and waited for, and nothing else. When it continues
    as new it is amid the deletions: `deleting_since` is when one of them was last settled.
    """

    options: Options
    is_undoing: bool = True
    sequence: int = 0
    deleting_since: datetime | None = None


class RollbackOutcome(Answer):
    """How a rollback ended: with nothing left over, or partially. `failure` when it could not be carried out at all."""

    message: str = ""
    leftovers: int = 0


class BegunAnswer(Answer):
    """What may still be in flight when a rollback begins: attempts of the deployment's own templates, and of the
    previous versions that a rollback (number `rollback_in_flight`) of it had begun to deploy again."""

    in_flight: tuple[Start, ...] = ()
    in_flight_again: tuple[Start, ...] = ()
    rollback_in_flight: int = 0


class UndoingAnswer(ControlAnswer):
    """What a rollback is to undo: so many previous versions to deploy again, and resources to delete."""

    templates: int = 0
    to_delete: int = 0


class DeletionInput(DeploymentStep):
    """A pass of deletions; `is_stuck` when the pass before changed nothing."""

    is_stuck: bool = False


class DeletionAnswer(ControlAnswer):
    """What a pass of deletions left to do. `settled` were deleted, or given up, in it; ARM works on `under_way`."""

    left: int = 0
    settled: int = 0
    under_way: int = 0
    retry_after_seconds: float | None = None


class EndInput(DeploymentStep):
    """The end of a rollback, to be recorded; `failure` is why it could not be carried through."""

    failure: Failure | None = None
