"""Cancel what ARM works on for a deployment, with all that it links to, and see that it has ended."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import azure.durable_functions as df

from activities.border import register
from activities.looking import Look, Sight, all_seen, counted, failed, poll_answer, show_sights, unseen
from activities.roots import StandingRoot, has_root
from activities.standing import DEPLOYMENT_TAG, state_of
from activities.survey import content_of
from armature.attempts import Report, Start
from armature.azure.arm import MAX_LINKED_DEPTH, ArmGateway
from armature.azure.models import ArmDeployment, ArmOperation
from armature.azure.services import Services
from armature.errors import Failure, FailureClass, FailureError, failure
from armature.events import Event, EventCode, Level
from armature.messages import PollAnswer, PollInput
from armature.plan import PlannedTemplate
from armature.state import TemplateStatus, WarningState
from armature.transitions import with_warnings

blueprint = df.Blueprint()

ENDS_BY_ITSELF_WITHIN = timedelta(minutes=10)
"""How long what a cancelled deployment had in flight is waited for: it ends by itself, nearly always in minutes."""


def cancel_templates(services: Services, work: PollInput) -> PollAnswer:
    """Cancel each deployment in flight and, recursively, those that it links to; tell how each stands.

    A template is reported as cancelled, or as it really ended, only once it and all its linked deployments are final,
    and what they had in flight has ended: who deploys next would meet it. With the last look, what still runs is told
    in a warning, and its templates count as failed.

    Twice: what is final or gone is left alone; cancelling again what is being cancelled changes nothing.
    """
    state = state_of(services, work.deployment_id)
    look = Look.of(services, state, work)
    root = StandingRoot.of(services, look.plan) if has_root(state, work) else None
    cancelling = Cancelling(look, work.deployment_id, is_last=work.is_last_look, root=root)
    cancelling.cancel_root()
    sights = all_seen(cancelling.at, work.in_flight)
    show_sights(services, work, sights)
    warnings = [cancelling.warning(id_) for id_ in sorted(cancelling.still_running)]
    if warnings:
        services.deployments.append_events(work.deployment_id, map(_still_running_event, warnings))
        services.deployments.update_state(work.deployment_id, lambda found: with_warnings(found, warnings))
    return poll_answer(services, state, sights)


_IN_FLIGHT = ("accepted", "running", "creating", "updating", "deleting")


@dataclass(frozen=True)
class _Tree:
    """A deployment of ours with those under it, itself first, each with what it has done."""

    members: tuple[tuple[ArmDeployment, list[ArmOperation]], ...]

    @property
    def root(self) -> ArmDeployment:
        return self.members[0][0]

    @property
    def operations(self) -> list[ArmOperation]:
        return self.members[0][1]

    @property
    def running(self) -> list[ArmDeployment]:
        return [member for member, _ in self.members if not member.is_final]

    @property
    def in_flight(self) -> list[str]:
        """The resources that cancelled members were at, and of which no operation tells that they have ended."""
        return [
            operation.target_id
            for member, operations in self.members
            if member.is_canceled
            for operation in operations
            if operation.target_id
            and not operation.is_linked_deployment
            and operation.provisioning_state.lower() in _IN_FLIGHT
        ]

    def was_cancelled_lately(self, now: datetime) -> bool:
        """True while what a member had in flight when it was cancelled is waited for."""
        cancelled_at = (member.timestamp for member, _ in self.members if member.is_canceled)
        return any(moment and now - moment < ENDS_BY_ITSELF_WITHIN for moment in cancelled_at)


@dataclass
class Cancelling:
    """One look at everything that is being cancelled, with a cancellation for all of it that still runs."""

    look: Look
    deployment_id: str
    is_last: bool = False
    root: StandingRoot | None = None
    still_running: set[str] = field(default_factory=set)
    has_root_under_way: bool = False

    def cancel_root(self) -> None:
        """Have ARM begin nothing more of the root that the templates are in, if they are in one."""
        if self.root is not None:
            self.has_root_under_way = not self.root.cancelled()
            if self.has_root_under_way and self.is_last:
                self.still_running.add(self.root.id)

    def at(self, start: Start) -> Sight:
        """Cancel one template's deployments; how it stands."""
        template = self.look.plan.template(start.name)
        arm = self.look.services.arm(self.look.plan.asked_in(template.scope))
        try:
            tree = self._tree(arm, template)
            if tree is None:
                return self._without_deployment(start)
            for deployment in tree.running:
                arm.cancel_deployment(deployment.id)
            provisioning = self._provisioning(template, tree)
        except FailureError as refused:
            return self._given_up(start, [], refused.failure) if self.is_last else unseen(start, refused.failure)
        is_waited_for = not self.is_last and tree.was_cancelled_lately(datetime.now(UTC))
        if tree.running or (provisioning and is_waited_for):
            return self._running(start, template, tree)
        self.still_running.update(provisioning)
        return self._ended(start, template, tree)

    def _provisioning(self, template: PlannedTemplate, tree: _Tree) -> list[str]:
        """What a cancelled deployment had in flight that goes on. The resource tells: its operation need not, since
        the deployment's history is closed. What can't be read, or is not there yet, may go on."""
        if tree.running:
            return []
        return [id_ for id_ in tree.in_flight if self._is_provisioning(template, id_)]

    def _is_provisioning(self, template: PlannedTemplate, resource_id: str) -> bool:
        try:
            document = content_of(self.look.services, self.look.plan.asked_in(template.scope), resource_id)
        except FailureError as unseen:
            if unseen.failure.is_retried:
                raise
            return True
        if document is None:
            return True
        state = str((document.get("properties") or {}).get("provisioningState") or "").lower()
        return state not in ("", "succeeded", "failed", "canceled")

    def _tree(self, arm: ArmGateway, template: PlannedTemplate) -> _Tree | None:
        """What the template's deployment consists of; None when there is none, or what has its name is not ours."""
        root = arm.get_deployment(template.scope, template.deployment_name)
        if root is None or root.tags.get(DEPLOYMENT_TAG) != self.deployment_id:
            return None
        operations = arm.list_operations(template.scope, template.deployment_name)
        return _Tree(((root, operations), *_linked(arm, root, operations, MAX_LINKED_DEPTH)))

    def _without_deployment(self, start: Start) -> Sight:
        """Cancelled before ARM had it; or refused by ARM, which is told already; or in a root, and not begun there."""
        if self.root is not None and not self._is_begun(start):
            is_waited_for = self.has_root_under_way and not self.is_last
            status = TemplateStatus.RUNNING if is_waited_for else TemplateStatus.SKIPPED
            return Sight(start, Report.of(start, status), is_shown=False)
        sight = _cancelled(start, {}, datetime.now(UTC))
        shown = self.look.shown.get(start.name)
        has_failed = shown is not None and shown.status is TemplateStatus.FAILED
        return Sight(start, sight.report, [], sight.update) if has_failed else sight

    def _is_begun(self, start: Start) -> bool:
        """Whether a look has shown that ARM began this start."""
        shown = self.look.shown.get(start.name)
        return shown is not None and shown.status is not TemplateStatus.WAITING and shown.starts >= start.number

    def _running(self, start: Start, template: PlannedTemplate, tree: _Tree) -> Sight:
        if not self.is_last:
            update = counted(template, tree.operations, tree.root)
            report = Report.of(start, TemplateStatus.RUNNING)
            return Sight(start, report, [], {**update, "waiting_for": "Azure to end what is cancelled"})
        names = ", ".join(deployment.name for deployment in tree.running)
        message = f"Azure still works on {names}, long after it was asked to cancel that."
        suggestion = "See in the portal what it waits for; nothing watches it any more."
        why = failure(FailureClass.UNKNOWN, "StillRunning", message, suggestion)
        return self._given_up(start, [deployment.id for deployment in tree.running], why)

    def _given_up(self, start: Start, running: list[str], why: Failure) -> Sight:
        self.still_running.update(running)
        return failed(start, why, {"status": TemplateStatus.FAILED, "finished_at": datetime.now(UTC)})

    def _ended(self, start: Start, template: PlannedTemplate, tree: _Tree) -> Sight:
        """As it really ended: cancelled, unless it was too late for that. While something is left to do for it, its
        packages or tags, it has not succeeded."""
        ended = tree.root.timestamp or datetime.now(UTC)
        if tree.root.is_canceled:
            return _cancelled(start, counted(template, tree.operations, tree.root), ended)
        sight = self.look.sight(template, start, tree.root, tree.operations)
        if sight.report.status is TemplateStatus.SUCCEEDED:
            return _cancelled(start, sight.update, ended) if self.look.leaves_something(template) else sight
        return sight.reporting(sight.report, {**_ended_at(ended), "status": TemplateStatus.FAILED})

    def warning(self, deployment_id: str) -> WarningState:
        """That a deployment still runs although it was cancelled."""
        return WarningState(
            key=f"still-running:{deployment_id.lower()}",
            code=EventCode.STILL_RUNNING.value,
            message=f"Azure still works on {deployment_id}, although it was cancelled.",
            at=datetime.now(UTC),
        )


