"""What Azure refuses, or does not answer: told in the state, never lost, never watched for ever."""

from typing import Any

import pytest

from activities.finish import finish_deployment
from activities.looking import poll_templates
from activities.prepare import prepare_target
from activities.showing import record_decisions
from activities.starting import load_graph, start_template
from armature.attempts import Decision, Start
from armature.azure.models import ArmDeployment, ArmOperation
from armature.errors import Failure, FailureClass, FailureError, Recovery, failure
from armature.messages import DecisionsInput, DeploymentStep, FinishInput, Outcome, PollInput, StartInput
from armature.state import Status, TemplateStatus
from tests.end_to_end.bundles import graph_bundle

FIRST = Start(name="a", attempt=1, number=1)
BUSY = failure(FailureClass.THROTTLED, "TooManyRequests", "Slow down.").model_copy(update={"retry_after_seconds": 17.0})
FORBIDDEN = failure(FailureClass.AUTHORIZATION, "AuthorizationFailed", "The app may not read deployments in rg.")
ACTIVE = failure(FailureClass.RESOURCE_CONFLICT, "DeploymentActive", "A deployment of that name is active.")


class Arm:
    """ARM that holds `standing`, and answers each call that is named in `refusals` with that failure."""

    def __init__(self, standing: ArmDeployment | None = None, **refusals: Failure) -> None:
        self.standing = standing
        self.refusals = refusals
        self.put: list[dict[str, str]] = []

    def _refused(self, call: str) -> None:
        if call in self.refusals:
            raise FailureError(self.refusals[call])

    def get_deployment(self, *_: Any) -> ArmDeployment | None:
        self._refused("get_deployment")
        return self.standing

    def put_deployment(self, _scope: Any, name: str, body: Any) -> ArmDeployment:
        self.put.append(body.tags)
        self._refused("put_deployment")
        self.standing = deployment("Accepted", **body.tags)
        return self.standing

    def get_resource_group(self, _name: str) -> None:
        return None

    def validate_deployment(self, *_: Any) -> tuple[str, ...]:
        return ()

    def list_operations(self, *_: Any) -> list[Any]:
        self._refused("list_operations")
        return []


def deployment(state: str, **tags: str) -> ArmDeployment:
    return ArmDeployment(id="/d", name="d", provisioning_state=state, tags=tags)


def tagged(step: DeploymentStep, state: str, attempt: int = 1) -> ArmDeployment:
    return deployment(state, **{"armature-deployment-id": step.deployment_id, "armature-attempt": str(attempt)})


@pytest.fixture
def begun(app, prepare) -> DeploymentStep:
    return prepare(graph_bundle("failing-activities", {"a": [], "b": ["a"]}))


@pytest.fixture(autouse=True)
def _turn_given_back(app, begun):
    yield
    end = FinishInput(deployment_id=begun.deployment_id, sequence=99, outcome=Outcome(message="Done."))
    finish_deployment(app, end)


def with_arm(app, arm: Arm):
    """The services with another ARM, the artifact storage being found already."""

    class Services(type(app)):
        def arm(self, subscription: str) -> Arm:
            arm.subscription = subscription
            return arm

    return Services(**{name: getattr(app, name) for name in app.__dataclass_fields__})


def shown(app, step, name="a"):
    return next(item for item in app.deployments.state(step.deployment_id).templates if item.name == name)


def start(app, arm, step, attempt: int = 1):
    work = StartInput(deployment_id=step.deployment_id, start=Start(name="a", attempt=attempt, number=attempt))
    return start_template(with_arm(app, arm), work).report


def poll(app, arm, step):
    return poll_templates(with_arm(app, arm), PollInput(deployment_id=step.deployment_id, in_flight=(FIRST,)))


@pytest.mark.parametrize("call", ["get_deployment", "put_deployment"])
def test_a_start_that_arm_refuses_says_why_in_the_state(app, begun, call):
    report = start(app, Arm(**{call: FORBIDDEN}), begun)

    assert report.status is TemplateStatus.FAILED
    assert report.setback.recovery is Recovery.FAIL
    assert shown(app, begun).failure.message == FORBIDDEN.message


def test_a_throttled_start_hands_on_how_long_to_wait(app, begun):
    report = start(app, Arm(put_deployment=BUSY), begun)

    assert report.setback.recovery is Recovery.BACK_OFF
    assert report.setback.retry_after_seconds == 17.0


