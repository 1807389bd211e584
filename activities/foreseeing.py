"""What a template would write, told by ARM's validation before anything is deployed."""

from activities.preview_looks import open_bundle
from activities.preview_requests import PreviewRequest, request_for
from armature.azure.services import Services
from armature.cleaning import Foresight
from armature.errors import Failure, FailureError
from armature.plan import Plan, PlannedTemplate
from armature.preview.verdicts import misses_own_group
from armature.state import DeploymentState
from armature.surveying import is_deployment
from armature.templates.hidden_deployments import hidden_deployments

NAMED = 3
_HIDDEN = "Azure looks into deployments that need the state of other resources only when it deploys them: "


def foreseen_ids(services: Services, state: DeploymentState, plan: Plan, template: PlannedTemplate) -> Foresight:
    """The ids of all that the template, and those that it links to, would write; and why not all of it can be told.

    Changes nothing in Azure but that a provider may be registered.

    Raises:
        FailureError: ARM, or storage, could not be asked; ask again later.
    """
    try:
        with open_bundle(services, state, plan) as bundle:
            request = request_for(services, plan, template, bundle, is_on_paper=False)
            try:
                return _validated(services, plan, template, request)
            except FailureError as refused:
                if not misses_own_group(refused.failure, template.scope):
                    raise
            request = request_for(services, plan, template, bundle, is_on_paper=True)
            return _validated(services, plan, template, request)
    except FailureError as refused:
        if refused.failure.is_retried:
            raise
        return Foresight(template=template.name, unforeseen=_words(refused.failure))


def _validated(services: Services, plan: Plan, template: PlannedTemplate, request: PreviewRequest) -> Foresight:
    if request.needs:
        needed = ", ".join(need.partition(" = ")[2] for need in request.needs)
        return Foresight(template=template.name, unforeseen=f"It needs {needed}, which is not there yet.")
    arm = services.arm(plan.asked_in(request.scope))
    ids = arm.validate_deployment(request.scope, request.name, request.body)
    on_paper = template.scope.resource_id.lower() if request.group else ""
    kept = {id_.lower(): id_ for id_ in ids if not is_deployment(id_) and id_.lower() != on_paper}
    hidden = hidden_deployments(request.body.template or {})
    return Foresight(template=template.name, ids=tuple(kept.values()), unforeseen=_words_of_hidden(hidden))


def _words_of_hidden(hidden: tuple[str, ...]) -> str:
    more = ", …" if len(hidden) > NAMED else ""
    return f"{_HIDDEN}{', '.join(hidden[:NAMED])}{more}." if hidden else ""


def _words(why: Failure) -> str:
    return f"{why.code}: {why.message}"
