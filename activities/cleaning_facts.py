"""What the list of mode Complete is made of: what the target resource groups hold, whose it is, what keeps it, and what
a rollback could bring back. Nothing here changes anything."""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial

from activities.parallel import in_parallel
from activities.previous import predecessor_of
from activities.survey import content_of
from activities.undoing import document_at, written_ids
from armature.azure.models import ArmResource
from armature.azure.provisioning import ARTIFACTS_TAG, STORAGE_TYPE
from armature.azure.services import Services
from armature.cleaning import Facts, Foresight, FoundResource, Lock, Owner
from armature.cleaning.changes import named_in
from armature.errors import FailureError
from armature.plan import Plan
from armature.state import DeploymentState, Status
from armature.surveying import group_of, is_group, subscription_of

LOOKED_AT = 200
"""Deployed resources that are read to see what they refer to; of more it is not told."""

USERS_NAMED = 3
GROUPS_NAMED = 5
INTERFACE_TYPE = "microsoft.network/networkinterfaces"
SITE_TYPE = "microsoft.web/sites"

SITE_NAME = "WEBSITE_SITE_NAME"
"""Set by App Service: the name of the site, which no other in the cloud has (Environment variables and app settings in
Azure App Service, 2025)."""

_NOT_LOOKED = "Azure could not be asked about it."


def facts_of(
    services: Services,
    state: DeploymentState,
    plan: Plan,
    foresights: Mapping[str, Foresight],
    *,
    is_after_rollout: bool,
) -> Facts:
    """All that the list is made of, as it stands now. `foresights` are by the template's name.

    Raises:
        FailureError: ARM, or storage, could not be asked; ask again later.
    """
    ours = [id_ for known in foresights.values() for id_ in known.ids]
    ours += state.resources
    unforeseen: tuple[Foresight, ...] = ()
    if is_after_rollout:
        ours += _untold(services, state, plan)
    else:
        unforeseen = tuple(
            known.model_copy(update={"ids": ()})
            for template in plan.templates
            if (known := foresights.get(template.name) or Foresight(template=template.name, unforeseen=_NOT_LOOKED))
            and known.unforeseen
        )
        ours += _previewed(services, state, plan)
        ours += _deployed_before(services, state, {known.template for known in unforeseen})
    groups = _groups(plan, ours)
    keys = {id_.lower() for id_ in ours}
    found = [each for listed in in_parallel(partial(listed_in, services), groups) for each in listed]
    own = _own(services, found)
    resources = in_parallel(lambda each: _found(services, each, keys), found)
    used_by = _users(services, found, keys)
    locks, notes = _locks(services, groups)
    previous_id, restorable = _restorable(services, state)
    notes += _left_behind(previous_id, restorable, groups, keys)
    return Facts(
        groups=tuple(groups),
        found=resources,
        ours=ours,
        others=_others(services, state),
        own=own,
        locks=locks,
        restorable=restorable,
        previous=previous_id,
        unforeseen=unforeseen,
        used_by=used_by,
        notes=notes,
    )


def _previewed(services: Services, state: DeploymentState, plan: Plan) -> list[str]:
    """What the templates write by what Azure's what-if told of them in this run: it looks also at those that need an
    output which is not there yet."""
    names = [template.name for template in plan.templates]
    parts = in_parallel(partial(services.previews.part, state.deployment_id), names)
    changes = [change for part in parts if part is not None and part.run == state.run for change in part.changes]
    return [change.id for change in changes if change.kind.is_written]


def _deployed_before(services: Services, state: DeploymentState, templates: Collection[str]) -> list[str]:
    """What these templates have deployed in the deployment before: of what nobody can foresee of them that is the best
    guess. What they deploy no more is on the list after the rollout, and asked about then."""
    previous_id = _previous_id(services, state) if templates else None
    previous = services.deployments.state(previous_id) if previous_id else None
    shown = previous.templates if previous else ()
    return [id_ for template in shown if template.name in templates for id_ in template.resources]


