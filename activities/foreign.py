"""Deployments of others in the target's resource groups: noticed and told. They stop nothing, but may be in the way."""

import logging
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime

from activities.standing import DEPLOYMENT_TAG
from armature.azure.models import ArmDeployment
from armature.azure.services import Services
from armature.errors import FailureError
from armature.events import Event, EventCode, Level
from armature.plan import DeploymentScopeTarget, Plan
from armature.state import WarningState
from armature.transitions import with_warnings

logger = logging.getLogger("armature.activities")


def warn_of_foreign(services: Services, plan: Plan, ours: Collection[str] = ()) -> None:
    """Show what others have running in the resource groups of a plan: two reads of ARM each.

    `ours` are correlation ids of the deployment's own ARM deployments: one that it links to may run in another group.

    Twice: a deployment that was told of is not told of again. A look that fails is made again soon enough, and nothing
    hangs on it.
    """
    groups = {t.scope.resource_id.lower(): t.scope for t in plan.templates if t.scope.resource_group}
    try:
        found = [
            warning for scope in groups.values() for warning in _warnings(services, plan.asked_in(scope), scope, ours)
        ]
        if found:
            services.deployments.append_events(plan.deployment_id, map(_event, found))
            services.deployments.update_state(plan.deployment_id, lambda state: with_warnings(state, found))
    except FailureError as unseen:
        known = {"deploymentId": plan.deployment_id}
        logger.info("foreign deployments could not be looked for: %s", unseen, extra=known)


def foreign(running: Iterable[ArmDeployment], ours: Collection[str] = ()) -> list[ArmDeployment]:
    """Those that are none of Armature's. What one of its deployments links to bears no tag, but its correlation id."""
    everything = list(running)
    known = {*ours, *(one.correlation_id for one in everything if DEPLOYMENT_TAG in one.tags)} - {None}
    return [one for one in everything if DEPLOYMENT_TAG not in one.tags and one.correlation_id not in known]


def _warnings(
    services: Services, subscription: str, scope: DeploymentScopeTarget, ours: Collection[str]
) -> Iterator[WarningState]:
    for one in foreign(services.arm(subscription).running_deployments(scope.resource_id), ours):
        since = f", changed last at {one.timestamp:%Y-%m-%d %H:%M:%S} UTC" if one.timestamp else ""
        yield WarningState(
            key=f"foreign:{one.id.lower()}",
            code=EventCode.FOREIGN_DEPLOYMENT.value,
            message=f"The deployment {one.name}, which is not Armature's, runs in {scope.resource_group}{since}.",
            at=datetime.now(UTC),
        )


def _event(warning: WarningState) -> Event:
    return Event(
        key=warning.key,
        time=warning.at,
        code=EventCode.FOREIGN_DEPLOYMENT,
        message=warning.message,
        level=Level.WARNING,
    )
