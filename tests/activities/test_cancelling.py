"""Cancelling what ARM works on, with all that it links to; and what cannot be cancelled."""

from datetime import UTC, datetime, timedelta

import pytest

from activities.cancelling import ENDS_BY_ITSELF_WITHIN, cancel_templates
from activities.prepare import read_bundle
from activities.standing import DEPLOYMENT_TAG
from armature.attempts import Start
from armature.control import CancelRequest, Control
from armature.errors import FailureClass, Recovery, failure
from armature.messages import DeploymentStep, PollInput
from armature.state import TemplateStatus
from tests.activities.fake_arm import FakeArm, created, deployment, with_arm
from tests.end_to_end.bundles import graph_bundle

FIRST = Start(name="a", attempt=1, number=1)
AWAY = failure(FailureClass.TRANSIENT, "ConnectionError", "No route to host.", recovery=Recovery.OUTWAIT)


@pytest.fixture
def begun(app, accept) -> DeploymentStep:
    step = accept(graph_bundle("cancelling", {"a": []}))
    read_bundle(app, step)
    return step


def root_id(app, step) -> str:
    template = app.deployments.plan(step.deployment_id).template("a")
    return template.scope.deployment_id(template.deployment_name)


def child_id(app, step, name: str) -> str:
    return f"{root_id(app, step).rpartition('/')[0]}/{name}"


def ours(app, step, state: str):
    return deployment(root_id(app, step), state, **{DEPLOYMENT_TAG: step.deployment_id})


def cancelled(app, arm, step, start=FIRST, **parts):
    work = PollInput(deployment_id=step.deployment_id, in_flight=(start,), **parts)
    return cancel_templates(with_arm(app, arm), work)


def shown(app, step):
    return app.deployments.state(step.deployment_id).templates[0]


def family(app, step, root: str, child: str, grandchild: str) -> FakeArm:
    """The template's deployment, one that it links to, and one that links to."""
    ids = root_id(app, step), child_id(app, step, "child"), child_id(app, step, "grandchild")
    arm = FakeArm(ours(app, step, root), deployment(ids[1], child), deployment(ids[2], grandchild))
    arm.operations = {ids[0].lower(): [created(ids[1], child)], ids[1].lower(): [created(ids[2], grandchild)]}
    return arm


SLOW = "/subscriptions/1/providers/Microsoft.Test/things/slow"


def with_slow_resource(app, step, ago: timedelta, resource) -> FakeArm:
    """Deployments that were cancelled `ago` while the inner one was at a resource, which stands so by now."""
    arm = family(app, step, "Canceled", "Canceled", "Canceled")
    child = child_id(app, step, "child").lower()
    arm.deployments[child] = arm.deployments[child].model_copy(update={"timestamp": datetime.now(UTC) - ago})
    arm.operations[child].append(created(SLOW, "Running"))
    if resource is not None:
        arm.resources[SLOW.lower()] = resource
    return arm


def test_what_runs_is_cancelled_with_all_that_it_links_to(app, begun):
    arm = family(app, begun, "Running", "Running", "Running")

    (report,) = cancelled(app, arm, begun).reports

    assert report.status is TemplateStatus.RUNNING
    assert [id_.rsplit("/", 1)[-1] for id_ in arm.called("cancel_deployment")[1:]] == ["child", "grandchild"]
    assert shown(app, begun).waiting_for == "Azure to end what is cancelled"


def test_a_template_is_cancelled_only_when_the_last_of_its_linked_deployments_has_ended(app, begun):
    arm = family(app, begun, "Canceled", "Canceled", "Running")

    (before,) = cancelled(app, arm, begun).reports
    arm = family(app, begun, "Canceled", "Canceled", "Canceled")
    (after,) = cancelled(app, arm, begun).reports

    assert (before.status, after.status) == (TemplateStatus.RUNNING, TemplateStatus.CANCELLED)
    assert shown(app, begun).status is TemplateStatus.CANCELLED
    assert shown(app, begun).finished_at


@pytest.mark.parametrize(
    ("ago", "is_last", "status"),
    [
        (timedelta(seconds=5), False, TemplateStatus.RUNNING),
        (timedelta(seconds=5), True, TemplateStatus.CANCELLED),
        (ENDS_BY_ITSELF_WITHIN, False, TemplateStatus.CANCELLED),
    ],
)
@pytest.mark.parametrize("resource", [None, {"properties": {"provisioningState": "Creating"}}])
def test_what_a_cancelled_deployment_had_in_flight_is_waited_for_but_not_for_ever(
    app, begun, ago, is_last, status, resource
):
    arm = with_slow_resource(app, begun, ago, resource)

    (report,) = cancelled(app, arm, begun, is_last_look=is_last).reports

    assert report.status is status
    told = [warning.message for warning in app.deployments.state(begun.deployment_id).warnings]
    is_given_up = status is TemplateStatus.CANCELLED
    assert told == [f"Azure still works on {SLOW}, although it was cancelled."] * is_given_up


