"""What is said of the rollout: starts, looks, decisions, packages."""

from datetime import datetime

from armature.attempts import Decision, Report, Start
from armature.errors import Failure
from armature.messages.base import Answer, ControlAnswer, DeploymentStep
from armature.options import Options
from armature.scheduling import Rollout
from armature.state import StopReason


class GraphAnswer(ControlAnswer):
    """The rollout before its first start, as the plan has it, and the templates that have packages to attach.

    `puts_tags` when what succeeds gets tags.
    """

    rollout: Rollout | None = None
    with_packages: tuple[str, ...] = ()
    puts_tags: bool = False


class RolloutInput(DeploymentStep):
    """The input of the orchestrator `rollout`.

    Once it continues as new, the graph is there, since when every look failed (`blind_since`), and why and by whom it
    is being stopped.
    """

    options: Options
    deadline: datetime | None = None
    graph: GraphAnswer | None = None
    blind_since: datetime | None = None
    stop: StopReason | None = None
    asked: ControlAnswer = ControlAnswer()


class StartInput(DeploymentStep):
    """One template to start, as attempt number `attempt`."""

    start: Start


class StartAnswer(Answer):
    """What became of a start."""

    report: Report | None = None


class PollInput(DeploymentStep):
    """The attempts that are in flight.

    `looks_for_foreign` when deployments of others are to be looked for as well; `is_last_look` when what is cancelled
    is not waited for any more, so that what still runs is to be told.
    """

    in_flight: tuple[Start, ...]
    looks_for_foreign: bool = False
    is_last_look: bool = False


class PollAnswer(ControlAnswer):
    """What ARM says of each attempt in flight; `retry_after_seconds` when it asks not to be asked again sooner."""

    reports: tuple[Report, ...] = ()
    retry_after_seconds: float | None = None


class DecisionsInput(DeploymentStep):
    """Decisions of the scheduler to show in the state; `reasons` for those that no activity could write down itself."""

    decisions: tuple[Decision, ...]
    reasons: dict[str, Failure] = {}


class PackagesInput(DeploymentStep):
    """A template whose function apps get their packages."""

    template: str


class PackagesAnswer(ControlAnswer):
    """Whether the function apps have their packages; `is_pending` while the platform fetches one: call again, after
    `retry_after_seconds` where it asks for that."""

    is_pending: bool = False
    retry_after_seconds: float | None = None
