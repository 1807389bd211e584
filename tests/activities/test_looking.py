"""Looking at what ARM works on: what is as good as done, and what others are doing."""

import pytest

from activities.looking import is_done_all_the_same, poll_templates
from activities.prepare import read_bundle
from activities.standing import DEPLOYMENT_TAG
from armature.attempts import Start
from armature.errors import FailureClass, Recovery, failure
from armature.messages import DeploymentStep, PollInput
from armature.state import TemplateStatus
from tests.activities.fake_arm import FakeArm, created, deployment, with_arm
from tests.end_to_end.bundles import graph_bundle

FIRST = Start(name="a", attempt=1, number=1)
EXISTS = failure(
    FailureClass.AUTHORIZATION, "RoleAssignmentExists", "It exists already.", recovery=Recovery.TREAT_AS_DONE
)


@pytest.fixture
def begun(app, accept) -> DeploymentStep:
    step = accept(graph_bundle("looking", {"a": []}))
    read_bundle(app, step)
    return step


def template_of(app, step):
    return app.deployments.plan(step.deployment_id).template("a")


def root_id(app, step) -> str:
    template = template_of(app, step)
    return template.scope.deployment_id(template.deployment_name)


def sibling_id(app, step, name: str) -> str:
    return f"{root_id(app, step).rpartition('/')[0]}/{name}"


def arm_with(app, step, state: str, *others) -> FakeArm:
    return FakeArm(deployment(root_id(app, step), state, **{DEPLOYMENT_TAG: step.deployment_id}), *others)


def look(app, arm, step, **parts):
    work = PollInput(deployment_id=step.deployment_id, in_flight=(FIRST,), **parts)
    return poll_templates(with_arm(app, arm), work)


def test_a_failure_only_of_what_is_there_already_is_a_success_with_a_warning(app, begun):
    arm = arm_with(app, begun, "Failed")
    arm.failures[template_of(app, begun).deployment_name] = EXISTS
    arm.operations[root_id(app, begun).lower()] = [created("/r/assignment", "Failed")]

    for _ in range(2):
        (report,) = look(app, arm, begun).reports

    shown = app.deployments.state(begun.deployment_id).templates[0]
    codes = [event.code.value for event in app.deployments.events(begun.deployment_id)]
    assert report.status is TemplateStatus.SUCCEEDED
    assert (shown.status, shown.failure) == (TemplateStatus.SUCCEEDED, None)
    assert codes.count("TemplateTreatedAsDone") == 1
    assert app.deployments.outputs(begun.deployment_id, "a") == {}


def test_what_arm_did_not_begin_for_the_lack_of_it_makes_it_a_failure(app, begun):
    template = template_of(app, begun).model_copy(update={"resource_count": 2})

    assert is_done_all_the_same(template, EXISTS, [created("/r/1", "Failed"), created("/r/2")])
    assert not is_done_all_the_same(template, EXISTS, [created("/r/1", "Failed")])


def test_a_failure_inside_of_a_linked_deployment_is_not_as_good_as_done(app, begun):
    child = sibling_id(app, begun, "child")

    assert not is_done_all_the_same(template_of(app, begun), EXISTS, [created(child, "Failed")])


def test_deployments_of_others_are_told_once_and_our_own_and_their_linked_ones_are_not(app, begun):
    arm = arm_with(
        app,
        begun,
        "Running",
        deployment(sibling_id(app, begun, "linked"), "Running"),
        deployment(sibling_id(app, begun, "foreign"), "Running", correlation_id="another"),
        deployment(sibling_id(app, begun, "ended"), "Succeeded", correlation_id="yet-another"),
    )

    for _ in range(2):
        look(app, arm, begun, looks_for_foreign=True)

    (warning,) = app.deployments.state(begun.deployment_id).warnings
    codes = [event.code.value for event in app.deployments.events(begun.deployment_id)]
    assert "The deployment foreign," in warning.message
    assert codes.count("ForeignDeployment") == 1


def test_others_are_not_looked_for_at_every_tick_and_a_look_that_fails_is_no_matter(app, begun):
    arm = arm_with(app, begun, "Running")
    away = failure(FailureClass.TRANSIENT, "ConnectionError", "No route to host.")

    look(app, arm, begun)
    asked = arm.called("running_deployments")
    arm.refusals["running_deployments"] = away
    answer = look(app, arm, begun, looks_for_foreign=True)

    assert asked == []
    assert answer.failure is None
    assert answer.reports[0].status is TemplateStatus.RUNNING


def test_what_cannot_be_seen_is_waited_for_visibly_until_it_is_seen(app, begun):
    arm = arm_with(app, begun, "Running")
    arm.refusals["get_deployment"] = failure(FailureClass.TRANSIENT, "ConnectionError", "No route to host.")

    look(app, arm, begun)
    unseen = app.deployments.state(begun.deployment_id).templates[0]
    arm.refusals.clear()
    look(app, arm, begun)
    seen = app.deployments.state(begun.deployment_id).templates[0]

    assert (unseen.failure.code, unseen.waiting_for) == ("ConnectionError", "word of Azure on how it stands")
    assert (seen.failure, seen.waiting_for) == (None, None)
