"""Before a template is started anew: what its earlier starts wrote is written down, and what others have made since.

ARM keeps the operations of a template's last start only, and between two starts hours may pass, in which a person makes
by hand what was missing: that existed before the template wrote it, though it did not when the deployment began.
"""

from datetime import UTC, datetime, timedelta
from functools import partial

from activities.parallel import in_parallel
from activities.standing import DEPLOYMENT_TAG
from activities.survey import uncounted
from activities.undoing import document_at, is_sound, keep_earlier_writes
from armature.azure.models import ArmDeployment
from armature.azure.services import Services
from armature.errors import FailureError
from armature.plan import Plan, PlannedTemplate
from armature.rollback import TemplateWrites
from armature.surveying import TemplateSurvey

LOOKED_LATELY = timedelta(minutes=2)
"""A look so young is not made again: a template that is tried again at once costs ARM no reads."""


def note_what_changed(
    services: Services, plan: Plan, template: PlannedTemplate, standing: ArmDeployment | None
) -> None:
    """Write down what earlier starts of the template wrote (`standing` is what ARM's history has under its name), and
    what others have made meanwhile of what it will write. Without a survey there is nothing that a rollback may delete.

    Twice: the same is known; what is there for a while counts as made by others all the more.

    Raises:
        FailureError: ARM, or storage, could not be asked.
    """
    try:
        _note_what_changed(services, plan, template, standing)
    except FailureError as refused:
        raise FailureError(uncounted(refused.failure)) from refused


def _note_what_changed(
    services: Services, plan: Plan, template: PlannedTemplate, standing: ArmDeployment | None
) -> None:
    survey = services.rollbacks.template_survey(plan.deployment_id, template.name)
    if survey is None:
        return
    known = services.rollbacks.earlier_writes(plan.deployment_id, template.name)
    if standing is not None and standing.tags.get(DEPLOYMENT_TAG) == plan.deployment_id:
        known = keep_earlier_writes(services, plan, template)
    known = known or TemplateWrites(template=template.name)
    others = _made_by_others(services, plan, survey, known)
    if others:
        services.rollbacks.add_earlier_writes(plan.deployment_id, known.model_copy(update={"others": tuple(others)}))


def _made_by_others(services: Services, plan: Plan, survey: TemplateSurvey, known: TemplateWrites) -> list[str]:
    """What was absent and is there now, though no start of a template of this deployment made it."""
    until = datetime.now(UTC) - LOOKED_LATELY
    made = {write.id.lower() for write in known.writes if not write.is_refused}
    refused = {write.id.lower() for write in known.writes if write.is_refused}
    absent = [s.id for s in survey.sightings if s.existed is False and s.at < until and s.id.lower() not in made]
    documents = in_parallel(partial(document_at, services, plan.subscription), absent)
    there = [
        id_
        for id_, document in zip(absent, documents, strict=True)
        if document and (id_.lower() not in refused or is_sound(document))
    ]
    shared = _of_other_templates(services, plan, survey.template) if there else set()
    return [id_ for id_ in there if id_.lower() not in shared]


def _of_other_templates(services: Services, plan: Plan, name: str) -> set[str]:
    """What the other templates were about to write: it may be theirs."""
    names = [template.name for template in plan.templates if template.name != name]
    surveys = in_parallel(partial(services.rollbacks.template_survey, plan.deployment_id), names)
    return {id_.lower() for survey in surveys if survey for id_ in survey.ids}
