"""What a deployment did in Azure, found out from the operations of its ARM deployments and of what they linked to."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from activities.packages import SITE_ID, STORAGE_BLOB_DATA_READER, packages_scope
from activities.parallel import in_parallel
from activities.survey import content_of, groups_of_others
from armature.azure.arm.roles import role_assignment_id
from armature.azure.models import ArmOperation, ArmResource
from armature.azure.services import Services
from armature.deletions import DeletionStatus
from armature.errors import FailureError
from armature.messages import DeploymentStep
from armature.plan import Plan, PlannedTemplate
from armature.rollback import Deletion, Doer, TemplateWrites, Undoing, Write, undoing_of
from armature.state import DeploymentState, Status
from armature.surveying import Proofs, group_of, is_top_level, subscription_of


def undoing_found(
    services: Services,
    work: DeploymentStep,
    plan: Plan,
    state: DeploymentState,
    names: Sequence[str],
    no_previous: str | None,
) -> Undoing:
    """What the deployment did with the templates `names`, and what of it is to be undone; kept by its first run.

    Raises:
        FailureError: ARM, or storage, could not be asked. What was found so far is kept.
    """
    known = services.rollbacks.undoing(work)
    if known is not None:
        return known
    found = writes_of(services, work, plan, names)
    others = [id_ for one in found for id_ in one.others]
    earlier = (*_made_before(services, state), *groups_of_others(services, plan))
    proofs = services.rollbacks.proofs(work.deployment_id, earlier, others)
    lost = {one.template for one in found if not one.is_whole}
    writes = [write for one in found for write in one.writes]
    writes += _untold(services, work, plan, state, lost & set(names), {write.id.lower() for write in writes})
    deleted = _deleted_before(services, work)
    writes = [write for write in writes if write.id.lower() not in deleted]
    groups = [id_ for id_ in made_groups(services, plan, proofs) if id_.lower() not in deleted]
    created_at = _created_at(services, [write.id for write in writes])
    undoing = undoing_of(
        _still_there(services, plan, proofs, writes, created_at),
        [doer for one in found for doer in one.doers],
        proofs,
        created_at=created_at,
        also_created=groups,
        claimed=_claimed_by_others(services, state),
    )
    granted = _grants(services, plan, names, undoing.deletions)
    undoing = undoing.model_copy(update={"no_previous": no_previous, "deletions": (*granted, *undoing.deletions)})
    return services.rollbacks.save_undoing(work, undoing)


def _claimed_by_others(services: Services, state: DeploymentState) -> dict[str, str]:
    """What deployments of other lineages have deployed since this one was accepted, by id in lower case, with the id of
    the deployment."""
    recent = [
        summary.deployment_id
        for summary in services.deployments.summaries()
        if summary.updated_at >= state.created_at and summary.status is not Status.ROLLED_BACK
    ]
    mine = state.lineage.key if state.lineage else None
    others = [other for other in in_parallel(services.deployments.state, recent) if other]
    return {
        id_.lower(): other.deployment_id
        for other in others
        if other.deployment_id != state.deployment_id and (other.lineage is None or other.lineage.key != mine)
        for id_ in other.resources
    }


def _deleted_before(services: Services, work: DeploymentStep) -> set[str]:
    """What earlier rollbacks of the deployment have deleted, in lower case. It deploys nothing after the first of them:
    what is there under such an id somebody else has made."""
    earlier = (work.model_copy(update={"rollback": number}) for number in range(1, work.rollback))
    states = [state for step in earlier for state in services.rollbacks.deletions(step).states.values()]
    return {state.id.lower() for state in states if state.status is DeletionStatus.GONE}


def writes_of(services: Services, work: DeploymentStep, plan: Plan, names: Iterable[str]) -> list[TemplateWrites]:
    """What the ARM deployments of the templates `names` of `plan` wrote; each is looked for once in a rollback.

    `plan` is the deployment's own, or the rollback's of previous versions.
    """
    chosen = [template for template in plan.templates if template.name in set(names)]
    return in_parallel(partial(_writes, services, work, plan), chosen)


def _still_there(
    services: Services, plan: Plan, proofs: Proofs, writes: Sequence[Write], created_at: Mapping[str, datetime]
) -> list[Write]:
    """The writes, without those of what is not there that nothing else tells of.

    What ARM refused to create, and what is there in good order all the same, is not known to be this deployment's.
    """
    succeeded = {write.id.lower() for write in writes if write.is_succeeded}
    looked_for = {
        write.id.lower(): write.id
        for write in writes
        if (existed := proofs.existed(write.id)) is None or (existed is False and write.id.lower() not in succeeded)
    }
    documents = in_parallel(partial(document_at, services, plan.subscription), list(looked_for.values()))
    found = dict(zip(looked_for, documents, strict=True))

    def is_doubtful(write: Write) -> bool:
        key = write.id.lower()
        if not write.is_refused or key in succeeded or key in created_at:
            return False
        document = found.get(key)
        return bool(document) and is_sound(document or {})

    return [
        write.model_copy(update={"is_told": False}) if is_doubtful(write) else write
        for write in writes
        if write.id.lower() not in found or found[write.id.lower()] is not None
    ]


def is_sound(document: Mapping[str, Any]) -> bool:
    """Whether a resource, as ARM tells it, is neither half made nor failed, as far as its provider tells that."""
    state = str((document.get("properties") or {}).get("provisioningState") or "succeeded")
    return state.lower() == "succeeded"


def document_at(services: Services, subscription: str, resource_id: str) -> dict[str, Any] | None:
    """The resource, or something empty for what can't be read: it may be there."""
    try:
        return content_of(services, subscription, resource_id)
    except FailureError as unseen:
        if unseen.failure.is_retried:
            raise
        return {}


