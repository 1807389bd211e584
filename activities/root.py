"""A rollout that ARM schedules: the root is handed over, and what ARM has begun of it is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import azure.durable_functions as df

from activities.border import register
from activities.clearing import cleared
from activities.events import started_event
from activities.foreign import warn_of_foreign
from activities.looking import Look, Sight, all_seen, failed, poll_answer, show_sights, unseen
from activities.parallel import in_parallel
from activities.placing import placed_failure
from activities.restarting import note_what_changed
from activities.root_bodies import RootParts, outputs_before, root_parts
from activities.roots import StandingRoot
from activities.showing import portal_link, show
from activities.standing import DEPLOYMENT_TAG, asked_of, state_of, too_late
from activities.starting import ATTEMPT_TAG, HANDOVERS, in_use, load_graph, show_delivery, show_failed_start
from activities.survey import survey_template
from activities.tagging import tags_of
from armature.attempts import Report, Start
from armature.azure.models import ArmDeployment, ArmOperation
from armature.azure.services import Services
from armature.errors import Failure, FailureClass, FailureError, Recovery, failure, failure_from_error
from armature.messages import (
    DeploymentStep,
    RootGraphAnswer,
    RootPollAnswer,
    RootPollInput,
    RootStartAnswer,
    RootStartInput,
    StartInput,
)
from armature.plan import Plan
from armature.root_template import Child
from armature.state import DeploymentState, RootState, TemplateStatus
from armature.surveying import TemplateSurvey

blueprint = df.Blueprint()


def load_root(services: Services, work: DeploymentStep) -> RootGraphAnswer:
    """As `load_graph`, for a rollout in root deployments. Twice: it reads only."""
    return RootGraphAnswer.load(load_graph(services, work).dump())


def start_root(services: Services, work: RootStartInput) -> RootStartAnswer:
    """Hand one root to ARM, once what failed an earlier one is cleared, and what it will write is looked at.

    Twice: the root's name is the deployment's and its tags tell deployment, run and number, so one that runs, or has
    ended as this very one, is not put again. Late, once the run has ended or what it did is being undone, or after the
    lineage lock is lost: nothing is put any more.
    """
    if (why := too_late(services, work, "The root")) is not None:
        return RootStartAnswer(failure=why, is_under_way=False)
    plan = services.deployments.plan(work.plan_id)
    try:
        _hand_to_arm(services, work, plan, state_of(services, work.deployment_id))
    except FailureError as refused:
        return _refused(services, work, plan, refused.failure)
    _show_root(services, work, plan)
    return RootStartAnswer()


def _hand_to_arm(services: Services, work: RootStartInput, plan: Plan, state: DeploymentState) -> None:
    root, attempt = StandingRoot.of(services, plan), f"{state.run}.{work.number}"
    standing = root.arm.get_deployment(root.scope, root.name)
    if standing is not None and not _must_be_put(standing, work, attempt):
        return
    if standing is not None and not standing.is_final:
        raise FailureError(in_use(standing))
    for start in work.starts:
        if start.setback is not None:
            step = StartInput(deployment_id=work.deployment_id, start=start)
            show(services, work, {}, cleared(services, state, plan.template(start.name), step))
    in_parallel(partial(_note_what_changed, services, plan), [start for start in work.starts if start.number > 1])
    tags = dict(tags_of(services, state, work))
    own = {DEPLOYMENT_TAG: work.deployment_id}
    tags_of_children = {start.name: {**tags, **own, ATTEMPT_TAG: str(start.number)} for start in work.starts}
    for left in reversed(range(HANDOVERS)):
        try:
            parts = root_parts(services, plan, state, tags_of_children)
            in_parallel(partial(_surveyed, services, plan, state, parts), parts.children)
            show_delivery(services, work, state, dict.fromkeys(work.starts, parts.delivery))
            body = parts.body(plan, {**tags, **own, ATTEMPT_TAG: attempt})
            root.arm.put_deployment(root.scope, root.name, body)
            return
        except FailureError as refused:
            if refused.failure.recovery is not Recovery.FRESH_SAS or not left:
                raise
            services.artifacts.forget(services.arm(plan.subscription), plan.location)  # it may be private by now


def _show_root(services: Services, work: RootStartInput, plan: Plan) -> None:
    id_ = StandingRoot.of(services, plan).id

    def shown(state: DeploymentState) -> DeploymentState:
        link = services.cloud.portal_deployment_link(state.target.tenant, id_)
        return state.model_copy(update={"root": RootState(id=id_, number=work.number, portal_link=link)})

    services.deployments.update_state(work.deployment_id, shown)


def _must_be_put(standing: ArmDeployment, work: RootStartInput, attempt: str) -> bool:
    """True unless what stands is this deployment's, and goes on, or has ended as this very root."""
    if standing.tags.get(DEPLOYMENT_TAG) != work.deployment_id:
        return True
    return standing.is_final and standing.tags.get(ATTEMPT_TAG) != attempt


