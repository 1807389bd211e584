"""One deployment is removed: what it has in Azure and in storage, then its Durable histories, last its state.

The state goes last and is marked first, so that whatever dies in between leaves something that the next run finds and
finishes, and that no further run can begin on.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import azure.durable_functions as df
from azure.durable_functions import OrchestrationRuntimeStatus as Runtime

from activities.border import carried_out_with_client, register
from activities.parallel import in_parallel
from activities.standing import DEPLOYMENT_TAG
from armature.azure.arm import ArmGateway
from armature.azure.retention import FOLDERS
from armature.azure.services import Services
from armature.control import LineageRecord
from armature.errors import FailureClass, FailureError, failure
from armature.messages import CHILDREN, approval_instance
from armature.notices import instance_parts
from armature.options import Strategy
from armature.plan import Plan
from armature.retention import KeepReason, Remembered, RetentionRule, needed_for, reinstated, retired
from armature.retention_run import RemovalAnswer, RemovalInput, Tally, Trouble
from armature.root_template import root_id
from armature.state import DeploymentState, TemplateState

CALLS_AT_ONCE = 4
"""Of Resource Manager for one deployment; four are removed at a time, and its limits are also those of what runs."""

_OVER = (Runtime.Completed, Runtime.Failed, Runtime.Terminated, Runtime.Canceled)
_GONE = frozenset(("subscriptionnotfound", "resourcegroupnotfound"))

blueprint = df.Blueprint()


def remove_deployment(services: Services, work: RemovalInput) -> RemovalAnswer:
    """Remove everything of a deployment but its Durable histories and its state, unless it is needed after all.

    Twice, or after a killed run: what is gone is success; a state that is gone, or was begun anew under the same id, is
    left alone.
    """
    found = _marked(services, work.deployment_id, work.rule)
    if not isinstance(found, DeploymentState):
        return RemovalAnswer(kept_for=found)
    plans = services.retention.plans_of(work.deployment_id)
    removed, troubles = _history_removed(services, found, plans)
    if plans:
        removed += _templates_removed(services, plans[0])
    for folder in FOLDERS:  # whoever is told to go on after an hour's sleep finds another deployment under the id
        if _leaving(services, work.deployment_id) is None:
            return RemovalAnswer(removed=removed, troubles=troubles)
        removed += services.retention.delete_documents(work.deployment_id, folder)
    return RemovalAnswer(is_going=True, removed=removed, troubles=troubles)


async def purged(services: Services, work: RemovalInput, client: df.DurableOrchestrationClient) -> RemovalAnswer:
    """Purge the histories of a deployment's orchestrations. Twice: those that are gone are success."""
    leaving = _leaving(services, work.deployment_id)
    if leaving is None:
        return RemovalAnswer()
    count = 0
    approvals = leaving.approval.number if leaving.approval else 0
    instances = [work.deployment_id, *(approval_instance(work.deployment_id, n + 1) for n in range(approvals))]
    instances += [f"{work.deployment_id}:{part}" for part in (*CHILDREN, *instance_parts(leaving))]
    for instance_id in instances:
        status = await client.get_status(instance_id)
        if status is None or status.runtime_status is None:
            continue
        if status.runtime_status not in _OVER:
            message = f"The orchestration {instance_id} is {status.runtime_status.name}, and its deployment has ended."
            suggestion = "Look at it in the portal, and terminate it if it hangs; the next run removes it then."
            raise FailureError(failure(FailureClass.RESOURCE_CONFLICT, "OrchestrationRuns", message, suggestion))
        count += (await client.purge_instance_history(instance_id)).instances_deleted
    return RemovalAnswer(is_going=True, removed=Tally(instances=count))


def forget_deployment(services: Services, work: RemovalInput) -> RemovalAnswer:
    """Delete the state, the last that there is of a deployment. Twice: gone is success, and counts for nothing."""
    return RemovalAnswer(removed=services.retention.forget(work.deployment_id))


