"""What is said of a rollout that ARM schedules: one root deployment with every template in it."""

from armature.attempts import Report, Start
from armature.messages.base import Answer, DeploymentStep
from armature.messages.rollout import GraphAnswer, PollAnswer, PollInput, RolloutInput
from armature.root_scheduling import RootRollout


class RootGraphAnswer(GraphAnswer):
    """As GraphAnswer, of a rollout in root deployments."""

    rollout: RootRollout | None = None


class RootRolloutInput(RolloutInput):
    """The input of the orchestrator `root_rollout`; as RolloutInput."""

    graph: RootGraphAnswer | None = None


class RootStartInput(DeploymentStep):
    """The root number `number` of this run, to be put with these templates in it."""

    number: int
    starts: tuple[Start, ...]


class RootStartAnswer(Answer):
    """What became of a root: ARM works on it; or it was refused, and `reports` tell what that means for each template
    in it."""

    reports: tuple[Report, ...] = ()
    is_under_way: bool = True


class RootPollInput(PollInput):
    """A look at a root. `is_quiet` while ARM is not to be asked, `is_stopping` when it is to begin nothing more."""

    is_quiet: bool = False
    is_stopping: bool = False


class RootPollAnswer(PollAnswer):
    """What ARM says of a root: of what it has begun, and of what it never will begin now that it has ended it."""

    is_under_way: bool = True
