"""The activities of a rollback, each run twice on the emulated ARM; and what they tell when they can't do it."""

from datetime import UTC, datetime

import pytest

from activities.deleting import delete_resources
from activities.finish import finish_deployment
from activities.rollback import begin_rollback, end_rollback, plan_rollback
from activities.verifying import verify_rollback
from armature.attempts import Start
from armature.azure.artifacts import templates_container
from armature.control import CancelRequest, ControlRequest
from armature.errors import FailureClass, failure
from armature.messages import DeletionInput, DeploymentStep, EndInput, FinishInput, Outcome, RollbackInput
from armature.options import Options
from armature.state import Purpose, RollbackStatus, TemplateStatus
from tests.activities.test_running_twice import polled_to_the_end, puts, started
from tests.clouds import LOCATION
from tests.end_to_end.bundles import graph_bundle, manifest, template, workspace
from tests.end_to_end.client import zipped
from tests.end_to_end.evidence import arm_writes
from tests.end_to_end.snapshots import arm_call, arm_snapshot
from tests.waiting import wait_until

AWAY = failure(FailureClass.TRANSIENT, "ConnectionError", "ARM can't be reached.")


@pytest.fixture
def deployed(app, prepare):
    """Deploys the template `a` of a bundle, and ends the deployment without having been undone."""
    steps = []

    def deploys(bundle: bytes, deployment_id: str) -> RollbackInput:
        step = prepare(bundle, deployment_id=deployment_id)
        steps.append(step)
        started(app, step)
        assert polled_to_the_end(app, step).status is TemplateStatus.SUCCEEDED
        return RollbackInput(deployment_id=step.deployment_id, rollback=1, options=Options())

    yield deploys
    for step in steps:
        end = FinishInput(deployment_id=step.deployment_id, sequence=99, outcome=Outcome(message="Done."))
        finish_deployment(app, end)


def of(work: RollbackInput) -> DeploymentStep:
    return DeploymentStep(deployment_id=work.deployment_id, rollback=work.rollback)


def rollback_state(app, work):
    return app.deployments.state(work.deployment_id).rollback


def deletion(work: RollbackInput, **parts) -> DeletionInput:
    return DeletionInput(deployment_id=work.deployment_id, rollback=work.rollback, **parts)


def deleted_to_the_end(app, work) -> None:
    wait_until(lambda: delete_resources(app, deletion(work)).left == 0)


def one(project: str, *resources) -> bytes:
    """A bundle of one template `a` with these resources."""
    files = {"a.json": template(list(resources))}
    return zipped({"manifest.json": manifest(project, [{"name": "a", "path": "a.json"}]), **files})


def test_a_rollback_that_has_begun_begins_once(app, deployed):
    work = deployed(graph_bundle("back-begin", {"a": []}), "back-begin")

    first = begin_rollback(app, work)
    shown = rollback_state(app, work)
    second = begin_rollback(app, work)

    assert first == second
    assert first.in_flight == ()
    assert shown.status is RollbackStatus.RUNNING
    assert rollback_state(app, work) == shown


def test_a_rollback_tells_who_asked_for_it(app, deployed):
    by_hand, by_cancelling, by_itself = (
        deployed(graph_bundle(name, {"a": []}), name) for name in ("back-hand", "back-cancelling", "back-itself")
    )
    asked = ControlRequest(run=1, at=datetime.now(UTC), by="ada")
    app.deployments.ask(by_hand.deployment_id, lambda found: found.model_copy(update={"rollback": asked}))
    app.deployments.update_state(
        by_hand.deployment_id, lambda found: found.model_copy(update={"run": 2, "purpose": Purpose.ROLL_BACK})
    )
    cancel = CancelRequest(run=1, at=asked.at, by="grace")
    app.deployments.ask(by_cancelling.deployment_id, lambda found: found.model_copy(update={"cancel": cancel}))

    for work in (by_hand, by_cancelling, by_itself):
        begin_rollback(app, work)

    told = [rollback_state(app, work).requested_by for work in (by_hand, by_cancelling, by_itself)]
    assert told == ["ada", "grace", None]