def _marked(services: Services, deployment_id: str, rule: RetentionRule) -> DeploymentState | KeepReason | None:
    """The state, marked as leaving; or why it stays; or None when it is gone.

    First the mark, then a fresh look at what needs it: whoever begins on it in between sees the mark, or is seen.
    """
    before = services.deployments.state(deployment_id)
    if before is None:
        return None
    try:
        state = services.deployments.update_state(deployment_id, lambda s: retired(s, rule, datetime.now(UTC)))
    except KeyError:
        return None
    if state.retired_at is None:
        return KeepReason.YOUNG if state.status.is_final else KeepReason.NOT_FINAL
    reason = _needed_for(services, before, rule)
    if reason is None:
        return state
    services.deployments.update_state(deployment_id, reinstated)
    return reason


def _needed_for(services: Services, before: DeploymentState, rule: RetentionRule) -> KeepReason | None:
    """Why the deployment, as it was before it was marked, is needed as its lineage stands now."""

    def look_up(other_id: str) -> Remembered | None:
        found = services.deployments.state(other_id) if other_id != before.deployment_id else before
        return Remembered.of(found) if found else None

    record = services.deployments.lineage(before.lineage.key) if before.lineage else LineageRecord()
    return needed_for(Remembered.of(before), record, look_up, rule)


def _leaving(services: Services, deployment_id: str) -> DeploymentState | None:
    state = services.deployments.state(deployment_id)
    return state if state is not None and state.retired_at is not None else None


def _history_removed(
    services: Services, state: DeploymentState, plans: Iterable[Plan]
) -> tuple[Tally, tuple[Trouble, ...]]:
    """Take the deployments that this one put out of ARM's histories. What ARM refuses for good stands in nobody's way:
    it tidies its histories itself."""
    ids = {
        template.scope.deployment_id(template.deployment_name): plan for plan in plans for template in plan.templates
    }
    if state.options.strategy is Strategy.ROOT:
        ids |= {root_id(plan): plan for plan in plans if plan.predecessor is None and plan.templates}
    works = [partial(_own_removed, services.arm(plan.subscription), state, id_) for id_, plan in ids.items()]
    works += [
        partial(_linked_removed, services.arm(state.target.subscription), template, linked.id)
        for template in (*state.templates, *state.rollback.templates)
        for linked in template.linked_deployments
    ]
    results = in_parallel(lambda remove: remove(), works, CALLS_AT_ONCE)
    troubles = [result for result in results if isinstance(result, Trouble)]
    return Tally(history_entries=sum(result is True for result in results)), tuple(troubles)


def _own_removed(arm: ArmGateway, state: DeploymentState, resource_id: str) -> bool | Trouble:
    def remove() -> bool:
        standing = arm.deployment_at(resource_id)
        if standing is None or standing.tags.get(DEPLOYMENT_TAG) != state.deployment_id:
            return False
        arm.delete_deployment(resource_id)
        return True

    return _unless_refused(resource_id, remove)


def _linked_removed(arm: ArmGateway, template: TemplateState, resource_id: str) -> bool | Trouble:
    """A linked deployment has the name that its template gives it: a later one of the same name is in its place, and
    ours is what has the correlation id of its parent."""

    def remove() -> bool:
        standing = arm.deployment_at(resource_id)
        if standing is None or not standing.correlation_id or standing.correlation_id != template.correlation_id:
            return False
        arm.delete_deployment(resource_id)
        return True

    return _unless_refused(resource_id, remove)


def _unless_refused(resource_id: str, remove: Callable[[], bool]) -> bool | Trouble:
    try:
        return remove()
    except FailureError as refused:
        if refused.failure.is_retried:
            raise
        return Trouble.of(resource_id, refused.failure)


def _templates_removed(services: Services, plan: Plan) -> Tally:
    """Delete the container of the deployment's templates, if its account, or its subscription, is still there."""
    try:
        account = services.artifacts.find(services.arm(plan.subscription), plan.location)
    except FailureError as refused:
        if refused.failure.code.lower() in _GONE:
            return Tally()
        raise
    if account is None:
        return Tally()
    return Tally(containers=int(services.artifacts.delete_templates(account, plan.deployment_id)))


@blueprint.activity_trigger(input_name="payload", activity="purge_histories")
@blueprint.durable_client_input(client_name="client")
async def purge_histories(payload: dict[str, Any], client: df.DurableOrchestrationClient) -> dict[str, Any]:
    """`purged` as an activity: only a function with a client of Durable Functions can purge."""
    return await carried_out_with_client("purge_histories", purged, RemovalInput.load(payload), client)


register(blueprint, remove_deployment, RemovalInput)
register(blueprint, forget_deployment, RemovalInput)
