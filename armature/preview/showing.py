"""A preview in the state of its deployment: the sum of it; of a deployment that only previews, each verdict."""

from collections.abc import Iterable
from datetime import datetime

from armature.preview.model import Preview, PreviewState, TemplatePreview, TemplateVerdict
from armature.state import DeploymentState, TemplateState, TemplateStatus

_STATUSES = {
    TemplateVerdict.ACCEPTED: TemplateStatus.SUCCEEDED,
    TemplateVerdict.REFUSED: TemplateStatus.FAILED,
    TemplateVerdict.UNKNOWN: TemplateStatus.SKIPPED,
}


def summary_in_state(preview: Preview) -> PreviewState:
    """The sum of a preview, as the state has it."""
    named = {
        verdict: tuple(part.template for part in preview.templates if part.verdict is verdict)
        for verdict in TemplateVerdict
    }
    return PreviewState(
        **dict(preview.counts),
        at=preview.at,
        mode=preview.mode,
        templates=len(preview.templates),
        from_predecessor=sum(bool(part.from_predecessor) for part in preview.templates),
        refused=named[TemplateVerdict.REFUSED],
        unknown=named[TemplateVerdict.UNKNOWN],
        digest=preview.digest,
    )


def with_preview(
    state: DeploymentState, summary: PreviewState, parts: Iterable[TemplatePreview], now: datetime
) -> DeploymentState:
    """The state with what was told. Of a deployment that changes nothing a template has succeeded once Azure would
    accept it; one that is to be deployed yet stays as it is, unless Azure refuses it. Unchanged once it has ended."""
    if state.status.is_final:
        return state
    shown = _STATUSES if state.options.is_preview else {TemplateVerdict.REFUSED: TemplateStatus.FAILED}
    by_name = {part.template: part for part in parts if part.verdict in shown}
    templates = tuple(_with_verdict(found, by_name.get(found.name)) for found in state.templates)
    return state.model_copy(update={"preview": summary, "templates": templates, "updated_at": now})


def _with_verdict(found: TemplateState, part: TemplatePreview | None) -> TemplateState:
    if part is None:
        return found
    failure = part.failure and part.failure.given_up()
    return found.model_copy(update={"status": _STATUSES[part.verdict], "failure": failure})