def _left_behind(
    previous_id: str | None, deployed: Iterable[str], groups: Iterable[str], ours: set[str]
) -> tuple[str, ...]:
    """That the deployment before has deployed something to groups that are no target now: it is not deleted."""
    targets = {group.lower() for group in groups}
    left = [id_.lower() for id_ in deployed if id_.lower() not in ours and not is_group(id_)]
    elsewhere = sorted({group for id_ in left if (group := group_of(id_)) is not None and group not in targets})
    names = ", ".join(group.rpartition("/")[2] for group in elsewhere[:GROUPS_NAMED])
    more = ", …" if len(elsewhere) > GROUPS_NAMED else ""
    told = f"What {previous_id} deployed to {names}{more} stays: no template goes to these resource groups any more."
    return (told,) if elsewhere else ()


def _untold(services: Services, state: DeploymentState, plan: Plan) -> list[str]:
    """What templates have written of which ARM has told no output resources: one that counts as done though a part of
    it failed, since it was there already, has none."""
    silent = {shown.name for shown in state.templates if not shown.resources}
    templates = [each for each in plan.templates if each.name in silent and each.resource_count]
    return [id_ for ids in in_parallel(lambda each: written_ids(services, plan, each), templates) for id_ in ids]


def _groups(plan: Plan, ours: Iterable[str]) -> list[str]:
    """The ids of the target resource groups, each once: those of the templates' scopes, and those that templates
    deploy themselves. One that a template only reaches into by a deployment of its own is none."""
    scopes = [template.scope.resource_id for template in plan.templates if template.scope.resource_group]
    ensured = [plan.group_id(group) for group in plan.resource_groups_to_ensure]
    made = [id_ for id_ in ours if is_group(id_)]
    return list({id_.lower(): id_ for id_ in (*made, *ensured, *scopes)}.values())


def listed_in(services: Services, group: str) -> tuple[ArmResource, ...]:
    """What a resource group (its id) holds; nothing when it is not there."""
    return services.arm(subscription_of(group) or "").list_resources(group.rpartition("/")[2])


def _found(services: Services, each: ArmResource, ours: set[str]) -> FoundResource:
    """A listed resource; of an interface that no template deploys, with the private endpoint that it is of."""
    part_of = None
    if each.type.lower() == INTERFACE_TYPE and each.id.lower() not in ours:
        part_of = _endpoint_of(services, each.id)
    return found_resource(each).model_copy(update={"part_of": part_of})


def found_resource(each: ArmResource) -> FoundResource:
    """A resource as its group's list shows it."""
    return FoundResource(
        id=each.id,
        type=each.type,
        name=each.name,
        location=each.location,
        kind=each.kind,
        tags=each.tags,
        managed_by=each.managed_by or None,
        created_at=each.created_at,
        changed_at=each.changed_at,
    )


def _users(services: Services, found: Sequence[ArmResource], ours: set[str]) -> dict[str, tuple[str, ...]]:
    """What of the groups the templates do not deploy, and something that they deploy refers to: by id in lower case,
    with the ids of the first that do."""
    strangers = {each.id.lower() for each in found} - ours
    deployed = [each.id for each in found if each.id.lower() in ours][:LOOKED_AT] if strangers else []
    documents = in_parallel(lambda id_: document_at(services, subscription_of(id_) or "", id_), deployed)
    users: dict[str, list[str]] = defaultdict(list)
    for id_, document in zip(deployed, documents, strict=True):
        for named in named_in(document, strangers):
            users[named].append(id_)
    return {key: tuple(ids[:USERS_NAMED]) for key, ids in users.items()}


def _endpoint_of(services: Services, interface_id: str) -> str | None:
    try:
        document = content_of(services, subscription_of(interface_id) or "", interface_id)
    except FailureError as unseen:
        if unseen.failure.is_retried:
            raise
        return None
    endpoint = ((document or {}).get("properties") or {}).get("privateEndpoint") or {}
    return endpoint.get("id")


