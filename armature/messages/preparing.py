"""What is said until the templates may be deployed: the run, its bundle, its turn, its target, its phases."""

from datetime import datetime

from armature.errors import Failure
from armature.messages.base import Answer, ControlAnswer
from armature.models import Model
from armature.options import Options
from armature.state import Phase, Purpose, Status


class BundleAnswer(Answer):
    """What `read_bundle` found: how much there is to upload, and the graph to deploy. A refusal is a failure."""

    artifacts: int = 0
    lineage_key: str = ""


PRESENT_GENERATION = 3
"""Of the process that `deployment` runs. In the first, which old inputs don't name, nothing was settled or undone; in
the second nothing was previewed, approved or validated."""


class DeploymentInput(Model):
    """The input of the orchestrator `deployment`.

    `generation` is that of the process when the run began (see orchestrators.deployment). `rollback` is the number of a
    rollback in this run. `stands` and `has_touched` are those of the state. When it continues as new, `sequence` goes
    on counting, `bundle` is what was read of it, `holder` whom it waits for, at which `position` of the queue.
    """

    deployment_id: str
    generation: int = 1
    run: int = 1
    purpose: Purpose = Purpose.DEPLOY
    options: Options
    rollback: int = 1
    sequence: int = 0
    stands: bool = False
    has_touched: bool = True
    bundle: BundleAnswer | None = None
    holder: str = ""
    position: int = 0


class TurnAnswer(ControlAnswer):
    """Whether it is this deployment's turn in its lineage; if not, who has it, and the place in the queue (1: next)."""

    is_ours: bool = False
    holder: str = ""
    position: int = 0


class ReadyAnswer(ControlAnswer):
    """Whether what was asked for stands already; if not, ask again later. `waits_for` is what stands in the way."""

    is_ready: bool = False
    waits_for: Failure | None = None


class TracesAnswer(Answer):
    """Whether a deployment whose target could not be prepared has left something there."""

    are_found: bool = False


class PhaseInput(Model):
    """A phase to record. `sequence` is higher than that of any phase recorded before. `deadline` once there is one."""

    deployment_id: str
    sequence: int
    status: Status
    phase: Phase
    message: str
    deadline: datetime | None = None