def test_a_start_that_nobody_lived_to_record_may_be_in_flight(app, deployed):
    work = deployed(graph_bundle("back-flight", {"a": []}), "back-flight")
    shown = app.deployments.state(work.deployment_id).templates[0]
    unrecorded = shown.model_copy(update={"status": TemplateStatus.WAITING, "attempt": 0, "starts": 0})
    app.deployments.update_state(work.deployment_id, lambda s: s.model_copy(update={"templates": (unrecorded,)}))

    answer = begin_rollback(app, work)

    assert answer.in_flight == (Start(name="a", attempt=1, number=1),)


def test_one_that_only_settles_shows_nothing(app, deployed):
    work = deployed(graph_bundle("back-settle", {"a": []}), "back-settle")

    begin_rollback(app, work.model_copy(update={"is_undoing": False}))

    assert rollback_state(app, work).status is None


def test_what_is_to_be_undone_is_found_out_once(app, stack, deployed):
    work = deployed(graph_bundle("back-plan", {"a": []}), "back-plan")
    begin_rollback(app, work)

    first = plan_rollback(app, of(work))
    undoing = app.rollbacks.undoing(work)
    second = plan_rollback(app, of(work))

    assert first == second
    assert (first.templates, first.to_delete) == (0, 2)
    assert [deletion.id.rpartition("/")[2] for deletion in undoing.deletions] == ["log-back-plan-a", "rg-back-plan"]
    assert app.rollbacks.undoing(work) == undoing


def test_deletions_that_are_asked_for_twice_happen_once(app, stack, deployed):
    work = deployed(graph_bundle("back-delete", {"a": []}), "back-delete")
    begin_rollback(app, work)
    plan_rollback(app, of(work))

    deleted_to_the_end(app, work)
    shown, written = rollback_state(app, work), len(arm_writes(stack.state))
    again = delete_resources(app, deletion(work))

    assert (again.left, again.settled) == (0, 0)
    assert rollback_state(app, work) == shown
    assert len(arm_writes(stack.state)) == written
    assert arm_snapshot(stack, "back-delete") == {}
    assert len(shown.deleted) == 2


def test_a_pass_that_comes_when_the_rollback_is_over_deletes_nothing(app, stack, deployed):
    work = deployed(graph_bundle("back-late", {"a": []}), "back-late")
    begin_rollback(app, work)
    plan_rollback(app, of(work))
    end_rollback(app, EndInput(deployment_id=work.deployment_id, rollback=1, failure=AWAY))
    before = arm_snapshot(stack, "back-late")

    begin_rollback(app, work.model_copy(update={"rollback": 2}))
    of_an_earlier_one = delete_resources(app, deletion(work))
    finish_deployment(
        app, FinishInput(deployment_id="back-late", sequence=50, outcome=Outcome(message="m", failure=AWAY))
    )
    of_an_earlier_run = delete_resources(app, deletion(work.model_copy(update={"rollback": 2})))

    assert (of_an_earlier_one.left, of_an_earlier_run.left) == (0, 0)
    assert arm_snapshot(stack, "back-late") == before


def test_what_somebody_else_deleted_meanwhile_is_success(app, stack, deployed):
    work = deployed(graph_bundle("back-gone", {"a": []}), "back-gone")
    begin_rollback(app, work)
    plan_rollback(app, of(work))
    site = app.rollbacks.undoing(work).deletions[0].id
    arm_call(stack, "DELETE", site, version="2023-09-01")
    wait_until(lambda: site.lower() not in arm_snapshot(stack, "back-gone"))

    deleted_to_the_end(app, work)

    assert site in rollback_state(app, work).deleted


def test_what_was_only_seen_to_be_gone_in_the_end_is_counted_in_the_last_word(app, stack, deployed):
    work = deployed(graph_bundle("back-seen", {"a": []}), "back-seen")
    begin_rollback(app, work)
    plan_rollback(app, of(work))
    group = app.deployments.plan("back-seen").templates[0].scope.resource_id
    arm_call(stack, "DELETE", group)
    wait_until(lambda: arm_snapshot(stack, "back-seen") == {})

    verify_rollback(app, of(work))
    outcome = end_rollback(app, EndInput(deployment_id=work.deployment_id, rollback=1))

    assert outcome.leftovers == 0
    assert outcome.message.endswith("2 resources deleted.")


