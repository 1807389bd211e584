"""Why a deployment failed: ARM keeps the reasons in its operations, and in those of the deployments it links to."""

from collections.abc import Iterable, Iterator

from armature.azure.arm.deployments import Deployments
from armature.azure.arm.ids import split_deployment_id
from armature.azure.models import DEPLOYMENT_TYPE, ArmDeployment
from armature.errors import Cause, Failure, about, failure_from_causes, leaf_causes
from armature.plan import DeploymentScopeTarget

MAX_LINKED_DEPTH = 5
"""Linked deployments go up to five levels deep (ARM limits, 2025-11)."""

_SAYS_NOTHING = frozenset(("deploymentfailed", "resourcedeploymentfailure", "deploymentfailedcleanup"))


class Causes(Deployments):
    """The part of the gateway that finds the causes of a failed deployment."""

    def deployment_failure(self, scope: DeploymentScopeTarget, name: str, deployment: ArmDeployment) -> Failure:
        """Why a deployment failed: the leaves of its own error, of its failed operations, and of those of the linked
        deployments among them, up to `MAX_LINKED_DEPTH` levels. Changes nothing.
        """
        causes = [*leaf_causes(deployment.error), *self._failed_operations(scope.resource_id, name, depth=1)]
        return failure_from_causes(_specific(causes), correlation_id=deployment.correlation_id)

    def _failed_operations(self, scope: str, name: str, depth: int) -> Iterator[Cause]:
        for operation in self._operations(scope, name):
            if not operation.is_failed:
                continue
            if operation.is_linked_deployment and operation.target_id and depth < MAX_LINKED_DEPTH:
                linked_scope, linked_name = split_deployment_id(operation.target_id)
                yield from self._failed_operations(linked_scope, linked_name, depth + 1)
            for cause in leaf_causes(operation.error):
                yield about(cause, operation.target_id)


def _specific(causes: Iterable[Cause]) -> list[Cause]:
    """The causes without those that only say that something else failed, unless there is nothing but those.

    A cause that hides in a message names no resource, or the linked deployment that it is in; its double from the
    operation names the resource itself, and stands for all of them.
    """
    found = list(causes)
    narrowest: dict[tuple[str, str], int] = {}
    for cause in found:
        reason = (cause.code, cause.message)
        narrowest[reason] = max(narrowest.get(reason, 0), _narrowness(cause))
    found = [cause for cause in found if _narrowness(cause) == narrowest[cause.code, cause.message]]
    return [cause for cause in found if cause.code.lower() not in _SAYS_NOTHING] or found


def _narrowness(cause: Cause) -> int:
    """How closely a cause says where it is: 2 names a resource, 1 a deployment, 0 neither."""
    if not (cause.target or "").startswith("/"):
        return 0
    return 1 if f"/providers/{DEPLOYMENT_TYPE}/".lower() in str(cause.target).lower() else 2
