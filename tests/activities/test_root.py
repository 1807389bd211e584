"""A root: handed over once, looked at child by child, cancelled before what it has begun."""

from collections.abc import Iterator
from typing import Any

import pytest

from activities.cancelling import cancel_templates
from activities.finish import finish_deployment
from activities.prepare import read_bundle
from activities.root import load_root, poll_root, start_root
from activities.roots import StandingRoot, begun_of
from activities.standing import DEPLOYMENT_TAG
from activities.starting import ATTEMPT_TAG, HANDOVERS
from armature.attempts import Start
from armature.azure.models import ArmDeployment
from armature.errors import FailureClass, Recovery, failure
from armature.messages import (
    DeploymentStep,
    FinishInput,
    Outcome,
    PollInput,
    RootPollInput,
    RootStartInput,
)
from armature.root_scheduling import RootRollout
from armature.state import TemplateStatus
from tests.activities.fake_arm import FakeArm, created, deployment, with_arm
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import zipped

A, B = Start(name="a", attempt=1, number=1), Start(name="b", attempt=1, number=1)
ROOT = {"strategy": "root", "tags": {"owner": "shop"}, "deploymentNamePrefix": "v1"}
UNREACHABLE = failure(FailureClass.STORAGE_ACCESS, "InvalidContentLink", "Unable to download deployment content.")
BUSY = failure(FailureClass.THROTTLED, "TooManyRequests", "Slow down.")
WAITING, SKIPPED, RUNNING = TemplateStatus.WAITING, TemplateStatus.SKIPPED, TemplateStatus.RUNNING


def bundle(project: str) -> bytes:
    """`b` takes an output of `a`."""
    files = {
        "a.json": template([workspace(f"log-{project}-a")], {"x": {"type": "string", "value": "y"}}),
        "b.json": template([workspace(f"log-{project}-b")], parameters={"p": {"type": "string"}}),
    }
    items: list[dict[str, Any]] = [
        {"name": "a", "path": "a.json"},
        {"name": "b", "path": "b.json", "parameters": {"p": {"output": "a.x"}}},
    ]
    return zipped({"manifest.json": manifest(project, items), **files})


class RootArm(FakeArm):
    """Keeps the body that it was handed last."""

    body: Any = None

    def put_deployment(self, scope, name, body):
        self.body = body
        return super().put_deployment(scope, name, body)


@pytest.fixture
def planned(app, accept) -> DeploymentStep:
    step = accept(bundle("root-planned"), options=ROOT)
    read_bundle(app, step)
    return step


@pytest.fixture
def prepared(app, prepare) -> Iterator[DeploymentStep]:
    step = prepare(bundle("root-prepared"), options=ROOT)
    yield step
    end = FinishInput(deployment_id=step.deployment_id, run=1, sequence=99, outcome=Outcome(message="Done."))
    finish_deployment(app, end)


def plan_of(app, step):
    return app.deployments.plan(step.deployment_id)


def root_id(app, step) -> str:
    return StandingRoot.of(app, plan_of(app, step)).id


def child_id(app, step, name: str) -> str:
    found = plan_of(app, step).template(name)
    return found.scope.deployment_id(found.deployment_name)


def root(app, step, state: str, attempt: str = "1.1", owner: str | None = None) -> ArmDeployment:
    tags = {DEPLOYMENT_TAG: owner or step.deployment_id, ATTEMPT_TAG: attempt}
    return deployment(root_id(app, step), state, **tags)


def child(app, step, name: str, state: str, attempt: str = "1") -> ArmDeployment:
    return deployment(child_id(app, step, name), state, **{DEPLOYMENT_TAG: step.deployment_id, ATTEMPT_TAG: attempt})


def world(app, step, state: str, *children: ArmDeployment, begun: dict[str, str] | None = None) -> RootArm:
    """A root in that state which has begun these children; `begun` are the states of their operations if they have
    other ones, or no deployment."""
    arm = RootArm(root(app, step, state), *children)
    operations = {c.id: c.provisioning_state for c in children}
    operations |= {child_id(app, step, name): told for name, told in (begun or {}).items()}
    arm.operations[root_id(app, step).lower()] = [created(id_, told) for id_, told in operations.items()]
    return arm