def _note_what_changed(services: Services, plan: Plan, start: Start) -> None:
    template = plan.template(start.name)
    standing = services.arm(plan.asked_in(template.scope)).get_deployment(template.scope, template.deployment_name)
    note_what_changed(services, plan, template, standing)


def _surveyed(services: Services, plan: Plan, state: DeploymentState, parts: RootParts, child: Child) -> None:
    """Write down what exists of all that a child will write.

    Of one that gets outputs of others the previous deployment's outputs tell what it will write, if there are any; else
    only that it was about to be started. So of one whose resource group another one makes: all in it will be new.
    """
    known = outputs_before(services, state, child.outputs)
    try:
        if known is not None:
            survey_template(services, plan, child.template, parts.body_of(child, known))
    except FailureError as refused:
        if refused.failure.recovery is not Recovery.AFTER_PROGRESS:
            raise
        known = None
    if known is None:
        blind = TemplateSurvey(template=child.template.name, ids=(), is_blind=True)
        services.rollbacks.add_sightings(plan.deployment_id, blind)


def _refused(services: Services, work: RootStartInput, plan: Plan, why: Failure) -> RootStartAnswer:
    """What a refusal of the root means for the templates in it: for those that ARM refuses, if that can be told, else
    for those that would have begun. The others were not begun."""
    blamed = _blamed(services, plan, work.starts, why)
    reports = []
    for start in work.starts:
        told = blamed.get(start.name)
        if told is None:
            reports.append(Report.of(start, TemplateStatus.SKIPPED))
        else:
            show_failed_start(services, work, start, told)
            reports.append(Report.failed(start, told))
    return RootStartAnswer(reports=tuple(reports), is_under_way=False)


def _blamed(services: Services, plan: Plan, starts: Sequence[Start], why: Failure) -> dict[str, Failure]:
    """The failure of each template that a refusal is about: whose deployment it names, else in whose files it has a
    place, else what would have begun."""
    names = {start.name for start in starts}
    first = [start for start in starts if not names.intersection(plan.template(start.name).depends_on)]
    if why.is_retried:
        return {start.name: why for start in first}
    placing = partial(placed_failure, services, plan)
    told = {start.name: placing(plan.template(start.name), why) for start in starts}
    named = [start.name for start in _named_in(why, plan, starts)]
    placed = [name for name, failure in told.items() if any(cause.place for cause in failure.causes)]
    chosen = named or (placed if 0 < len(placed) < len(starts) else [start.name for start in first])
    return {name: told[name] for name in chosen}


def _named_in(why: Failure, plan: Plan, starts: Sequence[Start]) -> list[Start]:
    """The templates whose deployments a failure names."""
    words = " ".join([why.message, *(f"{cause.message} {cause.target or ''}" for cause in why.causes)]).lower()
    return [start for start in starts if plan.template(start.name).deployment_name.lower() in words]


def poll_root(services: Services, work: RootPollInput) -> RootPollAnswer:
    """Look at a root and at what ARM has begun of it, two reads of ARM each; and at what is asked for.

    With `is_stopping` ARM is told to begin nothing more of it. Twice: what is seen is written again as it is; no
    template goes back; cancelling again changes nothing.
    """
    state = state_of(services, work.deployment_id)
    if work.is_quiet:
        return RootPollAnswer(**dict(asked_of(services, state)))
    look = Look.of(services, state, work)
    root = StandingRoot.of(services, look.plan)
    standing = root.own()
    if standing is not None and work.is_stopping and not standing.is_final:
        root.cancelled()
    operations = root.operations() if standing is not None else {}
    seeing = _Seeing(look, state, root, standing, operations, is_stopping=work.is_stopping)
    sights = all_seen(seeing.at, work.in_flight)
    show_sights(services, work, sights)
    if work.looks_for_foreign:
        shown = [*state.templates, *state.rollback.templates]
        warn_of_foreign(services, look.plan, {t.correlation_id for t in shown if t.correlation_id})
    answer = poll_answer(services, state, sights)
    is_under_way = bool(work.in_flight) if standing is None else not standing.is_final
    return RootPollAnswer(**dict(answer), is_under_way=is_under_way)


