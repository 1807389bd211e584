"""What a deployment would change, asked of Azure: template by template, then merged.

Nothing is changed by it outside of the app's own storage.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

import azure.durable_functions as df

from activities.border import register
from activities.parallel import in_parallel
from activities.preview_looks import Look, done_part, keep_part, mode_of, open_bundle, part_of
from activities.standing import asked_of, state_of
from armature.azure.services import Services
from armature.cleaning import CleanUpList, CleanUpState
from armature.cleaning.rows import heading_of
from armature.errors import Failure, FailureClass, FailureError, failure
from armature.events import Event, EventCode, Level
from armature.messages import (
    DeploymentStep,
    PreviewAnswer,
    PreviewedTemplate,
    PreviewGraphAnswer,
    TemplatePreviewAnswer,
)
from armature.options import Mode
from armature.plan import PlannedTemplate
from armature.preview import ChangeKind, Preview, ResourceChange, TemplatePreview, TemplateVerdict
from armature.preview.dooming import doomed_changes
from armature.preview.identity import identity_of
from armature.preview.merging import counts_of, digest_of, merged, with_groups
from armature.preview.showing import summary_in_state, with_preview
from armature.preview.wording import refusals_of, summary_of
from armature.state import DeploymentState, TemplateStatus

blueprint = df.Blueprint()

_NOTHING_TOLD = failure(
    FailureClass.UNKNOWN,
    "PreviewLost",
    "Nothing was told of the template: its preview was ended before it was done.",
    "Ask again.",
)


def read_preview_graph(services: Services, work: DeploymentStep) -> PreviewGraphAnswer:
    """Tell how many templates there are to preview. Twice: nothing is changed."""
    state = state_of(services, work.deployment_id)
    templates = len(services.deployments.plan(work.deployment_id).templates)
    return PreviewGraphAnswer(**dict(asked_of(services, state)), templates=templates)


def preview_template(services: Services, work: PreviewedTemplate) -> TemplatePreviewAnswer:
    """Ask Azure about one template, and write down what it tells; or that it works on it, to look again.

    Twice: Azure is asked once more, which changes nothing, and what it tells is written over what it told. One that was
    held up until the run had ended writes a part that the next run does not read.
    """
    state = state_of(services, work.deployment_id)
    asked = asked_of(services, state)
    if asked.is_cancelled or asked.is_lock_broken:
        return TemplatePreviewAnswer.load(asked.dump())
    plan = services.deployments.plan(work.deployment_id)
    template = plan.templates[work.index]
    if _is_done(state, template):
        keep_part(services, state, template, done_part(state, template))
        return TemplatePreviewAnswer()
    try:
        with open_bundle(services, state, plan) as bundle:
            wait = Look(services, state, plan, template, bundle).taken()
    except FailureError as unseen:
        keep_part(services, state, template, part_of(state, template, None, failure=unseen.failure))
        if unseen.failure.is_retried:
            raise
        wait = None
    return TemplatePreviewAnswer(is_done=wait is None, retry_after_seconds=wait)


def merge_previews(services: Services, work: DeploymentStep) -> PreviewAnswer:
    """Merge what was told of the templates, keep it, and show the sum in the state.

    Twice: the same parts give the same answer, written over itself.
    """
    state = state_of(services, work.deployment_id)
    plan = services.deployments.plan(work.deployment_id)
    parts = in_parallel(partial(_known_part, services, state), plan.templates)
    doomed = _doomed(services, state)
    changes = [*(change for part in parts for change in part.changes), *(doomed_changes(doomed) if doomed else ())]
    resources = merged(with_groups(changes, _groups_on_paper(parts)))
    told = tuple(part.model_copy(update={"changes": ()}) for part in parts)
    mode, counts, now = mode_of(state), counts_of(resources), datetime.now(UTC)
    preview = Preview(
        deployment_id=work.deployment_id,
        run=state.run,
        mode=mode,
        at=now,
        message=_message(summary_of(mode, counts, told), doomed),
        counts=counts,
        templates=told,
        resources=resources,
        digest=digest_of(resources, told),
    )
    services.previews.save_preview(preview)
    services.deployments.append_events(work.deployment_id, _events(preview))
    summary = summary_in_state(preview)
    services.deployments.update_state(work.deployment_id, lambda found: with_preview(found, summary, told, now))
    return PreviewAnswer(
        **dict(asked_of(services, state)) | {"failure": _why_nothing(told)},
        message=preview.message,
        templates=len(told),
        creates=counts.creates,
        modifies=counts.modifies,
        deletions=counts.deletions,
        replacements=counts.replacements,
        unchanged=counts.unchanged,
        ignored=counts.ignored,
        unsupported=counts.unsupported,
        refused=len(summary.refused),
        unknown=len(summary.unknown),
        refusal_message=refusals_of(told),
        digest=preview.digest,
    )


def _is_done(state: DeploymentState, template: PlannedTemplate) -> bool:
    """True of what an earlier run has deployed, and this one will not deploy again."""
    has_succeeded = any(t.name == template.name and t.status is TemplateStatus.SUCCEEDED for t in state.templates)
    return has_succeeded and not state.options.is_preview


def _known_part(services: Services, state: DeploymentState, template: PlannedTemplate) -> TemplatePreview:
    part = services.previews.part(state.deployment_id, template.name)
    if part is not None and part.run == state.run:
        return part
    return part_of(state, template, None, failure=_NOTHING_TOLD)


def _doomed(services: Services, state: DeploymentState) -> CleanUpList | None:
    """What mode Complete would delete, of a deployment that only tells it. What is carried out lists it for itself."""
    if not state.options.is_preview or state.options.mode is not Mode.COMPLETE:
        return None
    current = services.clean_ups.record(state.deployment_id).current
    return services.clean_ups.listed(state.deployment_id, current)


def _message(summary: str, doomed: CleanUpList | None) -> str:
    return summary if doomed is None else f"{summary} Mode Complete: {heading_of(CleanUpState.of(doomed))}"


def _groups_on_paper(parts: Iterable[TemplatePreview]) -> list[ResourceChange]:
    """The resource groups that are not there, as what Armature makes before it deploys."""
    found = {group.lower(): group for part in parts for group in part.in_new_groups}
    return [
        ResourceChange(
            id=group,
            type=identity_of(group).type,
            name=identity_of(group).name,
            kind=ChangeKind.CREATE,
            reasons=("Armature makes it before it deploys.",),
        )
        for group in found.values()
    ]


def _why_nothing(parts: tuple[TemplatePreview, ...]) -> Failure | None:
    """Why there is no preview at all: the first reason when nothing could be told of any template."""
    untold = [part.failure for part in parts if part.failure is not None and part.verdict is TemplateVerdict.UNKNOWN]
    return untold[0] if parts and len(untold) == len(parts) else None


def _events(preview: Preview) -> list[Event]:
    events = [
        Event(
            key=f"preview:{preview.run}:{part.template}",
            time=preview.at,
            code=EventCode.TEMPLATE_REFUSED
            if part.verdict is TemplateVerdict.REFUSED
            else EventCode.TEMPLATE_NOT_PREVIEWED,
            message=part.failure.message,
            level=Level.ERROR if part.verdict is TemplateVerdict.REFUSED else Level.WARNING,
            template=part.template,
        )
        for part in preview.templates
        if part.failure is not None
    ]
    whole = Event(key=f"preview:{preview.run}", time=preview.at, code=EventCode.PREVIEWED, message=preview.message)
    return [*events, whole]


register(blueprint, read_preview_graph, DeploymentStep)
register(blueprint, preview_template, PreviewedTemplate)
register(blueprint, merge_previews, DeploymentStep)