def start(app, arm, step, number: int = 1, starts=(A, B)):
    work = RootStartInput(deployment_id=step.deployment_id, number=number, starts=starts)
    return start_root(with_arm(app, arm), work)


def poll(app, arm, step, starts=(A, B), **parts):
    work = RootPollInput(deployment_id=step.deployment_id, in_flight=starts, **parts)
    return poll_root(with_arm(app, arm), work)


def statuses(answer) -> dict[str, TemplateStatus]:
    return {report.name: report.status for report in answer.reports}


def shown(app, step, name: str):
    return next(t for t in app.deployments.state(step.deployment_id).templates if t.name == name)


def codes(app, step) -> list[str]:
    return [event.code.value for event in app.deployments.events(step.deployment_id)]


def test_the_graph_of_a_root_is_that_of_the_plan(app, planned):
    graph = load_root(app, planned)

    assert isinstance(graph.rollout, RootRollout)
    assert {t.name: t.depends_on for t in graph.rollout.templates} == {"a": (), "b": ("a",)}
    assert graph.puts_tags


# Starting


def test_a_root_is_put_once_with_the_children_under_their_own_names_and_tags(app, prepared):
    arm = RootArm()

    answers = [start(app, arm, prepared) for _ in range(2)]

    assert [(answer.failure, answer.reports, answer.is_under_way) for answer in answers] == [(None, (), True)] * 2
    assert arm.called("put_deployment") == [f"v1-{prepared.deployment_id}"]
    state = app.deployments.state(prepared.deployment_id)
    assert (state.root.id, state.root.number) == (root_id(app, prepared), 1)
    assert f"v1-{prepared.deployment_id}" in state.root.portal_link
    own = {"owner": "shop", DEPLOYMENT_TAG: prepared.deployment_id}
    assert arm.body.tags == {**own, ATTEMPT_TAG: "1.1"}
    first, second = arm.body.template["resources"]
    assert (first["name"], first["tags"]) == (f"v1-a.{prepared.deployment_id}", {**own, ATTEMPT_TAG: "1"})
    assert second["dependsOn"] == [child_id(app, prepared, "a")]
    assert second["properties"]["parameters"]["p"]["value"].endswith(".outputs.x.value]")
    assert arm.body.template["parameters"] == {"sas": {"type": "securestring"}}


def test_what_the_root_will_write_is_looked_at_before_and_what_can_not_be_told_is_marked(app, prepared):
    start(app, RootArm(), prepared)

    assert app.rollbacks.surveyed(prepared.deployment_id, ["a", "b"]) == {"a", "b"}


@pytest.mark.parametrize(
    ("state", "attempt", "is_put"),
    [("Running", "1.1", False), ("Failed", "1.2", False), ("Failed", "1.1", True), ("Succeeded", "1.1", True)],
)
def test_a_root_that_runs_or_has_ended_as_this_one_is_not_put_again(app, prepared, state, attempt, is_put):
    arm = RootArm(root(app, prepared, state, attempt))

    answer = start(app, arm, prepared, number=2)

    assert answer.failure is None
    assert bool(arm.called("put_deployment")) is is_put


def test_a_deployment_of_that_name_that_is_not_ours_is_waited_for(app, prepared):
    arm = RootArm(root(app, prepared, "Running", owner="another"))

    answer = start(app, arm, prepared)

    assert statuses(answer) == {"a": TemplateStatus.FAILED, "b": SKIPPED}
    assert answer.reports[0].setback.recovery is Recovery.WAIT
    assert not answer.is_under_way
    assert arm.called("put_deployment") == []


def test_what_another_root_deployed_is_a_value_in_the_next_one(app, prepared):
    app.deployments.save_outputs(prepared.deployment_id, "a", {"X": "told"})
    arm = RootArm()

    start(app, arm, prepared, starts=(B,))

    (resource,) = arm.body.template["resources"]
    assert "dependsOn" not in resource
    assert resource["properties"]["parameters"] == {"p": {"value": "told"}}


