"""The list of what mode Complete would delete: what each template writes is foreseen, then all that the target resource
groups hold is parted into what is kept and what would go."""

from datetime import UTC, datetime

import azure.durable_functions as df

from activities.border import register
from activities.cleaning_facts import facts_of
from activities.foreseeing import foreseen_ids
from activities.parallel import in_parallel
from activities.standing import asked_of, open_state_of
from armature.approval import ApprovalStatus
from armature.azure.services import Services
from armature.cleaning import CleanUpList, CleanUpState, Foresight, doomed_list
from armature.cleaning.model import CleanUpRecord
from armature.cleaning.rows import heading_of
from armature.events import Event, EventCode, Level
from armature.messages import DoomedAnswer, ForesightAnswer, ForesightInput, ListingInput
from armature.plan import Plan
from armature.state import DeploymentState, TemplateStatus
from armature.transitions import with_clean_up

blueprint = df.Blueprint()


def foresee_writes(services: Services, work: ForesightInput) -> ForesightAnswer:
    """Find out what a template would write, by ARM's validation. What can't be told is written down with the reason.

    Changes nothing in Azure. Twice: what was found first in a run stands.

    Raises:
        FailureError: ARM, or storage, could not be asked; ask again later.
    """
    state = open_state_of(services, work.deployment_id)
    asked = asked_of(services, state)
    if asked.is_cancelled or asked.is_lock_broken:
        return ForesightAnswer.load(asked.dump())
    plan = services.deployments.plan(work.deployment_id)
    template = plan.templates[work.index]
    known = services.clean_ups.foresight(work.deployment_id, state.run, template.name)
    if known is None:
        known = _of_earlier_run(state, template.name) or foreseen_ids(services, state, plan, template)
        services.clean_ups.save_foresight(work.deployment_id, state.run, known)
    return ForesightAnswer()


def _of_earlier_run(state: DeploymentState, name: str) -> Foresight | None:
    """What a template has written that an earlier run of the deployment has deployed."""
    shown = next((each for each in state.templates if each.name == name), None)
    if shown is None or shown.status is not TemplateStatus.SUCCEEDED or not shown.resources:
        return None
    return Foresight(template=name, ids=shown.resources)


def list_doomed(services: Services, work: ListingInput) -> DoomedAnswer:
    """Make the list of what mode Complete would delete, keep it and show its first. Deletes nothing.

    Before anything is deployed it needs to know what each template would write: the answer says how many `templates`
    are to be foreseen first (`is_made` false), unless the list is to be made of what there is.

    Twice: the same list again, or, if something was changed in between, the newer one.

    Raises:
        FailureError: ARM, or storage, could not be asked; ask again later.
    """
    state = open_state_of(services, work.deployment_id)
    asked = asked_of(services, state)
    if asked.is_cancelled or asked.is_lock_broken:
        return DoomedAnswer.load(asked.dump())
    plan = services.deployments.plan(work.deployment_id)
    foresights = _foresights(services, state, plan)
    if not work.is_after_rollout and not work.takes_what_there_is and len(foresights) < len(plan.templates):
        return DoomedAnswer(is_made=False, templates=len(plan.templates))
    facts = facts_of(services, state, plan, foresights, is_after_rollout=work.is_after_rollout)
    now = datetime.now(UTC)
    listed = doomed_list(work.deployment_id, facts, now, is_after_rollout=work.is_after_rollout)
    listed = services.clean_ups.save_list(listed)
    record = noted_approvals(services, state)
    _show(services, state, listed, now)
    unapproved = listed.to_delete
    if work.is_after_rollout:
        unapproved = listed.unapproved(services.clean_ups.approved_marks(work.deployment_id, record))
    return DoomedAnswer(
        list_id=listed.list_id,
        total=len(listed.resources),
        to_delete=len(listed.to_delete),
        locked=len(listed.locked),
        holding_data=sum(each.holds_data for each in unapproved),
        irreversible=sum(not each.comes_back for each in unapproved),
        unapproved=len(unapproved),
        unforeseen=len(listed.unforeseen),
        templates=len(plan.templates),
    )


def noted_approvals(services: Services, state: DeploymentState) -> CleanUpRecord:
    """Which lists were approved, the last approval's among them. Twice: noted once."""
    approval = state.approval
    if approval is not None and approval.status is ApprovalStatus.APPROVED and approval.list_id:
        return services.clean_ups.approve(state.deployment_id, approval.list_id)
    return services.clean_ups.record(state.deployment_id)


def _foresights(services: Services, state: DeploymentState, plan: Plan) -> dict[str, Foresight]:
    def foresight(name: str) -> Foresight | None:
        return services.clean_ups.foresight(state.deployment_id, state.run, name)

    names = [template.name for template in plan.templates]
    found = zip(names, in_parallel(foresight, names), strict=True)
    return {name: known for name, known in found if known is not None}


def _show(services: Services, state: DeploymentState, listed: CleanUpList, now: datetime) -> None:
    shown = CleanUpState.of(listed)
    when = "after" if listed.is_after_rollout else "before"
    notes = " ".join(
        (*(f"{f.template} can't be foreseen: {f.unforeseen}" for f in listed.unforeseen[:5]), *listed.notes)
    )
    event = Event(
        key=f"clean-up:{state.run}:{when}:{listed.list_id}",
        time=now,
        code=EventCode.CLEAN_UP_LISTED,
        message=f"Mode Complete: {heading_of(shown)} {notes}".strip(),
        level=Level.WARNING if shown.to_delete else Level.INFO,
    )
    services.deployments.append_events(state.deployment_id, [event])
    services.deployments.update_state(state.deployment_id, lambda found: with_clean_up(found, lambda _: shown, now))


register(blueprint, foresee_writes, ForesightInput)
register(blueprint, list_doomed, ListingInput)