@pytest.mark.parametrize("properties", [{"provisioningState": "Succeeded"}, {"provisioningState": "Failed"}, {}])
def test_a_resource_tells_that_it_has_ended_though_the_operation_of_what_was_cancelled_does_not(app, begun, properties):
    arm = with_slow_resource(app, begun, timedelta(seconds=5), {"properties": properties})

    (report,) = cancelled(app, arm, begun).reports

    assert report.status is TemplateStatus.CANCELLED
    assert not app.deployments.state(begun.deployment_id).warnings


def test_while_a_resource_that_was_in_flight_cannot_be_asked_for_it_is_waited_for(app, begun):
    away = failure(FailureClass.TRANSIENT, "ConnectionError", "ARM is away.")
    arm = with_slow_resource(app, begun, timedelta(seconds=5), None)
    arm.refusals["read_resource"] = away

    (report,) = cancelled(app, arm, begun).reports

    assert (report.status, report.is_seen) == (TemplateStatus.RUNNING, False)


def test_cancelling_what_has_ended_again_changes_nothing(app, begun):
    arm = family(app, begun, "Canceled", "Canceled", "Canceled")
    first = cancelled(app, arm, begun)
    before, events = shown(app, begun), app.deployments.events(begun.deployment_id)

    second = cancelled(app, arm, begun)

    assert first == second
    assert (shown(app, begun), app.deployments.events(begun.deployment_id)) == (before, events)
    assert arm.called("cancel_deployment") == []


def test_what_had_ended_before_it_was_cancelled_is_told_as_it_ended(app, begun):
    (report,) = cancelled(app, FakeArm(ours(app, begun, "Succeeded")), begun).reports

    assert report.status is TemplateStatus.SUCCEEDED
    assert shown(app, begun).status is TemplateStatus.SUCCEEDED


def test_what_never_reached_arm_is_cancelled_at_once(app, begun):
    (report,) = cancelled(app, FakeArm(), begun).reports

    assert report.status is TemplateStatus.CANCELLED


def test_what_arm_refused_is_not_told_as_cancelled(app, begun):
    def refused(state):
        failed = state.templates[0].model_copy(update={"status": TemplateStatus.FAILED, "attempt": 1, "starts": 1})
        return state.model_copy(update={"templates": (failed,)})

    app.deployments.update_state(begun.deployment_id, refused)

    (report,) = cancelled(app, FakeArm(), begun).reports

    assert report.status is TemplateStatus.CANCELLED
    assert shown(app, begun).status is TemplateStatus.FAILED
    assert [
        event.message for event in app.deployments.events(begun.deployment_id) if "cancelled" in event.message
    ] == []


def test_a_deployment_of_somebody_else_is_left_alone(app, begun):
    arm = FakeArm(deployment(root_id(app, begun), "Running"))

    (report,) = cancelled(app, arm, begun).reports

    assert report.status is TemplateStatus.CANCELLED
    assert arm.called("cancel_deployment") == []


def test_another_run_under_the_name_of_a_linked_deployment_is_left_alone(app, begun):
    child = child_id(app, begun, "child")
    arm = FakeArm(ours(app, begun, "Canceled"), deployment(child, "Running", correlation_id="another"))
    arm.operations = {root_id(app, begun).lower(): [created(child, "Running")]}

    (report,) = cancelled(app, arm, begun).reports

    assert report.status is TemplateStatus.CANCELLED
    assert arm.called("cancel_deployment") == []


def test_while_arm_cannot_be_reached_it_is_tried_again_at_the_next_tick(app, begun):
    (report,) = cancelled(app, FakeArm(get_deployment=AWAY), begun).reports

    assert (report.status, report.is_seen) == (TemplateStatus.RUNNING, False)


def test_what_still_runs_at_the_last_look_is_told_by_its_id_once(app, begun):
    arm = family(app, begun, "Canceled", "Running", "Canceled")

    for _ in range(2):
        (report,) = cancelled(app, arm, begun, is_last_look=True).reports

    (warning,) = app.deployments.state(begun.deployment_id).warnings
    codes = [event.code.value for event in app.deployments.events(begun.deployment_id)]
    assert report.status is TemplateStatus.FAILED
    assert child_id(app, begun, "child") in warning.message
    assert codes.count("StillRunning") == 1
    assert shown(app, begun).failure.code == "StillRunning"


def test_each_look_tells_what_is_asked_of_the_deployment(app, begun):
    state = app.deployments.state(begun.deployment_id)
    cancel = CancelRequest(run=state.run, at=state.created_at, by="alice@example.com", rollback=True)
    app.deployments.ask(begun.deployment_id, lambda _: Control(cancel=cancel))

    answer = cancelled(app, family(app, begun, "Running", "Running", "Running"), begun)

    assert (answer.is_cancelled, answer.cancelled_by, answer.rollback) == (True, "alice@example.com", True)


def test_a_start_without_a_number_is_whichever_the_state_shows(app, begun):
    cancelled(app, family(app, begun, "Running", "Running", "Running"), begun, Start(name="a", attempt=2, number=4))

    ended = family(app, begun, "Canceled", "Canceled", "Canceled")
    (report,) = cancelled(app, ended, begun, Start(name="a", attempt=2)).reports

    assert report.status is TemplateStatus.CANCELLED
    assert (shown(app, begun).status, shown(app, begun).starts) == (TemplateStatus.CANCELLED, 4)