def test_a_passing_refusal_is_of_what_would_have_begun(app, prepared):
    arm = RootArm()
    arm.refusals = {"put_deployment": BUSY}

    answer = start(app, arm, prepared)

    assert statuses(answer) == {"a": TemplateStatus.FAILED, "b": SKIPPED}
    assert shown(app, prepared, "a").failure.code == "TooManyRequests"
    assert (shown(app, prepared, "b").starts, shown(app, prepared, "b").status) == (0, WAITING)


def test_a_refusal_for_good_is_of_the_template_whose_deployment_it_names(app, prepared):
    arm = RootArm()
    name = plan_of(app, prepared).template("b").deployment_name
    arm.refusals = {"put_deployment": failure(FailureClass.TEMPLATE, "InvalidTemplate", f"'{name}' is not valid.")}

    answer = start(app, arm, prepared)

    assert statuses(answer) == {"a": SKIPPED, "b": TemplateStatus.FAILED}
    assert shown(app, prepared, "b").failure.code == "InvalidTemplate"


def test_links_that_can_not_be_downloaded_are_handed_over_again_at_once(app, prepared, monkeypatch):
    arm = RootArm()
    arm.refusals = {"put_deployment": UNREACHABLE}
    monkeypatch.setattr(type(app.artifacts), "forget", lambda *_: None)

    start(app, arm, prepared)

    assert len(arm.called("put_deployment")) == HANDOVERS


def test_a_start_that_comes_late_puts_nothing(app, prepared):
    end = FinishInput(deployment_id=prepared.deployment_id, run=1, sequence=99, outcome=Outcome(message="Done."))
    finish_deployment(app, end)
    arm = RootArm()

    answer = start(app, arm, prepared)

    assert answer.failure is not None
    assert answer.failure.code == "RunEnded"
    assert arm.calls == []


# Looking


def test_only_what_arm_has_begun_is_shown_and_its_beginning_is_told_once(app, planned):
    arm = world(app, planned, "Running", child(app, planned, "a", "Running"))

    for _ in range(2):
        answer = poll(app, arm, planned)

    assert statuses(answer) == {"a": RUNNING, "b": WAITING}
    assert answer.is_under_way
    found = shown(app, planned, "a")
    assert (found.status, found.attempt, found.starts, found.max_attempts) == (RUNNING, 1, 1, 3)
    assert found.started_at
    assert found.finished_at is None or found.started_at <= found.finished_at
    assert "v1-a." in found.portal_link
    assert codes(app, planned).count("TemplateStarted") == 1
    assert shown(app, planned, "b").status is WAITING


def test_two_reads_of_arm_for_the_root_and_two_for_each_child_that_it_has_begun(app, planned):
    arm = world(app, planned, "Running", child(app, planned, "a", "Running"))

    poll(app, arm, planned)

    assert len(arm.called("get_deployment")) == 2
    assert len(arm.called("operations")) == 2


def test_the_deployment_of_an_earlier_root_is_not_taken_for_this_one(app, planned):
    arm = world(app, planned, "Running", child(app, planned, "a", "Failed", attempt="1"), begun={"a": "Running"})
    again = A.model_copy(update={"number": 2, "attempt": 2})

    answer = poll(app, arm, planned, starts=(again, B))

    assert statuses(answer) == {"a": WAITING, "b": WAITING}


def test_what_was_refused_before_it_was_a_deployment_has_failed_with_the_reason(app, planned):
    arm = world(app, planned, "Running")
    refused = created(child_id(app, planned, "a"), "Failed")
    error = {"error": {"code": "AuthorizationFailed", "message": "The client may not deploy there."}}
    arm.operations[root_id(app, planned).lower()] = [refused.model_copy(update={"error": error})]

    answer = poll(app, arm, planned)

    assert statuses(answer) == {"a": TemplateStatus.FAILED, "b": WAITING}
    assert shown(app, planned, "a").failure.code == "AuthorizationFailed"


def test_once_the_root_has_ended_what_it_did_not_begin_is_told_as_never_begun(app, planned):
    arm = world(app, planned, "Failed", child(app, planned, "a", "Failed"))
    arm.failures[plan_of(app, planned).template("a").deployment_name] = BUSY

    answer = poll(app, arm, planned)

    assert statuses(answer) == {"a": TemplateStatus.FAILED, "b": SKIPPED}
    assert not answer.is_under_way
    assert shown(app, planned, "b").status is WAITING


