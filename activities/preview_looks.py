"""One look at what Azure tells of a template before it is deployed: asked, waited for within bounds, and kept."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from time import sleep

from activities.preview_requests import PreviewRequest, request_for
from armature.azure.arm import ArmGateway
from armature.azure.models import WhatIfAnswer
from armature.azure.previews import Asked
from armature.azure.services import Services
from armature.bundle import Bundle, BundleError, BundleLimits
from armature.errors import Failure, FailureClass, FailureError, failure
from armature.options import Mode
from armature.placing import placed
from armature.plan import Plan, PlannedTemplate
from armature.preview import PreviewMode, ResourceChange, TemplatePreview, TemplateVerdict
from armature.preview.answers import read_diagnostics
from armature.preview.reading import changes_of
from armature.preview.verdicts import misses_own_group, verdict_of
from armature.state import DeploymentState
from armature.templates.limits import MAX_TEMPLATE_BYTES
from armature.templates.reading import JsonSyntaxError
from armature.templates.template import Template, TemplateShapeError
from armature.zip_bundle import ZipBundle

LOOKS = 8
PAUSE_SECONDS = 2.0
"""How often, and after which pause at most, one activity looks at a what-if before it leaves it to the next: a worker
thread that sleeps is lost to everybody else."""

NEXT_LOOK_SECONDS = 5.0
WHAT_IF_WITHIN = timedelta(minutes=30)
"""Azure expands nested templates for five minutes (What-if limits, 2025-11); what takes so much longer never ends."""

_NEVER_TOLD = failure(
    FailureClass.UNKNOWN,
    "WhatIfTimedOut",
    f"Azure did not end its what-if within {WHAT_IF_WITHIN.seconds // 60} minutes.",
    "Ask again later, or deploy parts of the template as templates of their own.",
)


class Look:
    """One look at a template: asked from the beginning, or at what Azure works on since an earlier one."""

    def __init__(
        self, services: Services, state: DeploymentState, plan: Plan, template: PlannedTemplate, bundle: Bundle
    ) -> None:
        self._services = services
        self._state = state
        self._plan = plan
        self._template = template
        self._bundle = bundle
        self._asked = services.previews.asked(state.deployment_id, template.name, state.run)

    def taken(self) -> float | None:
        """None when what Azure tells is written down, else the seconds until it is to be looked at again.

        Raises:
            FailureError: Azure, or storage, could not be asked; or the template can't be sent.
        """
        is_on_paper = self._asked is not None and self._asked.is_on_paper
        try:
            part = self._told(is_on_paper=is_on_paper)
        except FailureError as refused:
            if is_on_paper or not misses_own_group(refused.failure, self._template.scope):
                raise
            part = self._told(is_on_paper=True)
        if part is None:
            wait = self._asked.wait_seconds if self._asked else None
            return NEXT_LOOK_SECONDS if wait is None else wait
        keep_part(self._services, self._state, self._template, part)
        return None

    def _told(self, *, is_on_paper: bool) -> TemplatePreview | None:
        request = request_for(self._services, self._plan, self._template, self._bundle, is_on_paper=is_on_paper)
        arm = self._services.arm(self._plan.asked_in(request.scope))
        try:
            if mode_of(self._state) is PreviewMode.VALIDATE:
                arm.validate_deployment(request.scope, request.name, request.body)
                return part_of(self._state, self._template, request)
            answer = self._what_if(arm, request)
        except FailureError as refused:
            if refused.failure.is_retried:
                raise
            if not is_on_paper and misses_own_group(refused.failure, self._template.scope):
                raise
            return self._refused(request, refused.failure)
        if answer is None or answer.properties is None:
            return None
        changes = changes_of(answer.properties, self._template.name, self._state.options.tags)
        own_group = self._template.scope.resource_id.lower() if request.group else ""
        return part_of(
            self._state,
            self._template,
            request,
            changes=tuple(change for change in changes if change.id.lower() != own_group),
            diagnostics=read_diagnostics(answer.properties),
        )

    def _what_if(self, arm: ArmGateway, request: PreviewRequest) -> WhatIfAnswer | None:
        """What Azure tells; None while it works on it."""
        asked = self._asked
        now = datetime.now(UTC)
        if asked is not None and asked.location is not None:
            if now - asked.at > WHAT_IF_WITHIN:
                raise FailureError(_NEVER_TOLD)
            answer = self._looked_at(arm, asked.location)
        else:
            answer = arm.begin_what_if(request.scope, request.name, request.body)
            asked = Asked(run=self._state.run, at=now, is_on_paper=request.group is not None)
        for _ in range(LOOKS):
            if answer.location is None:
                return answer
            pause = answer.retry_after_seconds
            sleep(PAUSE_SECONDS if pause is None else min(pause, PAUSE_SECONDS))
            answer = self._looked_at(arm, answer.location)
        if answer.location is None:
            return answer
        self._asked = asked.model_copy(update={"location": answer.location, "wait_seconds": answer.retry_after_seconds})
        self._services.previews.save_asked(self._state.deployment_id, self._template.name, self._asked)
        return None

    def _looked_at(self, arm: ArmGateway, location: str) -> WhatIfAnswer:
        """The answer at a place; what Azure has forgotten, or refuses, is not looked at there again."""
        try:
            answer = arm.what_if_at(location)
        except FailureError as refused:
            if refused.failure.code == "WhatIfForgotten" or not refused.failure.is_retried:
                self._services.previews.forget_asked(self._state.deployment_id, self._template.name)
            raise
        still = answer.properties is None and answer.location is None
        return answer.model_copy(update={"location": location}) if still else answer

    def _refused(self, request: PreviewRequest, why: Failure) -> TemplatePreview:
        return part_of(self._state, self._template, request, failure=self._placed(request, why), plan=self._plan)

    def _placed(self, request: PreviewRequest, why: Failure) -> Failure:
        """The failure with its place in the bundle. Of a template that was sent inside of another, or with others
        inside, Azure's own places are those of what was sent."""
        if request.is_wrapped or self._template.linked_paths:
            causes = tuple(cause.model_copy(update={"violation": None}) for cause in why.causes)
            why = why.model_copy(update={"causes": causes})
        templates: dict[str, Template] = {}
        for path in (self._template.path, *self._template.linked_paths):
            try:
                templates[path] = Template.read(self._bundle.read(path, MAX_TEMPLATE_BYTES), file=path)
            except (BundleError, JsonSyntaxError, TemplateShapeError):
                continue  # a place is a help: the failure is told without
        known = {name: binding.value for name, binding in self._template.parameters.items() if binding.kind == "value"}
        return placed(why, templates, self._template.path, known, self._template.scope.resource_id)