def _own(services: Services, found: Iterable[ArmResource]) -> dict[str, str]:
    """What of this is Armature's own, by id in lower case, with what it is. Where the app or its storage lies, all else
    may be what it runs on: its plan, its identity, its logs."""
    listed = list(found)
    homes = {group_of(each.id.lower()) for each in listed if _is_of_the_app(services, each)}
    own = {}
    for each in listed:
        if ARTIFACTS_TAG in each.tags:
            own[each.id.lower()] = "It is an artifact storage account of Armature."
        elif _is_of_the_app(services, each):
            own[each.id.lower()] = "It is Armature's own."
        elif group_of(each.id.lower()) in homes:
            own[each.id.lower()] = "It lies in the resource group of Armature itself."
    return own


def _is_of_the_app(services: Services, each: ArmResource) -> bool:
    """True of the app's own storage account, and of the site that it runs as."""
    if each.type.lower() == STORAGE_TYPE.lower():
        return each.name.lower() == services.app_name.lower()
    return each.type.lower() == SITE_TYPE and each.name.lower() == os.environ.get(SITE_NAME, "").lower()


def _locks(services: Services, groups: Iterable[str]) -> tuple[list[Lock], tuple[str, ...]]:
    found: list[Lock] = []
    notes: list[str] = []
    for subscription in dict.fromkeys(subscription_of(group) or "" for group in groups):
        try:
            locks = services.arm(subscription).list_locks()
        except FailureError as unseen:
            if unseen.failure.is_retried:
                raise
            why = f"{unseen.failure.code}: {unseen.failure.message}"
            notes.append(f"The locks of the subscription {subscription} could not be read, and are not shown. {why}")
            continue
        found += [Lock(id=lock.id, scope=lock.scope, level=lock.level) for lock in locks]
    return found, tuple(notes)


def _restorable(services: Services, state: DeploymentState) -> tuple[str | None, tuple[str, ...]]:
    """The deployment that a rollback would go back to, and what its templates deploy; nothing when they are gone."""
    previous_id = _previous_id(services, state)
    previous, _ = predecessor_of(services, previous_id)
    shown = services.deployments.state(previous_id) if previous is not None and previous_id else None
    return previous_id, shown.resources if shown else ()


def _previous_id(services: Services, state: DeploymentState) -> str | None:
    previous_id = state.rollback.previous_deployment_id
    if previous_id is None and state.lineage is not None:
        previous_id = services.deployments.lineage(state.lineage.key).predecessor_of(state.deployment_id)
    return previous_id


def _others(services: Services, state: DeploymentState) -> dict[str, Owner]:
    """What other lineages have deployed, by id in lower case: their last completed deployments, and what had its turn
    in them since. Of one that has not completed (it may be at work just now) also what it may have written."""
    mine = state.lineage.key if state.lineage else None
    keys = [key for key in services.deployments.lineage_keys() if key != mine]
    wanted: dict[str, None] = {}
    for record in in_parallel(services.deployments.lineage, keys):
        wanted.update(dict.fromkeys(filter(None, (*record.completed[-1:], record.latest))))
    states = in_parallel(services.deployments.state, list(wanted))
    standing = [other for other in states if other is not None and other.status is not Status.ROLLED_BACK]
    unfinished = [other.deployment_id for other in standing if other.status is not Status.COMPLETED]
    surveyed = dict(zip(unfinished, in_parallel(services.rollbacks.surveyed_ids, unfinished), strict=True))
    return {
        id_.lower(): Owner(
            deployment_id=other.deployment_id, project=other.project or "", environment=other.environment or ""
        )
        for other in standing
        for id_ in (*surveyed.get(other.deployment_id, ()), *other.resources)
    }