def test_a_group_in_which_somebody_else_has_put_something_is_kept_and_tells_what(app, stack, deployed):
    work = deployed(graph_bundle("back-foreign", {"a": []}), "back-foreign")
    group = app.deployments.plan("back-foreign").templates[0].scope.resource_id
    foreign = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/theirs"
    arm_call(stack, "PUT", foreign, version="2023-01-31", body={"location": LOCATION})
    begin_rollback(app, work)
    plan_rollback(app, of(work))

    deleted_to_the_end(app, work)
    verify_rollback(app, of(work))
    outcome = end_rollback(app, EndInput(deployment_id=work.deployment_id, rollback=1))

    assert outcome.leftovers == 1
    leftover = rollback_state(app, work).leftovers[0]
    assert leftover.id == group
    assert "theirs" in leftover.reason
    assert foreign.lower() in arm_snapshot(stack, "back-foreign")


def test_looking_and_ending_twice_tell_the_same(app, deployed):
    work = deployed(graph_bundle("back-end", {"a": []}), "back-end")
    begin_rollback(app, work)
    plan_rollback(app, of(work))
    deleted_to_the_end(app, work)
    end = EndInput(deployment_id=work.deployment_id, rollback=1)

    outcomes = []
    for _ in range(2):
        verify_rollback(app, of(work))
        outcomes.append(end_rollback(app, end))
    shown = rollback_state(app, work)

    assert outcomes[0] == outcomes[1]
    assert shown.status is RollbackStatus.COMPLETED
    assert shown.leftovers == ()
    events = [event.message for event in app.deployments.events(work.deployment_id)]
    assert len(events) == len(set(events))


def test_a_previous_version_that_could_not_be_deployed_again_is_told_though_all_that_was_written_is_as_it_was(
    app, deployed
):
    work = deployed(graph_bundle("back-unput", {"a": []}), "back-unput")
    begin_rollback(app, work)
    plan_rollback(app, of(work))
    deleted_to_the_end(app, work)
    shown = app.deployments.state(work.deployment_id).templates[0]
    failed = shown.model_copy(update={"status": TemplateStatus.FAILED, "failure": AWAY})
    rollback = rollback_state(app, work).model_copy(update={"templates": (failed,)})
    app.deployments.update_state(work.deployment_id, lambda s: s.model_copy(update={"rollback": rollback}))

    verify_rollback(app, of(work))
    outcome = end_rollback(app, EndInput(deployment_id=work.deployment_id, rollback=1))

    assert outcome.leftovers == 1
    assert "ConnectionError" in rollback_state(app, work).leftovers[0].reason


def test_what_was_not_deleted_when_it_had_to_end_is_told_by_id_and_found_again_by_the_next(app, stack, deployed):
    work = deployed(graph_bundle("back-away", {"a": []}), "back-away")
    begin_rollback(app, work)
    plan_rollback(app, of(work))

    outcome = end_rollback(app, EndInput(deployment_id=work.deployment_id, rollback=1, failure=AWAY))

    left = rollback_state(app, work)
    assert left.status is RollbackStatus.PARTIAL
    assert outcome.failure == AWAY
    assert [leftover.id.rpartition("/")[2] for leftover in left.leftovers] == ["log-back-away-a", "rg-back-away"]
    assert all("ConnectionError" in leftover.reason for leftover in left.leftovers)

    again = work.model_copy(update={"rollback": 2})
    begin_rollback(app, again)
    plan_rollback(app, of(again))
    deleted_to_the_end(app, again)
    assert end_rollback(app, EndInput(deployment_id=work.deployment_id, rollback=2)).leftovers == 0
    assert arm_snapshot(stack, "back-away") == {}


def test_what_somebody_made_anew_after_a_rollback_had_deleted_it_is_not_deleted_by_the_next(app, stack, deployed):
    work = deployed(graph_bundle("back-anew", {"a": []}), "back-anew")
    begin_rollback(app, work)
    plan_rollback(app, of(work))
    deleted_to_the_end(app, work)
    site, group = (deletion.id for deletion in app.rollbacks.undoing(work).deletions)
    arm_call(stack, "PUT", group, body={"location": LOCATION})
    arm_call(stack, "PUT", site, version="2023-09-01", body={"location": LOCATION, "properties": {}})
    again = work.model_copy(update={"rollback": 2})

    begin_rollback(app, again)
    plan_rollback(app, of(again))
    deleted_to_the_end(app, again)

    assert app.rollbacks.undoing(again).deletions == ()
    assert site.lower() in arm_snapshot(stack, "back-anew")


