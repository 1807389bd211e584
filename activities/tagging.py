"""Tags: what a deployment has made bears those of its options, beside the ones that its templates give it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import azure.durable_functions as df

from activities.border import register
from activities.events import succeeded_event
from activities.parallel import in_parallel
from activities.showing import show, templates_of
from activities.standing import state_of, too_late
from armature.azure.arm.ids import resource_type_of
from armature.azure.services import Services
from armature.errors import Failure, FailureError
from armature.events import Event, EventCode, Level
from armature.messages import DeploymentStep, TagsAnswer, TagsInput
from armature.plan import PlannedTemplate
from armature.state import DeploymentState, TemplateState, TemplateStatus, WarningState
from armature.surveying import is_deployment, subscription_of
from armature.transitions import with_some_warnings

blueprint = df.Blueprint()

AT_A_TIME = 200
"""Resources that one call of the activity goes through: a bucket of writes of ARM (specs: 200, 10 more a second)."""

MAX_WARNINGS = 20
"""Resources of a template that are told by name; of the others it is said how many they are."""

_SAYS_NO_TAGS = frozenset(
    ("badrequest", "methodnotallowed", "notfound", "resourcenotfound", "invalidresourcetype", "unsupportedrequest")
)
"""Codes with which a provider answers whose type takes no tags, or that serves no PATCH: none is documented for it."""


def tags_of(services: Services, state: DeploymentState, step: DeploymentStep) -> Mapping[str, str]:
    """The tags that what is deployed in a step gets: in a rollback, of what it goes back to."""
    if not step.rollback:
        return state.options.tags
    predecessor = services.deployments.plan(step.plan_id).predecessor
    before = services.deployments.state(predecessor) if predecessor else None
    return before.options.tags if before else {}


def put_tags(services: Services, work: TagsInput) -> TagsAnswer:
    """Put the tags on the resources of a template that has succeeded: so many at a time, several at once.

    A resource whose type takes none is left; one that refuses them is told in a warning, and fails nothing. ARM asking
    for peace ends the call early, with how far it came.

    Twice: the same tags are merged again, which changes nothing. Late, once the run has ended or what it did is being
    undone, or after the lineage lock is lost: nothing is put any more.
    """
    if (why := too_late(services, work, "Tags")) is not None:
        return TagsAnswer(failure=why)
    state = state_of(services, work.deployment_id)
    plan = services.deployments.plan(work.plan_id)
    template = plan.template(work.template)
    shown = templates_of(state, work)[work.template]
    left = _taggable(shown)[work.position :]
    if work.given_up is not None:
        _warn(services, work, [_Refusal(id_, work.given_up) for id_ in left])
        return _done(services, work, template, shown)
    chosen = left[:AT_A_TIME]
    putting = _Putting(services, plan.asked_in(template.scope), tags_of(services, state, work))
    results = in_parallel(putting.on, chosen)
    _warn(services, work, [result for result in results if isinstance(result, _Refusal)])
    put = next((number for number, result in enumerate(results) if result is _LATER), len(results))
    if put == 0 and putting.pause is not None:
        raise FailureError(putting.pause)
    if put == len(left):
        return _done(services, work, template, shown)
    pause = putting.pause.retry_after_seconds if putting.pause else None
    return TagsAnswer(position=work.position + put, retry_after_seconds=pause)


@dataclass(frozen=True)
class _Refusal:
    """That a resource does not take the tags."""

    id: str
    why: Failure


_LATER = object()
_PUT = object()


@dataclass
class _Putting:
    """One round of writes, which ends early once ARM asks for peace."""

    services: Services
    subscription: str
    tags: Mapping[str, str]
    pause: Failure | None = None

    def on(self, resource_id: str) -> object:
        """`_PUT`, a `_Refusal`, or `_LATER`."""
        if self.pause is not None:
            return _LATER
        arm = self.services.arm(subscription_of(resource_id) or self.subscription)
        takes_tags: bool | None = None
        try:
            takes_tags = arm.takes_tags(resource_type_of(resource_id))
            if takes_tags is not False:
                arm.merge_tags(resource_id, self.tags)
        except FailureError as refused:
            why = refused.failure
            if why.is_retried:
                self.pause = why
                return _LATER
            is_untaggable = takes_tags is None and why.code.lower() in _SAYS_NO_TAGS
            return _PUT if is_untaggable else _Refusal(resource_id, why)
        return _PUT


def _taggable(template: TemplateState) -> Sequence[str]:
    return list({id_.lower(): id_ for id_ in template.resources if not is_deployment(id_)}.values())


def _done(services: Services, work: TagsInput, template: PlannedTemplate, shown: TemplateState) -> TagsAnswer:
    """Nothing is left; the template has succeeded, unless it has packages to attach."""
    if not template.uses_packages:
        now = datetime.now(UTC)
        done = {"status": TemplateStatus.SUCCEEDED, "finished_at": now, "failure": None}

        def succeeded(found: TemplateState) -> TemplateState:
            return found.model_copy(update=done)

        show(services, work, {work.template: succeeded}, [succeeded_event(work.template, len(shown.resources))])
    return TagsAnswer()


def _warn(services: Services, work: TagsInput, refusals: Sequence[_Refusal]) -> None:
    """Tell of what has not got the tags. Twice: each resource is told of once."""
    if not refusals:
        return
    told = [
        _warning(work, refusal.id.lower(), f"{refusal.id} did not get the tags of the options", refusal.why)
        for refusal in refusals[:MAX_WARNINGS]
    ]
    if more := refusals[MAX_WARNINGS:]:
        message = f"{len(more)} more resources of {work.template} did not get the tags of the options"
        told.append(_warning(work, f"{work.template}:{work.position}", message, more[0].why))
    events = [
        Event(
            key=warning.key,
            time=warning.at,
            code=EventCode.TAGS_NOT_PUT,
            message=warning.message,
            level=Level.WARNING,
            template=work.template,
        )
        for warning in told
    ]
    services.deployments.append_events(work.deployment_id, events)
    services.deployments.update_state(work.deployment_id, lambda state: with_some_warnings(state, told))


def _warning(work: TagsInput, key: str, message: str, why: Failure) -> WarningState:
    prefix = f"rollback-{work.rollback}:" if work.rollback else ""
    return WarningState(
        key=f"{prefix}tags:{key}",
        code=EventCode.TAGS_NOT_PUT.value,
        message=f"{message}: {why.code}: {why.message} {why.given_up().suggestion}".strip(),
        at=datetime.now(UTC),
    )


register(blueprint, put_tags, TagsInput)