@contextmanager
def open_bundle(services: Services, state: DeploymentState, plan: Plan) -> Iterator[Bundle]:
    """The bundle that the plan was made from.

    Raises:
        FailureError: it is not there any more, or not as it was.
    """
    try:
        file = services.bundles.open(state.bundle, plan.source.etag if plan.source else None)
        with closing(ZipBundle(file, BundleLimits.of(services.settings))) as bundle:
            yield bundle
    except BundleError as refused:
        raise FailureError(failure(FailureClass.UNKNOWN, "BundleUnreadable", str(refused)[:500])) from refused


def mode_of(state: DeploymentState) -> PreviewMode:
    """What Azure is asked for a deployment: also of one that is to be deployed, what would change."""
    return PreviewMode.VALIDATE if state.options.mode is Mode.VALIDATE else PreviewMode.WHAT_IF


def part_of(
    state: DeploymentState,
    template: PlannedTemplate,
    request: PreviewRequest | None,
    *,
    plan: Plan | None = None,
    failure: Failure | None = None,
    changes: tuple[ResourceChange, ...] = (),
    diagnostics: tuple[str, ...] = (),
) -> TemplatePreview:
    """What is kept of a template."""
    verdict = TemplateVerdict.UNKNOWN
    if failure is None:
        verdict = TemplateVerdict.ACCEPTED
    elif request is not None:
        has_others = plan is not None and len(plan.templates) > 1
        verdict = verdict_of(failure, is_open=bool(request.needs), has_others=has_others)
    return TemplatePreview(
        template=template.name,
        run=state.run,
        verdict=verdict,
        from_predecessor=request.from_predecessor if request else (),
        foreseen=request.foreseen if request else (),
        needs=request.needs if request else (),
        in_new_groups=(template.scope.resource_id,) if request and request.group else (),
        diagnostics=diagnostics,
        failure=failure,
        changes=changes,
    )


def done_part(state: DeploymentState, template: PlannedTemplate) -> TemplatePreview:
    """What is kept of a template that is deployed already: nothing of it would change."""
    return TemplatePreview(template=template.name, run=state.run, verdict=TemplateVerdict.ACCEPTED)


def keep_part(services: Services, state: DeploymentState, template: PlannedTemplate, part: TemplatePreview) -> None:
    """Keep what was told of a template. What Azure works on is kept in mind only while asking again can help."""
    services.previews.save_part(state.deployment_id, part)
    if part.failure is None or not part.failure.is_retried:
        services.previews.forget_asked(state.deployment_id, template.name)