def test_a_put_whose_answer_was_lost_is_not_made_again(app, begun):
    reset = failure(FailureClass.TRANSIENT, "ConnectionError", "Connection reset by peer.")
    arm = Arm(put_deployment=reset)

    first = start(app, arm, begun)
    arm.standing = tagged(begun, "Running")
    second = start(app, arm, begun, attempt=2)

    assert first.setback.recovery is Recovery.OUTWAIT
    assert second.status is TemplateStatus.RUNNING
    assert len(arm.put) == 1


def test_a_foreign_deployment_of_the_same_name_is_waited_for_and_named(app, begun):
    arm = Arm(standing=deployment("Running", owner="somebody"), put_deployment=ACTIVE)

    report = start(app, arm, begun)

    assert report.status is TemplateStatus.FAILED
    assert report.setback.recovery is Recovery.WAIT
    assert shown(app, begun).failure.code == "DeploymentActive"
    assert "somebody else has started" in shown(app, begun).failure.message
    assert arm.put == []


def test_a_deployment_that_arm_does_not_know_is_not_seen_and_told_of(app, begun):
    answer = poll(app, Arm(standing=None), begun)

    (report,) = answer.reports
    assert report.status is TemplateStatus.RUNNING
    assert not report.is_seen
    assert shown(app, begun).failure.code == "DeploymentLost"


def test_a_throttled_poll_hands_on_how_long_to_leave_arm_in_peace(app, begun):
    arm = Arm(standing=tagged(begun, "Running"), list_operations=BUSY)
    answer = poll(app, arm, begun)
    meanwhile = shown(app, begun).failure
    arm.refusals.clear()
    poll(app, arm, begun)

    assert answer.retry_after_seconds == 17.0
    assert not answer.reports[0].is_seen
    assert meanwhile.code == "TooManyRequests"
    assert shown(app, begun).failure is None


def test_a_decision_tells_the_reason_that_nobody_else_could_write_down(app, begun):
    lost = failure(FailureClass.TRANSIENT, "ActivityLost", "The worker process exited.")
    decision = Decision(name="a", status=TemplateStatus.FAILED, attempt=3)

    record_decisions(app, DecisionsInput(deployment_id=begun.deployment_id, decisions=(decision,), reasons={"a": lost}))

    events = [event.message for event in app.deployments.events(begun.deployment_id)]
    assert shown(app, begun).failure == lost
    assert "a, attempt 3: ActivityLost: The worker process exited." in events


def test_the_end_leaves_no_template_waiting_and_is_final_whatever_came_before(app, begun):
    assert load_graph(app, begun).rollout is not None
    why = failure(FailureClass.UNKNOWN, "OrchestrationEnded", "It was terminated.")
    app.deployments.update_state(begun.deployment_id, lambda state: replace_sequence(state, 50))

    end = FinishInput(deployment_id=begun.deployment_id, sequence=3, outcome=Outcome(message="Over.", failure=why))
    finish_deployment(app, end)

    state = app.deployments.state(begun.deployment_id)
    assert state.status is Status.FAILED
    assert state.failures == (why,)
    assert {template.status for template in state.templates} == {TemplateStatus.SKIPPED}


def replace_sequence(state, sequence: int):
    return state.model_copy(update={"sequence": sequence})


def test_a_long_deployment_does_not_fill_the_log_with_what_it_says_already(app, begun):

    arm = Arm(standing=tagged(begun, "Running"))
    done = ArmOperation(operation_id="1", kind="Create", provisioning_state="Succeeded", target_id="/r")
    arm.list_operations = lambda *_: [done]

    for _ in range(3):
        poll(app, arm, begun)

    lines = app.deployments._documents.read_lines(f"events/{begun.deployment_id}.jsonl")
    assert sum("TemplateProgress" in line for line in lines) == 1


def test_the_target_is_not_ready_before_the_role_on_the_artifact_storage_is_seen(app, begun, monkeypatch):
    mismatch = failure(FailureClass.STORAGE_ACCESS, "AuthorizationPermissionMismatch", "Not with this permission.")

    def refused(_account: Any) -> None:
        raise FailureError(mismatch)

    with monkeypatch.context() as patch:
        patch.setattr(app.artifacts, "check_access", refused)
        unseen = prepare_target(app, begun)
    seen = prepare_target(app, begun)

    assert unseen.failure is None
    assert (unseen.is_ready, unseen.waits_for) == (False, mismatch)
    assert seen.is_ready