def existing(services: Services, subscription: str, ids: Iterable[str]) -> set[str]:
    """Those that are there, in lower case; also what can't be read may be there."""

    def is_there(resource_id: str) -> bool:
        try:
            return content_of(services, subscription, resource_id) is not None
        except FailureError as unseen:
            if unseen.failure.is_retried:
                raise
            return True

    wanted = list({id_.lower(): id_ for id_ in ids}.values())
    return {id_.lower() for id_, there in zip(wanted, in_parallel(is_there, wanted), strict=True) if there}


def keep_earlier_writes(services: Services, plan: Plan, template: PlannedTemplate) -> TemplateWrites:
    """Write down what the start of a template that stands in ARM's history wrote, before the next takes its place.

    Answers all that is known of its starts. Twice: the same is known.

    Raises:
        FailureError: ARM, or storage, could not be asked.
    """
    found = _read_writes(services, plan, template)
    services.rollbacks.add_earlier_writes(plan.deployment_id, found)
    return services.rollbacks.earlier_writes(plan.deployment_id, template.name) or found


def _writes(services: Services, work: DeploymentStep, plan: Plan, template: PlannedTemplate) -> TemplateWrites:
    is_again = plan.predecessor is not None
    known = services.rollbacks.writes(work, template.name, is_again=is_again)
    if known is None:
        known = _read_writes(services, plan, template)
        earlier = None if is_again else services.rollbacks.earlier_writes(plan.deployment_id, template.name)
        known = earlier.with_more(known) if earlier else known
        services.rollbacks.save_writes(work, known, is_again=is_again)
    return known


def written_ids(services: Services, plan: Plan, template: PlannedTemplate) -> tuple[str, ...]:
    """What a template's ARM deployment, and those that it linked to, wrote or were refused to write, as their
    operations tell.

    Raises:
        FailureError: ARM could not be asked.
    """
    return tuple(dict.fromkeys(write.id for write in _read_writes(services, plan, template).writes))


def _read_writes(services: Services, plan: Plan, template: PlannedTemplate) -> TemplateWrites:
    root = template.scope.deployment_id(template.deployment_name)
    earlier = (plan.template(name) for name in template.depends_on)
    after = tuple(t.scope.deployment_id(t.deployment_name) for t in earlier)
    waiting, seen = [Doer(id=root, after=after)], {root.lower()}
    writes: list[Write] = []
    doers: list[Doer] = []
    is_whole = True
    while waiting:
        doer = waiting.pop()
        arm = services.arm(subscription_of(doer.id) or plan.asked_in(template.scope))
        deployment = arm.deployment_at(doer.id)
        is_whole = is_whole and deployment is not None
        doers.append(doer.model_copy(update={"before": deployment.dependencies}) if deployment else doer)
        for operation in arm.operations_at(doer.id):
            if operation.target_id is None or operation.kind.lower() != "create":
                continue
            if not operation.is_linked_deployment:
                writes.append(_write(operation, operation.target_id, doer, template))
            elif operation.target_id.lower() not in seen:
                seen.add(operation.target_id.lower())
                waiting.append(Doer(id=operation.target_id, part_of=doer.id))
    return TemplateWrites(template=template.name, writes=tuple(writes), doers=tuple(doers), is_whole=is_whole)


