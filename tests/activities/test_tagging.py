"""Tags of the options: on what was deployed, beside its own; what does not take them is told, and fails nothing."""

import pytest

from activities import tagging
from activities.cancelling import cancel_templates
from activities.looking import poll_templates
from activities.prepare import read_bundle
from activities.standing import DEPLOYMENT_TAG
from activities.starting import ATTEMPT_TAG, load_graph, start_template
from activities.tagging import MAX_WARNINGS, put_tags
from armature.attempts import Start
from armature.azure.models import ArmDeployment
from armature.errors import FailureClass, FailureError, Recovery, failure
from armature.messages import DeploymentStep, PollInput, StartInput, TagsInput
from armature.state import Status, TemplateStatus
from tests.activities.fake_arm import FakeArm, deployment, with_arm
from tests.end_to_end.bundles import graph_bundle
from tests.end_to_end.client import SUBSCRIPTION

TAGS = {"owner": "shop", "cost": "7"}
LOCKED = failure(FailureClass.AUTHORIZATION, "ScopeLocked", "It is locked.", "Remove the lock.", recovery=Recovery.FAIL)
BUSY = failure(FailureClass.THROTTLED, "TooManyRequests", "Slow down.").model_copy(update={"retry_after_seconds": 9.0})
NO_PATCH = failure(FailureClass.UNKNOWN, "MethodNotAllowed", "No PATCH.")
FIRST = Start(name="a", attempt=1, number=1)


class TagArm(FakeArm):
    """Keeps the tags that it is given by the name of the resource; `refused` are failures by such a name."""

    def __init__(self, *deployments: ArmDeployment, takes: bool | None = True) -> None:
        super().__init__(*deployments)
        self.takes = takes
        self.tags: dict[str, dict[str, str]] = {}
        self.refused: dict[str, object] = {}
        self.put: dict[str, str] = {}

    def put_deployment(self, scope, name, body):
        self.put = body.tags
        return super().put_deployment(scope, name, body)

    def takes_tags(self, _resource_type):
        return self.takes

    def merge_tags(self, resource_id, tags):
        name = resource_id.rsplit("/", 1)[-1]
        self._asked("merge_tags", name)
        if name in self.refused:
            raise FailureError(self.refused[name])
        self.tags.setdefault(name, {}).update(tags)


@pytest.fixture
def begun(app, accept) -> DeploymentStep:
    step = accept(graph_bundle("tagging", {"a": []}), options={"tags": TAGS})
    read_bundle(app, step)
    return step


def seen(app, step, resources: int = 3, **parts) -> TagArm:
    """ARM in which the template has succeeded with so many resources, which a look has shown."""
    template = app.deployments.plan(step.deployment_id).template("a")
    made = tuple(f"{template.scope.resource_id}/providers/Microsoft.Test/things/r{n}" for n in range(resources))
    id_ = template.scope.deployment_id(template.deployment_name)
    succeeded = deployment(id_, "Succeeded", **{DEPLOYMENT_TAG: step.deployment_id})
    arm = TagArm(succeeded.model_copy(update={"output_resources": (*made, *made[:1], id_)}), **parts)
    poll_templates(with_arm(app, arm), PollInput(deployment_id=step.deployment_id, in_flight=(FIRST,)))
    return arm


def tagged(app, arm, step, **parts):
    return put_tags(with_arm(app, arm), TagsInput(deployment_id=step.deployment_id, template="a", **parts))


def shown(app, step):
    return app.deployments.state(step.deployment_id).templates[0]


def warnings(app, step) -> list[str]:
    return [warning.message for warning in app.deployments.state(step.deployment_id).warnings]


def codes(app, step) -> list[str]:
    return [event.code.value for event in app.deployments.events(step.deployment_id)]


def test_a_template_has_succeeded_once_each_of_its_resources_bears_the_tags(app, begun):
    arm = seen(app, begun)
    before = shown(app, begun).status

    answers = [tagged(app, arm, begun) for _ in range(2)]

    assert before is TemplateStatus.RUNNING
    assert [(answer.failure, answer.position) for answer in answers] == [(None, None)] * 2
    assert arm.tags == {"r0": TAGS, "r1": TAGS, "r2": TAGS}
    assert len(arm.called("merge_tags")) == 6
    assert shown(app, begun).status is TemplateStatus.SUCCEEDED
    assert codes(app, begun).count("TemplateSucceeded") == 1
    assert warnings(app, begun) == []