@dataclass(frozen=True)
class _Seeing:
    """One look at everything in a root. `operations` are what ARM has begun of it, by the id in lower case."""

    look: Look
    state: DeploymentState
    root: StandingRoot
    standing: ArmDeployment | None
    operations: dict[str, ArmOperation]
    is_stopping: bool

    def at(self, start: Start) -> Sight:
        """How the template of a start stands."""
        if self.standing is None:
            return unseen(start, _not_known(self.root), is_lost=True)
        template = self.look.plan.template(start.name)
        operation = self.operations.get(template.scope.deployment_id(template.deployment_name).lower())
        if operation is None:
            return self._not_begun(start)
        arm = self.look.services.arm(self.look.plan.asked_in(template.scope))
        try:
            child = arm.get_deployment(template.scope, template.deployment_name)
            if child is None or child.tags.get(ATTEMPT_TAG) != str(start.number):
                return self._without_deployment(start, operation)
            inside = arm.list_operations(template.scope, template.deployment_name)
            return self._begun(start, self.look.sight(template, start, child, inside))
        except FailureError as refused:
            if refused.failure.is_retried:
                return unseen(start, refused.failure)
            return self._begun(start, failed(start, refused.failure, {}))

    def _begun(self, start: Start, sight: Sight) -> Sight:
        """The same look, with the beginning that nobody has told of yet."""
        shown = self.look.shown.get(start.name)
        if shown is not None and shown.starts >= start.number and shown.started_at is not None:
            return sight
        template, tenant = self.look.plan.template(start.name), self.state.target.tenant
        now = datetime.now(UTC)
        ended_at = sight.update.get("finished_at")  # of one that has ended since the look before
        update: dict[str, object] = {
            "started_at": (shown.started_at if shown is not None else None)
            or (min(now, ended_at) if isinstance(ended_at, datetime) else now),
            "portal_link": portal_link(self.look.services, tenant, template),
            "max_attempts": self.state.options.retry_policy.max_attempts,
            **sight.update,
        }
        events = [started_event(start), *sight.events]
        return Sight(start, sight.report, events, update, sight.retry_after_seconds)

    def _not_begun(self, start: Start) -> Sight:
        standing = self.standing
        if standing is None or not standing.is_final:
            return Sight(start, Report.of(start, TemplateStatus.WAITING), is_shown=False)
        has_failed = any(operation.is_failed for operation in self.operations.values())
        if has_failed or standing.is_succeeded or (standing.is_canceled and self.is_stopping):
            return Sight(start, Report.of(start, TemplateStatus.SKIPPED), is_shown=False)
        return failed(start, self._why(standing), {})

    def _without_deployment(self, start: Start, operation: ArmOperation) -> Sight:
        if not operation.is_failed:
            return self._not_begun(start)
        why = failure_from_error(operation.error)
        if not why.is_retried:
            template = self.look.plan.template(start.name)
            why = placed_failure(self.look.services, self.look.plan, template, why)
        return self._begun(start, failed(start, why, {}))

    def _why(self, standing: ArmDeployment) -> Failure:
        """Why ARM has ended the root, of which it has begun no more."""
        if standing.is_canceled:
            message = f"Somebody has cancelled the deployment {standing.name} in Azure."
            suggestion = "The activity log of its scope tells who. Resume this deployment, or deploy again."
            return failure(FailureClass.UNKNOWN, "DeploymentCanceled", message, suggestion)
        return self.root.arm.deployment_failure(self.root.scope, self.root.name, standing)


def _not_known(root: StandingRoot) -> Failure:
    message = f"ARM does not know the deployment {root.name}, which it was handed."
    suggestion = "See in the activity log whether somebody deleted it, or its resource group; else deploy again."
    return failure(FailureClass.TRANSIENT, "DeploymentLost", message, suggestion)


register(blueprint, load_root, DeploymentStep)
register(blueprint, start_root, RootStartInput)
register(blueprint, poll_root, RootPollInput)