@pytest.mark.parametrize(("state", "code"), [("Canceled", "DeploymentCanceled"), ("Failed", "TooManyRequests")])
def test_a_root_that_ends_though_nothing_in_it_failed_is_a_failure_of_what_was_left(app, planned, state, code):
    arm = world(app, planned, state, child(app, planned, "a", "Succeeded"))
    arm.failures[f"v1-{planned.deployment_id}"] = BUSY

    answer = poll(app, arm, planned)

    assert statuses(answer) == {"a": TemplateStatus.SUCCEEDED, "b": TemplateStatus.FAILED}
    assert shown(app, planned, "b").failure.code == code


def test_a_root_is_told_to_begin_nothing_more_and_what_it_began_goes_on(app, planned):
    arm = world(app, planned, "Running", child(app, planned, "a", "Running"))

    answer = poll(app, arm, planned, is_stopping=True)
    arm.deployments[root_id(app, planned).lower()] = root(app, planned, "Canceled")
    ended = poll(app, arm, planned, is_stopping=True)

    assert arm.called("cancel_deployment") == [root_id(app, planned)]
    assert (answer.is_under_way, ended.is_under_way) == (True, False)
    assert statuses(ended) == {"a": RUNNING, "b": SKIPPED}


def test_a_root_that_arm_does_not_know_is_lost_and_no_more_under_way_when_nothing_of_it_is_in_flight(app, planned):
    arm = RootArm()

    answer = poll(app, arm, planned)
    nothing = poll(app, arm, planned, starts=())

    assert all(report.is_lost for report in answer.reports)
    assert (answer.is_under_way, nothing.is_under_way) == (True, False)


def test_while_arm_is_left_in_peace_nothing_is_asked_of_it(app, planned):
    arm = RootArm()

    answer = poll(app, arm, planned, starts=(), is_quiet=True)

    assert answer.is_under_way
    assert arm.calls == []


# Cancelling


def cancel(app, arm, step, **parts):
    work = PollInput(deployment_id=step.deployment_id, in_flight=(A, B), **parts)
    return cancel_templates(with_arm(app, arm), work)


def test_the_root_is_cancelled_before_what_it_has_begun_and_waited_for(app, planned):
    arm = world(app, planned, "Running", child(app, planned, "a", "Running"))
    poll(app, arm, planned)

    answer = cancel(app, arm, planned)

    assert arm.called("cancel_deployment") == [root_id(app, planned), child_id(app, planned, "a")]
    assert statuses(answer) == {"a": RUNNING, "b": RUNNING}
    assert shown(app, planned, "b").status is WAITING


def test_once_the_root_has_ended_what_it_did_not_begin_was_not_started(app, planned):
    arm = world(app, planned, "Running", child(app, planned, "a", "Running"))
    poll(app, arm, planned)
    ended = world(app, planned, "Canceled", child(app, planned, "a", "Canceled"))

    answer = cancel(app, ended, planned)

    assert ended.called("cancel_deployment") == []
    assert statuses(answer) == {"a": TemplateStatus.CANCELLED, "b": SKIPPED}
    assert shown(app, planned, "a").status is TemplateStatus.CANCELLED


def test_a_root_that_does_not_end_is_told_with_the_last_look(app, planned):
    arm = world(app, planned, "Running")

    answer = cancel(app, arm, planned, is_last_look=True)

    assert statuses(answer) == {"a": SKIPPED, "b": SKIPPED}
    (warning,) = app.deployments.state(planned.deployment_id).warnings
    assert root_id(app, planned) in warning.message


def test_a_rollback_deploys_again_what_was_begun_though_nobody_lived_to_show_it(app, planned):
    arm = with_arm(app, world(app, planned, "Canceled", child(app, planned, "a", "Canceled")))

    assert begun_of(arm, plan_of(app, planned), ("a", "b"), ()) == ("a",)
    assert begun_of(arm, plan_of(app, planned), ("a", "b"), ("b",)) == ("a", "b")