def test_the_deployment_in_azure_bears_them_beside_our_own_and_so_does_a_group_that_is_made(app, prepare):
    step = prepare(graph_bundle("tagging-deployment", {"a": []}), options={"tags": TAGS})
    arm = TagArm()

    start_template(with_arm(app, arm), StartInput(deployment_id=step.deployment_id, start=FIRST))

    group = app.arm(SUBSCRIPTION).get_resource_group("rg-tagging-deployment")
    assert arm.put == {**TAGS, DEPLOYMENT_TAG: step.deployment_id, ATTEMPT_TAG: "1"}
    assert group is not None
    assert group.tags == {**TAGS, DEPLOYMENT_TAG: step.deployment_id}


def test_only_a_deployment_with_tags_has_them_put(app, begun, accept):
    plain = accept(graph_bundle("tagging-none", {"a": []}))
    read_bundle(app, plain)

    assert load_graph(app, begun).puts_tags
    assert not load_graph(app, plain).puts_tags
    seen(app, plain)
    assert shown(app, plain).status is TemplateStatus.SUCCEEDED


@pytest.mark.parametrize("status", [Status.ROLLING_BACK, Status.COMPLETED])
def test_tags_that_come_late_are_not_put_over_those_that_a_rollback_puts_back(app, begun, status):
    arm = seen(app, begun)
    late = {"status": status}
    app.deployments.update_state(begun.deployment_id, lambda found: found.model_copy(update=late))

    answer = tagged(app, arm, begun)

    assert answer.failure.code == "RunEnded"
    assert arm.tags == {}


def test_what_refuses_the_tags_is_told_once_and_fails_nothing(app, begun):
    arm = seen(app, begun)
    arm.refused = {"r1": LOCKED}

    for _ in range(2):
        answer = tagged(app, arm, begun)

    (warning,) = warnings(app, begun)
    assert (answer.failure, answer.position) == (None, None)
    assert "things/r1 did not get the tags of the options: ScopeLocked: It is locked. Remove the lock." in warning
    assert set(arm.tags) == {"r0", "r2"}
    assert codes(app, begun).count("TagsNotPut") == 1
    assert shown(app, begun).status is TemplateStatus.SUCCEEDED


@pytest.mark.parametrize(("takes", "told", "asked"), [(False, 0, 0), (None, 0, 3), (True, 3, 3)])
def test_a_type_that_takes_no_tags_is_left_unless_its_provider_says_that_it_takes_them(app, begun, takes, told, asked):
    arm = seen(app, begun, takes=takes)
    arm.refused = dict.fromkeys(("r0", "r1", "r2"), NO_PATCH)

    answer = tagged(app, arm, begun)

    assert answer.failure is None
    assert len(warnings(app, begun)) == told
    assert len(arm.called("merge_tags")) == asked


def test_arm_asking_for_peace_ends_the_call_with_how_far_it_came(app, begun, monkeypatch):
    arm = seen(app, begun)
    monkeypatch.setattr(tagging, "in_parallel", lambda act, items: [act(item) for item in items])
    arm.refused = {"r1": BUSY}

    first = tagged(app, arm, begun)
    with pytest.raises(FailureError) as nothing_more:
        tagged(app, arm, begun, position=first.position)
    arm.refused = {}
    last = tagged(app, arm, begun, position=first.position)

    assert (first.position, first.retry_after_seconds) == (1, 9.0)
    assert nothing_more.value.failure.code == "TooManyRequests"
    assert last.position is None
    assert arm.called("merge_tags") == ["r0", "r1", "r1", "r1", "r2"]


def test_many_resources_are_gone_through_a_part_at_a_time(app, begun, monkeypatch):
    monkeypatch.setattr(tagging, "AT_A_TIME", 2)
    arm = seen(app, begun)

    first = tagged(app, arm, begun)
    status = shown(app, begun).status
    last = tagged(app, arm, begun, position=first.position)

    assert (first.position, first.retry_after_seconds, last.position) == (2, None, None)
    assert status is TemplateStatus.RUNNING
    assert set(arm.tags) == {"r0", "r1", "r2"}


def test_what_is_given_up_is_told_by_name_up_to_a_number_and_the_template_succeeds(app, begun):
    arm = seen(app, begun, resources=MAX_WARNINGS + 5)

    answer = tagged(app, arm, begun, position=2, given_up=BUSY)

    told = warnings(app, begun)
    assert answer.position is None
    assert arm.called("merge_tags") == []
    assert len(told) == MAX_WARNINGS + 1
    assert told[-1].startswith("3 more resources of a did not get the tags of the options: TooManyRequests")
    assert shown(app, begun).status is TemplateStatus.SUCCEEDED


def test_what_was_cancelled_before_it_had_its_tags_has_not_succeeded(app, begun):
    arm = seen(app, begun)

    work = PollInput(deployment_id=begun.deployment_id, in_flight=(FIRST,))
    (report,) = cancel_templates(with_arm(app, arm), work).reports

    assert report.status is TemplateStatus.CANCELLED