def test_when_not_even_the_list_could_be_made_the_deployments_are_told(app, deployed):
    work = deployed(graph_bundle("back-blind", {"a": []}), "back-blind")
    begin_rollback(app, work)

    end_rollback(app, EndInput(deployment_id=work.deployment_id, rollback=1, failure=AWAY))

    leftovers = rollback_state(app, work).leftovers
    assert [leftover.id.rpartition("/")[2] for leftover in leftovers] == ["a.back-blind"]
    assert "ConnectionError" in leftovers[0].reason


def test_what_an_attempt_made_of_which_arm_keeps_no_operations_is_deleted_as_well(app, stack, deployed):
    work = deployed(graph_bundle("back-history", {"a": []}), "back-history")
    template_ = app.deployments.plan("back-history").templates[0]
    arm_call(stack, "DELETE", template_.scope.deployment_id(template_.deployment_name))
    begin_rollback(app, work)

    plan_rollback(app, of(work))

    deletions = [deletion.id.rpartition("/")[2] for deletion in app.rollbacks.undoing(work).deletions]
    assert deletions == ["log-back-history-a", "rg-back-history"]


def test_what_appeared_beside_the_deployment_is_left_and_warned_of(app, stack, prepare):
    group = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-back-beside"
    arm_call(stack, "PUT", group, body={"location": LOCATION})
    step = prepare(graph_bundle("back-beside", {"a": []}), deployment_id="back-beside")
    foreign = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/theirs"
    arm_call(stack, "PUT", foreign, version="2023-01-31", body={"location": LOCATION})
    started(app, step)
    polled_to_the_end(app, step)
    work = RollbackInput(deployment_id=step.deployment_id, rollback=1, options=Options())
    begin_rollback(app, work)
    plan_rollback(app, of(work))
    deleted_to_the_end(app, work)

    verify_rollback(app, of(work))

    warnings = app.deployments.state(work.deployment_id).warnings
    assert [warning.code for warning in warnings] == ["AppearedMeanwhile"]
    assert foreign in warnings[0].message
    assert foreign.lower() in arm_snapshot(stack, "back-beside")
    finish_deployment(app, FinishInput(deployment_id=step.deployment_id, sequence=99, outcome=Outcome(message="Done.")))


@pytest.mark.parametrize("lost", ["plan", "templates"])
def test_without_what_the_previous_deployment_kept_its_changes_are_told_with_that_reason(app, stack, deployed, lost):
    project = f"back-lost-{lost}"
    deployed(one(project, workspace(f"log-{project}")), f"{project}-1")
    end = FinishInput(deployment_id=f"{project}-1", sequence=99, outcome=Outcome(message="Done."))
    finish_deployment(app, end)
    changed = {**workspace(f"log-{project}"), "tags": {"version": "2"}}
    work = deployed(one(project, changed), f"{project}-2")
    previous = {"plan": "never-was", "templates": f"{project}-1"}[lost]

    def follows(state):
        return state.model_copy(
            update={"rollback": state.rollback.model_copy(update={"previous_deployment_id": previous})}
        )

    app.deployments.update_state(work.deployment_id, follows)
    if lost == "templates":
        plan = app.deployments.plan(previous)
        app.artifacts.delete_templates(app.artifacts.find(app.arm(plan.subscription), plan.location), previous)
        account = app.artifacts.find(app.arm(plan.subscription), plan.location)
        wait_until(lambda: not app.artifacts.has_container(account, templates_container(previous)))

    begin_rollback(app, work)
    answer = plan_rollback(app, of(work))
    deleted_to_the_end(app, work)
    verify_rollback(app, of(work))
    end_rollback(app, EndInput(deployment_id=work.deployment_id, rollback=1))

    assert answer.templates == 0
    leftovers = rollback_state(app, work).leftovers
    assert [leftover.id.rpartition("/")[2] for leftover in leftovers] == [f"log-{project}"]
    assert "no longer kept" in leftovers[0].reason
    assert puts(stack, f"a.{work.deployment_id}.r1") == 0
