"""Turns in a lineage, and the ends of runs: each activity twice, on the real services of a running stack."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from activities.finish import finish_deployment
from activities.prepare import read_bundle, read_control, release_turn, take_turn
from armature.azure.deployments import DeploymentStore
from armature.control import CancelRequest, ControlRequest
from armature.errors import FailureClass, FailureError, failure
from armature.messages import FinishInput, Outcome, RollbackOutcome
from armature.plan import Lineage
from armature.refusals import may_resume
from armature.state import Purpose, RollbackStatus, Status, StopReason, TemplateStatus
from armature.transitions import reopened
from tests.armature.deployments import KEY, NOW, deployment, template
from tests.end_to_end.bundles import graph_bundle
from tests.memory import MemoryDocuments

LONG_AGO = NOW - timedelta(days=1)
LOST = Outcome(message="The rollout was lost.", failure=failure(FailureClass.UNKNOWN, "OrchestrationFault", "Lost."))
WHY = failure(FailureClass.QUOTA, "QuotaExceeded", "No more cores.")


@pytest.fixture
def queued(app, accept):
    """Accepts deployments of one lineage, each a second after the one before, and reads their bundles."""

    def accepted(project: str, count: int):
        steps = []
        for number in range(count):
            step = accept(graph_bundle(project, {"a": []}), f"{project}-{number}")
            moved = timedelta(seconds=number)
            app.deployments.update_state(
                step.deployment_id,
                lambda state, by=moved: state.model_copy(
                    update={"created_at": state.created_at + by, "has_touched": True}
                ),
            )
            read_bundle(app, step)
            steps.append(step)
        return steps

    return accepted


def state_of(app, step):
    found = app.deployments.state(step.deployment_id)
    assert found is not None
    return found


def lineage_of(app, step):
    return app.deployments.lineage(state_of(app, step).lineage.key)


def end(step, outcome: Outcome, run: int = 1, **parts) -> FinishInput:
    return FinishInput(deployment_id=step.deployment_id, run=run, sequence=9, outcome=outcome, **parts)


def ended(app, step, outcome: Outcome | None = None, **parts):
    finish_deployment(app, end(step, outcome or Outcome(message="Done."), **parts))
    release_turn(app, step)


def begun_again(app, step, purpose: Purpose = Purpose.DEPLOY):
    app.deployments.update_state(
        step.deployment_id,
        lambda s: reopened(s, run=s.run, purpose=purpose, message="Again.", now=s.updated_at),
    )


def test_the_owner_takes_the_turn_again_and_others_wait_in_the_order_in_which_they_were_accepted(app, queued):
    first, second, third = queued("turn-order", 3)

    assert [take_turn(app, first).is_ours for _ in range(2)] == [True, True]
    late = take_turn(app, third)
    turns = [take_turn(app, second), take_turn(app, third), take_turn(app, third)]

    assert (late.holder, late.position) == (first.deployment_id, 1)
    assert [(turn.is_ours, turn.holder, turn.position) for turn in turns] == [
        (False, first.deployment_id, 1),
        (False, first.deployment_id, 2),
        (False, first.deployment_id, 2),
    ]
    shown = state_of(app, third).lineage
    assert (shown.holder, shown.position) == (first.deployment_id, 2)


def test_a_turn_that_is_given_up_goes_to_the_next_and_giving_it_up_twice_leaves_it_there(app, queued):
    first, second, third = queued("turn-release", 3)
    for step in (first, second, third):
        take_turn(app, step)

    ended(app, first)
    passed_over = take_turn(app, third)
    taken = take_turn(app, second)
    release_turn(app, first)

    assert (passed_over.is_ours, passed_over.holder) == (False, second.deployment_id)
    assert taken.is_ours
    assert take_turn(app, second).is_ours
    assert (state_of(app, second).lineage.holder, state_of(app, second).lineage.position) == (None, None)


def test_the_turn_of_a_deployment_that_has_not_ended_is_not_given_up(app, queued):
    first, second = queued("turn-late", 2)
    take_turn(app, first)

    release_turn(app, first)

    assert not take_turn(app, second).is_ours


def test_a_holder_that_ended_without_giving_up_its_turn_is_taken_over(app, queued):
    first, second = queued("turn-heir", 2)
    take_turn(app, first)
    finish_deployment(app, end(first, Outcome(message="Done.")))

    assert take_turn(app, second).is_ours


def test_one_that_is_cancelled_in_the_queue_takes_no_turn_and_its_place_is_dropped(app, queued):
    first, second, third = queued("turn-cancelled", 3)
    for step in (first, second, third):
        take_turn(app, step)
    request = CancelRequest(run=1, at=state_of(app, second).created_at, by="ada", rollback=False)
    app.deployments.ask(second.deployment_id, lambda c: c.model_copy(update={"cancel": request}))

    answers = [take_turn(app, second) for _ in range(2)]
    ended(app, second, Outcome(message="Cancelled.", stop=StopReason.CANCELLED))

    assert [(a.is_ours, a.is_cancelled, a.cancelled_by, a.rollback) for a in answers] == [
        (False, True, "ada", False)
    ] * 2
    assert read_control(app, second).is_cancelled
    assert state_of(app, second).status is Status.CANCELLED
    assert take_turn(app, third).position == 1


def test_one_that_has_lost_its_lock_does_not_take_it_again(app, queued):
    first, second = queued("turn-broken", 2)
    take_turn(app, first)
    take_turn(app, second)
    request = ControlRequest(run=1, at=state_of(app, first).created_at, comment="its host is gone")
    app.deployments.ask(first.deployment_id, lambda c: c.model_copy(update={"lock_broken": request}))
    app.deployments.locks.break_open(state_of(app, first).lineage.key, first.deployment_id)

    assert take_turn(app, first).is_lock_broken
    assert take_turn(app, second).is_ours


def test_what_a_lineage_remembers_is_the_same_however_often_it_is_told(app, queued):
    first, second, third = queued("turn-memory", 3)
    for step in (first, second):
        for _ in range(2):
            take_turn(app, step)
        available_before = [state_of(app, other).rollback.available for other in (first, second)]
        for _ in range(2):
            ended(app, step)
    take_turn(app, third)

    assert lineage_of(app, third).completed == (first.deployment_id, second.deployment_id)
    assert lineage_of(app, third).latest == third.deployment_id
    assert available_before == [False, False]
    assert state_of(app, second).rollback.previous_deployment_id == first.deployment_id
    assert state_of(app, third).rollback.previous_deployment_id == second.deployment_id
    assert [state_of(app, step).rollback.available for step in (first, second)] == [False, False]


def test_what_failed_is_no_predecessor_and_what_was_rolled_back_is_none_any_more(app, queued):
    first, failed, last = queued("turn-undone", 3)
    take_turn(app, first)
    ended(app, first)
    take_turn(app, failed)
    ended(app, failed, Outcome(message="a failed.", failure=WHY))
    after_failure = lineage_of(app, first).completed

    take_turn(app, last)
    ended(app, last)
    begun_again(app, last, Purpose.ROLL_BACK)
    take_turn(app, last)
    undone = {"run": 2, "is_undone": True, "rollback": RollbackOutcome(message="All of it is undone.")}
    for _ in range(2):
        ended(app, last, Outcome(message=""), **undone)

    assert after_failure == (first.deployment_id,)
    assert lineage_of(app, last).completed == (first.deployment_id,)
    state = state_of(app, last)
    assert (state.status, state.rollback.status) == (Status.ROLLED_BACK, RollbackStatus.COMPLETED)


def test_a_further_run_takes_its_turn_before_those_that_were_accepted_later(app, queued):
    first, second, third = queued("turn-resumed", 3)
    take_turn(app, first)
    ended(app, first, Outcome(message="a failed.", failure=WHY))
    begun_again(app, first)

    app.deployments.locks.take(
        app.deployments.plan(third.deployment_id).lineage, third.deployment_id, state_of(app, third).created_at
    )
    turn = take_turn(app, first)

    assert turn.position == 1
    assert take_turn(app, second).position == 2


def test_a_further_run_whose_ground_another_has_changed_gets_no_turn(app, queued):
    first, second = queued("turn-overtaken", 2)
    take_turn(app, first)
    ended(app, first, Outcome(message="a failed.", failure=WHY))
    take_turn(app, second)
    ended(app, second)
    begun_again(app, first)

    with pytest.raises(FailureError, match="NotLatest"):
        take_turn(app, first)


def test_one_that_touched_nothing_leaves_the_one_before_to_be_rolled_back_and_can_be_resumed(app, queued):
    before, rejected = queued("turn-rejected", 2)
    take_turn(app, before)
    ended(app, before)
    untouched = {"has_touched": False}
    app.deployments.update_state(rejected.deployment_id, lambda state: state.model_copy(update=untouched))
    take_turn(app, rejected)
    while_it_waited = state_of(app, before).rollback.available

    for _ in range(2):
        ended(app, rejected, Outcome(message="Rejected.", stop=StopReason.REJECTED))
    after = (lineage_of(app, before).latest, state_of(app, before).rollback.available)
    offered = state_of(app, rejected).rollback.available
    begun_again(app, rejected)
    again = [take_turn(app, rejected).is_ours for _ in range(2)]

    assert not while_it_waited
    assert after == (before.deployment_id, True)
    assert not offered
    assert again == [True, True]
    assert state_of(app, rejected).rollback.previous_deployment_id == before.deployment_id
    assert not state_of(app, before).rollback.available


def test_a_bundle_is_not_read_again_for_a_further_run(app, queued):
    (step,) = queued("turn-plan", 1)
    first = read_bundle(app, step)
    ended(app, step, Outcome(message="a failed.", failure=WHY))
    begun_again(app, step)
    app.deployments.update_state(
        step.deployment_id,
        lambda s: s.model_copy(update={"bundle": s.bundle.model_copy(update={"id": "bundle-that-is-gone"})}),
    )

    assert read_bundle(app, step) == first


def test_an_end_of_an_earlier_run_that_comes_late_changes_nothing(app, queued):
    (step,) = queued("turn-zombie", 1)
    ended(app, step, Outcome(message="a failed.", failure=WHY))
    begun_again(app, step)

    answer = finish_deployment(app, end(step, Outcome(message="Done."), run=1))

    assert answer.status is Status.PENDING
    assert state_of(app, step).status is Status.PENDING
    assert lineage_of(app, step).completed == ()


def test_a_cancellation_that_came_too_late_is_told(app, queued):
    (step,) = queued("turn-too-late", 1)
    request = CancelRequest(run=1, at=state_of(app, step).created_at)
    app.deployments.ask(step.deployment_id, lambda c: c.model_copy(update={"cancel": request}))

    ended(app, step)

    assert state_of(app, step).status is Status.COMPLETED
    assert "too late" in app.deployments.events(step.deployment_id)[-2].message


def test_an_orchestration_that_is_started_once_more_for_a_run_that_has_ended_takes_no_turn(app, queued):
    (step,) = queued("turn-ended", 1)
    take_turn(app, step)
    ended(app, step, Outcome(message="a failed.", failure=WHY))
    shown = state_of(app, step)

    for activity in (read_bundle, take_turn):
        with pytest.raises(FailureError, match="RunEnded"):
            activity(app, step)

    assert state_of(app, step) == shown
    assert app.deployments.locks.get(shown.lineage.key).is_idle


def test_what_can_be_gone_back_to_is_told_though_the_first_run_died_as_it_took_its_turn(app, queued):
    before, step = queued("turn-unrecorded", 2)
    take_turn(app, before)
    ended(app, before)
    key = state_of(app, step).lineage.key
    app.deployments.locks.take(app.deployments.plan(step.deployment_id).lineage, step.deployment_id, LONG_AGO)
    app.deployments.update_lineage(key, lambda record: record.begun_by(step.deployment_id))
    ended(app, step, Outcome(message="Storage was away.", failure=WHY))
    begun_again(app, step)

    take_turn(app, step)

    assert state_of(app, step).rollback.previous_deployment_id == before.deployment_id


def test_what_had_its_turn_under_the_first_version_can_be_resumed_and_each_start_is_a_new_one():
    store = DeploymentStore(MemoryDocuments())
    begun = template(status=TemplateStatus.RUNNING, attempt=2, starts=0)  # 0.1 counted attempts only
    store.create_state(deployment(Status.DEPLOYING, templates=(begun,)))
    store.locks.take(Lineage(project="shop", environment="test", key=KEY), "d-01", NOW)  # and remembered no turns

    finish_deployment(SimpleNamespace(deployments=store), FinishInput(deployment_id="d-01", sequence=9, outcome=LOST))
    found = store.state("d-01")

    assert may_resume(found, store.control("d-01"), store.lineage(KEY)) is None
    again = reopened(found, run=1, purpose=Purpose.DEPLOY, message="Again.", now=NOW)
    assert again.templates[0].starts == 2
