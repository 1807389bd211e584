"""What existed before: looked at and written down before anything is touched, as the proof that a rollback acts on."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from activities.packages import SITE_ID
from activities.parallel import in_parallel
from activities.standing import DEPLOYMENT_TAG
from armature.azure.arm.ids import resource_type_of
from armature.azure.arm.soft_deletion import keeps_its_name
from armature.azure.models import DeploymentBody
from armature.azure.services import Services
from armature.errors import Failure, FailureClass, FailureError, Recovery, failure
from armature.fingerprints import fingerprint
from armature.plan import Plan, PlannedTemplate
from armature.surveying import (
    GroupSurvey,
    Proofs,
    Sighting,
    TargetSurvey,
    TemplateSurvey,
    group_of,
    is_deployment,
    subscription_of,
)


def survey_target(services: Services, plan: Plan) -> None:
    """Write down which of the target's resource groups there are, and what is in them. Called before one is made.

    A second run finds the survey written, and leaves it: the first that was written stands.

    Raises:
        FailureError: ARM, or storage, could not be asked; ask again later.
    """
    if services.rollbacks.target_survey(plan.deployment_id) is not None:
        return
    at = datetime.now(UTC)
    groups = {t.scope.resource_id.lower(): t.scope for t in plan.templates if t.scope.resource_group}
    found = []
    for scope in groups.values():
        arm, name = services.arm(plan.asked_in(scope)), scope.resource_group or ""
        is_there = arm.get_resource_group(name) is not None
        held = tuple(resource.id for resource in arm.list_resources(name)) if is_there else ()
        found.append(GroupSurvey(id=scope.resource_id, existed=is_there, resources=held))
    services.rollbacks.save_target_survey(plan.deployment_id, TargetSurvey(at=at, groups=tuple(found)))


def survey_template(services: Services, plan: Plan, template: PlannedTemplate, body: DeploymentBody) -> None:
    """Write down what exists of all that a template will write. Called before ARM is first handed the template.

    ARM's validation tells the resources; each is read, unless its resource group is not there. What ARM refuses for
    good is left for the deployment itself to tell. A second run goes on where the first was, and reads nothing that was
    seen: what it would see then may be the deployment's own work. One that was blind is made anew while ARM has not
    begun the template.

    Raises:
        FailureError: ARM, or storage, could not be asked, or asks to be left in peace. What was seen is kept.
    """
    try:
        _survey_template(services, plan, template, body)
    except FailureError as refused:
        raise FailureError(uncounted(refused.failure)) from refused


def uncounted(why: Failure) -> Failure:
    """The failure of a look, such that it costs no attempt of the template when ARM only asks to be left in peace: what
    was seen is kept, and a large template may need many looks."""
    if why.failure_class is not FailureClass.THROTTLED:
        return why
    return why.model_copy(update={"recovery": Recovery.OUTWAIT})


def _survey_template(services: Services, plan: Plan, template: PlannedTemplate, body: DeploymentBody) -> None:
    survey = services.rollbacks.template_survey(plan.deployment_id, template.name)
    if survey is None or survey.is_blind:
        ids = None if _has_begun(services, plan, template) else _validated(services, plan, template, body)
        if ids is None:
            return
        survey = TemplateSurvey(template=template.name, ids=ids)
    elif not survey.left:
        return
    target = services.rollbacks.target_survey(plan.deployment_id)
    known = groups_of_others(services, plan) if survey.left else []
    seen, why = _looked_at(services, plan.asked_in(template.scope), survey, target, known)
    if why is None:
        seen = _with_free_names(services, seen)
    services.rollbacks.add_sightings(plan.deployment_id, seen)
    if why is not None:
        raise FailureError(why)


def groups_of_others(services: Services, plan: Plan) -> list[str]:
    """The ids of those resource groups among the ensured ones that the deployment found, and did not make.

    What it makes bears its tag. So one that a read of ARM missed, which can lag behind a write, is not taken for new.

    Raises:
        FailureError: ARM could not be asked.
    """
    others = []
    target = services.rollbacks.target_survey(plan.deployment_id)
    there = {group.id.lower() for group in target.groups if group.existed} if target else set()
    for wanted in plan.resource_groups_to_ensure:
        group_id = plan.group_id(wanted)
        if group_id.lower() in there:
            others.append(group_id)
            continue
        group = services.arm(plan.asked_in(wanted)).get_resource_group(wanted.name)
        if group is not None and group.tags.get(DEPLOYMENT_TAG) != plan.deployment_id:
            others.append(group_id)
    return others


def _has_begun(services: Services, plan: Plan, template: PlannedTemplate) -> bool:
    """Whether ARM has worked on the template already, for this deployment: it is too late then to tell what existed."""
    arm = services.arm(plan.asked_in(template.scope))
    standing = arm.get_deployment(template.scope, template.deployment_name)
    return standing is not None and standing.tags.get(DEPLOYMENT_TAG) == plan.deployment_id


def _validated(
    services: Services, plan: Plan, template: PlannedTemplate, body: DeploymentBody
) -> tuple[str, ...] | None:
    """What the template will write; None when ARM refuses the template, as it will refuse the deployment."""
    arm = services.arm(plan.asked_in(template.scope))
    try:
        ids = arm.validate_deployment(template.scope, template.deployment_name, body)
    except FailureError as refused:
        if refused.failure.recovery is Recovery.FAIL:
            return None
        raise
    return tuple({id_.lower(): id_ for id_ in ids if not is_deployment(id_)}.values())


def _looked_at(
    services: Services, subscription: str, survey: TemplateSurvey, target: TargetSurvey | None, known: Sequence[str]
) -> tuple[TemplateSurvey, Failure | None]:
    """The survey with a sighting of each resource, groups first but for the `known` ones, which exist; with the failure
    of a look that is worth another."""
    groups = {group.lower(): group for id_ in survey.left if (group := group_of(id_))}
    proofs = Proofs(target, [survey], known)
    survey, why = with_looks(services, subscription, survey, [g for g in groups.values() if proofs.existed(g) is None])
    proofs = Proofs(target, [survey], known)
    missing = [id_ for id_ in survey.left if proofs.existed(id_) is False]  # it goes with a group that is not there
    at = datetime.now(UTC)
    survey = survey.with_sightings(Sighting(id=id_, existed=False, at=at) for id_ in missing)
    if why is None:
        survey, why = with_looks(services, subscription, survey, survey.left)
    return survey, why


def _with_free_names(services: Services, survey: TemplateSurvey) -> TemplateSurvey:
    """The survey once it is known of what was absent, and may keep its name when it is deleted, whether it was deleted
    before: a template can recover that, and what is recovered is not this deployment's to purge.

    Raises:
        FailureError: ARM could not be asked.
    """
    ids = [s.id for s in survey.sightings if s.existed is False and s.is_name_free is None and keeps_its_name(s.id)]
    kinds = {(subscription_of(id_) or "", resource_type_of(id_)) for id_ in ids}
    for subscription, resource_type in kinds:
        try:
            taken = services.arm(subscription).soft_deleted_ids(resource_type)
        except FailureError as unseen:
            if unseen.failure.is_retried:
                raise
            continue  # nobody may tell us: then nothing is purged
        asked = {id_.lower() for id_ in ids if resource_type_of(id_).lower() == resource_type.lower()}
        survey = survey.with_free_names(taken, {id_ for id_ in asked if subscription_of(id_) == subscription.lower()})
    return survey


def with_looks(
    services: Services, subscription: str, survey: TemplateSurvey, ids: Sequence[str]
) -> tuple[TemplateSurvey, Failure | None]:
    """The survey with a look at each of `ids`, and the failure of one that is worth another, after which no more are
    begun. `subscription` is asked for what lies in none."""
    failures: list[Failure] = []

    def look(resource_id: str) -> Sighting | None:
        if failures:
            return None
        try:
            return _sighting(services, subscription, resource_id)
        except FailureError as unseen:
            failures.append(unseen.failure)
            return None

    sightings = [sighting for sighting in in_parallel(look, ids) if sighting is not None]
    return survey.with_sightings(sightings), failures[0] if failures else None


def _sighting(services: Services, subscription: str, resource_id: str) -> Sighting:
    try:
        document = content_of(services, subscription, resource_id)
    except FailureError as unseen:
        if unseen.failure.is_retried:
            raise
        return Sighting(id=resource_id, existed=None, at=datetime.now(UTC))  # of a type that can't be read
    mark = None
    if document is not None:
        mark = fingerprint({**document, "settings": _settings(services, subscription, resource_id)})
    return Sighting(id=resource_id, existed=document is not None, fingerprint=mark, at=datetime.now(UTC))


def _settings(services: Services, subscription: str, resource_id: str) -> list[list[str]]:
    """The application settings of a site, which the site itself does not tell: a template that writes the site replaces
    them. Of any other resource, and where they may not be read, nothing."""
    if not SITE_ID.search(resource_id):
        return []
    try:
        settings = services.arm(subscription_of(resource_id) or subscription).app_settings(resource_id)
    except FailureError as unseen:
        if unseen.failure.is_retried:
            raise
        return []
    return sorted([name, value] for name, value in settings.items())


def content_of(services: Services, subscription: str, resource_id: str) -> dict[str, Any] | None:
    """A resource, or a resource group, as ARM tells it; None when it is not there. `subscription` is asked for what
    lies in none.

    Raises:
        FailureError: ARM could not be asked, or does not tell; it is not the id of a resource.
    """
    arm = services.arm(subscription_of(resource_id) or subscription)
    try:
        return arm.read_resource(resource_id)
    except ValueError as odd:
        raise FailureError(failure(FailureClass.UNKNOWN, "ResourceIdUnreadable", str(odd))) from odd