def _write(operation: ArmOperation, target_id: str, doer: Doer, template: PlannedTemplate) -> Write:
    at, duration = operation.timestamp, operation.duration
    return Write(
        id=target_id,
        is_succeeded=operation.provisioning_state.lower() == "succeeded",
        is_refused=operation.is_failed,
        at=at,
        since=at - duration if at and duration is not None else None,
        by=doer.id,
        template=template.name,
    )


def _made_before(services: Services, state: DeploymentState) -> tuple[str, ...]:
    """What the deployment to go back to had made, as far as its state is kept."""
    previous_id = state.rollback.previous_deployment_id
    previous = services.deployments.state(previous_id) if previous_id else None
    return previous.resources if previous else ()


def _untold(
    services: Services, work: DeploymentStep, plan: Plan, state: DeploymentState, names: Iterable[str], told: set[str]
) -> list[Write]:
    """What these templates were to make, of which the operations may not tell, for ARM has lost some: as writes that
    may have been. When they were made is all that tells whether they were."""
    shown = {template.name: template for template in state.templates}
    return [
        Write(
            id=sighting.id,
            is_succeeded=False,
            is_told=False,
            since=sighting.at,
            at=shown[name].finished_at if name in shown else None,
            by=plan.template(name).scope.deployment_id(plan.template(name).deployment_name),
            template=name,
        )
        for name in names
        if (survey := services.rollbacks.template_survey(work.deployment_id, name))
        for sighting in survey.sightings
        if sighting.existed is False and sighting.id.lower() not in told
    ]


def made_groups(services: Services, plan: Plan, proofs: Proofs) -> list[str]:
    """The resource groups that the deployment ensured, that were not there before, and that are there now."""
    wanted = (plan.group_id(group) for group in plan.resource_groups_to_ensure)
    made = [group_id for group_id in wanted if proofs.existed(group_id) is False]
    there = existing(services, plan.subscription, made)
    return [group_id for group_id in made if group_id.lower() in there]


def _grants(
    services: Services, plan: Plan, names: Iterable[str], deletions: Sequence[Deletion]
) -> tuple[Deletion, ...]:
    """The roles to read packages that the app gave to identities which are to go: no operation of ARM tells of them."""
    sites = [deletion.id for deletion in deletions if SITE_ID.search(deletion.id)]
    if not sites or not any(plan.template(name).uses_packages for name in names):
        return ()
    going = {deletion.id.lower() for deletion in deletions}
    scope = packages_scope(services, plan)
    documents = in_parallel(partial(document_at, services, plan.subscription), sites)
    identities = [document.get("identity") or {} for document in documents if document]
    principals = {identity.get("principalId") for identity in identities}
    principals |= {
        assigned.get("principalId")
        for identity in identities
        for id_, assigned in (identity.get("userAssignedIdentities") or {}).items()
        if id_.lower() in going
    }
    roles = [role_assignment_id(scope, str(each), STORAGE_BLOB_DATA_READER) for each in principals if each]
    there = existing(services, plan.subscription, roles)
    return tuple(Deletion(id=role, level=0) for role in roles if role.lower() in there)


def _created_at(services: Services, ids: Iterable[str]) -> dict[str, datetime]:
    """When what the groups of these top-level resources hold was created, by id in lower case, as their lists tell. A
    group whose list may not be read tells nothing."""
    groups = {group.lower(): group for id_ in ids if is_top_level(id_) and (group := group_of(id_))}

    def listed(group: str) -> tuple[ArmResource, ...]:
        try:
            return services.arm(subscription_of(group) or "").list_resources(group.rpartition("/")[2])
        except FailureError as unseen:
            if unseen.failure.is_retried:
                raise
            return ()

    lists = in_parallel(listed, list(groups.values()))
    return {r.id.lower(): r.created_at for resources in lists for r in resources if r.created_at}
