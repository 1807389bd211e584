"""The one deployment of `strategy: root` as it stands in ARM."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from activities.parallel import in_parallel
from activities.standing import DEPLOYMENT_TAG
from armature.azure.arm import ArmGateway
from armature.azure.models import ArmDeployment, ArmOperation
from armature.azure.services import Services
from armature.messages import DeploymentStep
from armature.options import Strategy
from armature.plan import DeploymentScopeTarget, Plan
from armature.root_template import root_name, root_scope
from armature.state import DeploymentState


@dataclass(frozen=True)
class StandingRoot:
    """Where the root of a plan stands, and how to ask about it."""

    arm: ArmGateway
    scope: DeploymentScopeTarget
    name: str
    deployment_id: str

    @classmethod
    def of(cls, services: Services, plan: Plan) -> "StandingRoot":
        """The root of a deployment's own plan."""
        scope = root_scope(plan)
        name = root_name(plan.deployment_id, plan.name_prefix)
        return cls(services.arm(plan.asked_in(scope)), scope, name, plan.deployment_id)

    @property
    def id(self) -> str:
        """Its resource id."""
        return self.scope.deployment_id(self.name)

    def own(self) -> ArmDeployment | None:
        """The deployment, if it is there and ours."""
        found = self.arm.get_deployment(self.scope, self.name)
        return found if found is not None and found.tags.get(DEPLOYMENT_TAG) == self.deployment_id else None

    def operations(self) -> dict[str, ArmOperation]:
        """What ARM has begun of it: the operation of each linked deployment, by its id in lower case."""
        found = self.arm.list_operations(self.scope, self.name)
        return {op.target_id.lower(): op for op in found if op.target_id and op.is_linked_deployment}

    def cancelled(self) -> bool:
        """Have ARM begin nothing more of it; True once it has ended, or is not there. What is begun goes on.

        Twice: what has ended is left alone, and cancelling again changes nothing.
        """
        found = self.own()
        if found is None or found.is_final:
            return True
        self.arm.cancel_deployment(found.id)
        return False


def begun_of(services: Services, plan: Plan, names: Sequence[str], shown: Collection[str]) -> tuple[str, ...]:
    """Those of the templates `names`, which were in a root that has ended, that ARM has begun: those that the state
    shows as begun (`shown`), and those whose own deployment stands.

    Raises:
        FailureError: ARM could not be asked.
    """

    def is_begun(name: str) -> bool:
        if name in shown:
            return True
        template = plan.template(name)
        arm = services.arm(plan.asked_in(template.scope))
        found = arm.get_deployment(template.scope, template.deployment_name)
        return found is not None and found.tags.get(DEPLOYMENT_TAG) == plan.deployment_id

    return tuple(name for name, begun in zip(names, in_parallel(is_begun, names), strict=True) if begun)


def has_root(state: DeploymentState, step: DeploymentStep) -> bool:
    """Whether the templates of a step are in a root. Previous versions are always started one by one."""
    return state.options.strategy is Strategy.ROOT and not step.rollback
