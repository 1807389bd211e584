"""What is said of the checks after the deployment."""

from datetime import datetime

from armature.errors import Failure
from armature.messages.base import Answer, ControlAnswer, DeploymentStep
from armature.options import Options


class ChecksInput(DeploymentStep):
    """The checks of one run of a deployment."""

    run: int = 1


class ValidationInput(ChecksInput):
    """The input of the orchestrator `validation`.

    When it continues as new, `begun_at` is when its first look began, `longest_warm_up` for how many seconds it looks
    again, `pending` the batches in which something waits yet, `rounds` how often it has looked.
    """

    options: Options
    deadline: datetime | None = None
    begun_at: datetime | None = None
    longest_warm_up: int = 0
    pending: tuple[int, ...] = ()
    rounds: int = 0


class ChecksAnswer(ControlAnswer):
    """How many checks there are, in how many batches, and for how many seconds the most patient of them is made
    again."""

    checks: int = 0
    batches: int = 0
    longest_warm_up: int = 0


class BatchInput(ChecksInput):
    """The checks of one batch to make, so many seconds after the first look. `is_last`: nobody looks again."""

    batch: int
    seconds: float
    is_last: bool = False


class BatchAnswer(Answer):
    """How many checks of a batch wait to be made again, and how many have failed."""

    waiting: int = 0
    failed: int = 0


class TallyInput(ChecksInput):
    """All results to put together; `why_over` is why what waits is not made again, empty when it is."""

    why_over: str = ""


class TallyAnswer(ControlAnswer):
    """How far the checks are: `message` says it, `verdict` is why the deployment fails, None when it does not."""

    total: int = 0
    done: int = 0
    message: str = ""
    verdict: Failure | None = None