def _ended_at(moment: datetime) -> dict[str, object]:
    return {"finished_at": moment, "waiting_for": None, "next_attempt_at": None}


def _cancelled(start: Start, update: dict[str, object], moment: datetime) -> Sight:
    ended = {**update, **_ended_at(moment), "status": TemplateStatus.CANCELLED, "failure": None}
    return Sight(start, Report.of(start, TemplateStatus.CANCELLED), [_cancelled_event(start)], ended)


def _linked(
    arm: ArmGateway, parent: ArmDeployment, operations: list[ArmOperation], levels: int
) -> Iterator[tuple[ArmDeployment, list[ArmOperation]]]:
    """The deployments that `parent` has started, and theirs; not another's of the same name, which its correlation id
    tells apart."""
    ids = dict.fromkeys(op.target_id for op in operations if op.is_linked_deployment and op.target_id)
    for id_ in ids if levels > 0 else ():
        child = arm.deployment_at(id_)
        if child is None or (child.correlation_id and child.correlation_id != parent.correlation_id):
            continue
        inside = arm.operations_at(id_)
        yield child, inside
        yield from _linked(arm, child, inside, levels - 1)


def _cancelled_event(start: Start) -> Event:
    return Event(
        key=f"template:{start.name}:{start.number}:cancelled",
        time=datetime.now(UTC),
        code=EventCode.TEMPLATE_CANCELLED,
        message=f"{start.name} was cancelled.",
        level=Level.WARNING,
        template=start.name,
    )


def _still_running_event(warning: WarningState) -> Event:
    return Event(
        key=warning.key, time=warning.at, code=EventCode.STILL_RUNNING, message=warning.message, level=Level.WARNING
    )


register(blueprint, cancel_templates, PollInput)
