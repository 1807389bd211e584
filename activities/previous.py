"""Which previous versions a rollback deploys again, and why there are none."""

from activities.undoing import existing
from armature.azure.artifacts import templates_container
from armature.azure.services import Services
from armature.messages import DeploymentStep
from armature.plan import Plan, PlannedTemplate
from armature.previous_versions import plan_of_rollback
from armature.rollback import Undoing
from armature.surveying import owners_of


def kept_plan(services: Services, deployment_id: str) -> Plan | None:
    """The plan of a deployment; None when it was not prepared, or is no longer kept."""
    try:
        return services.deployments.plan(deployment_id)
    except KeyError:
        return None


def predecessor_of(services: Services, predecessor_id: str | None) -> tuple[Plan | None, str | None]:
    """The plan of the deployment to go back to, if its templates are kept; or why there is nothing to go back to.

    Raises:
        FailureError: ARM, or storage, could not be asked.
    """
    if predecessor_id is None:
        return None, "No earlier deployment of the lineage has completed."
    predecessor = kept_plan(services, predecessor_id)
    if predecessor is None:
        return None, f"The plan of the previous deployment {predecessor_id} is no longer kept."
    account = services.artifacts.find(services.arm(predecessor.subscription), predecessor.location)
    if account is None or not services.artifacts.has_container(account, templates_container(predecessor_id)):
        return None, f"The templates of the previous deployment {predecessor_id} are no longer kept."
    return predecessor, None


def planned_again(
    services: Services,
    work: DeploymentStep,
    plan: Plan,
    predecessor: Plan | None,
    names: tuple[str, ...],
    undoing: Undoing,
) -> tuple[PlannedTemplate, ...]:
    """The previous versions to deploy again: of the templates `names`, which were started, and of those that lost
    something by it, or of which mode Complete has deleted something. The plan that was kept first stands.

    Raises:
        FailureError: ARM, or storage, could not be asked.
    """
    if predecessor is None:
        return ()
    lost = _robbed(services, predecessor, set(names), undoing) | _cleared_away(services, plan, predecessor)
    planned = plan_of_rollback(plan, predecessor, [*names, *lost], work.rollback)
    return services.deployments.save_plan(planned, work.plan_id).templates if planned.templates else ()


def _cleared_away(services: Services, plan: Plan, predecessor: Plan) -> set[str]:
    """Templates of which mode Complete has deleted something: the bundle of the deployment does not have them."""
    deleted = {id_.lower() for id_ in services.clean_ups.deleted(plan.deployment_id)}
    if not deleted:
        return set()
    shown = services.deployments.state(predecessor.deployment_id)
    templates = shown.templates if shown else ()
    return {template.name for template in templates if any(id_.lower() in deleted for id_ in template.resources)}


def _robbed(services: Services, predecessor: Plan, names: set[str], undoing: Undoing) -> set[str]:
    """Templates that were not started, of which something is gone that belongs to what was written.

    A write of a whole resource can take the children with it that it does not list, as that of a virtual network does
    with subnets which are deployed by themselves (Virtual Networks reference, 2024-05-01).
    """
    shown = services.deployments.state(predecessor.deployment_id)
    written = {change.id.lower() for change in undoing.changes}
    parts = {
        id_: template.name
        for template in (shown.templates if shown else ())
        if template.name not in names
        for id_ in template.resources
        if any(owner.lower() in written for owner in owners_of(id_))
    }
    there = existing(services, predecessor.subscription, parts)
    return {name for id_, name in parts.items() if id_.lower() not in there}
