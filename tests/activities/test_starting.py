"""Starting a template: what stood in the way of the start before is cleared first, once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from activities.clearing import PRUNED_TO, prunable
from activities.finish import finish_deployment
from activities.prepare import read_bundle
from activities.standing import DEPLOYMENT_TAG
from activities.starting import HANDOVERS, load_graph, start_template
from activities.upload import upload_artifact
from armature.attempts import Setback, Start
from armature.control import ControlRequest
from armature.errors import FailureClass, Recovery, failure
from armature.messages import ArtifactInput, DeploymentStep, FinishInput, Outcome, StartInput
from armature.options import Delivery
from armature.state import Status, TemplateStatus
from armature.stops import LOCK_BROKEN
from tests.activities.fake_arm import FakeArm, deployment, with_arm
from tests.end_to_end.bundles import graph_bundle
from tests.end_to_end.client import SUBSCRIPTION

PROVIDER = Setback(recovery=Recovery.REGISTER_PROVIDER, subject="Microsoft.Web")
FULL = Setback(recovery=Recovery.PRUNE_HISTORY)
UNREACHABLE = failure(FailureClass.STORAGE_ACCESS, "InvalidContentLink", "Unable to download deployment content.")
ACTIVE = failure(FailureClass.RESOURCE_CONFLICT, "DeploymentActive", "It is active.")


@pytest.fixture
def begun(app, prepare) -> Iterator[DeploymentStep]:
    step = prepare(graph_bundle("starting", {"a": []}))
    yield step
    end = FinishInput(deployment_id=step.deployment_id, run=1, sequence=99, outcome=Outcome(message="Done."))
    finish_deployment(app, end)


def start(app, arm, step, setback=None, number: int = 2):
    return started(app, arm, step, setback=setback, number=number).report


def started(app, arm, step, *, rollback: int = 0, number: int = 2, setback=None):
    work = Start(name="a", attempt=1, number=number, setback=setback)
    return start_template(
        with_arm(app, arm), StartInput(deployment_id=step.deployment_id, rollback=rollback, start=work)
    )


def shown(app, step):
    return app.deployments.state(step.deployment_id).templates[0]


def codes(app, step) -> list[str]:
    return [event.code.value for event in app.deployments.events(step.deployment_id)]


def scope_id(app, step) -> str:
    return app.deployments.plan(step.deployment_id).template("a").scope.resource_id


def root_id(app, step) -> str:
    template = app.deployments.plan(step.deployment_id).template("a")
    return template.scope.deployment_id(template.deployment_name)


def test_a_provider_is_registered_and_waited_for_before_the_template_is_put(app, begun):
    arm = FakeArm()
    arm.provider_states = ["NotRegistered", "Registering"]

    report = start(app, arm, begun, PROVIDER)

    assert report.setback == PROVIDER
    assert shown(app, begun).failure.code == "ProviderRegistering"
    assert arm.called("register_provider") == ["Microsoft.Web"]
    assert arm.called("put_deployment") == []


def test_once_the_provider_is_registered_the_template_is_put_and_that_is_told_once(app, begun):
    arm = FakeArm()
    arm.provider_states = ["Registered"]

    for _ in range(2):
        report = start(app, arm, begun, PROVIDER)

    assert report.status is TemplateStatus.RUNNING
    assert arm.called("register_provider") == []
    assert len(arm.called("put_deployment")) == 1
    assert codes(app, begun).count("ProviderRegistered") == 1


def test_old_entries_make_room_in_a_full_history_and_that_is_told(app, begun):
    old = [
        deployment(f"{scope_id(app, begun)}/providers/Microsoft.Resources/deployments/d{n}", "Succeeded")
        for n in range(799)
    ]
    arm = FakeArm(*old)

    for _ in range(2):
        report = start(app, arm, begun, FULL)

    assert report.status is TemplateStatus.RUNNING
    assert len(arm.called("delete_deployment")) == 799 - PRUNED_TO
    assert codes(app, begun).count("HistoryPruned") == 1


class FarFromStorage(FakeArm):
    """Can't download what it is handed, so many times; the storage is private from `private_after` tries on."""

    def __init__(self, app, times: int, private_after: int = 99) -> None:
        super().__init__()
        self.real = app.arm(SUBSCRIPTION)
        self.subscription = SUBSCRIPTION
        self.left = times
        self.private_after = private_after
        self.bodies = []

    def put_deployment(self, scope, name, body):
        self.bodies.append(body)
        self.left -= 1
        self.refusals = {"put_deployment": UNREACHABLE} if self.left >= 0 and body.template is None else {}
        return super().put_deployment(scope, name, body)

    def find_resources(self, *of):
        return self.real.find_resources(*of)

    def get_resource(self, resource_id, api_version):
        found = self.real.get_resource(resource_id, api_version)
        access = "Disabled" if len(self.bodies) >= self.private_after else "Enabled"
        return found.model_copy(update={"properties": {**found.properties, "publicNetworkAccess": access}})


@pytest.mark.parametrize(
    ("times", "status", "puts"),
    [
        (HANDOVERS - 1, TemplateStatus.RUNNING, HANDOVERS),
        (HANDOVERS, TemplateStatus.FAILED, HANDOVERS),
    ],
)
def test_what_arm_cannot_download_is_handed_over_again_at_once_a_few_times(app, begun, times, status, puts):
    arm = FarFromStorage(app, times)

    report = start(app, arm, begun)

    assert report.status is status
    assert len(arm.called("put_deployment")) == puts


def test_storage_that_has_become_private_meanwhile_is_seen_at_the_next_try(app, begun):
    upload_artifact(app, ArtifactInput(deployment_id=begun.deployment_id, index=0))
    arm = FarFromStorage(app, 99, private_after=1)

    report = start(app, arm, begun)
    app.artifacts.forget(arm, app.deployments.plan(begun.deployment_id).location)  # it is not really private

    first, second = arm.bodies
    assert report.status is TemplateStatus.RUNNING
    assert (first.template, second.template_uri) == (None, None)
    assert second.template["resources"] is not None
    assert shown(app, begun).delivery is Delivery.INLINE
    assert codes(app, begun).count("TemplateDelivered") == 1


def test_what_arm_refuses_for_another_reason_is_handed_over_once(app, begun):
    arm = FakeArm(put_deployment=failure(FailureClass.QUOTA, "QuotaExceeded", "No more."))

    start(app, arm, begun)

    assert len(arm.called("put_deployment")) == 1


def test_what_another_deployment_may_still_be_rolled_back_by_stays_in_a_full_history(app, begun, prepare):
    other = prepare(graph_bundle("starting-other", {"a": []}), deployment_id="starting-other")
    entries = [
        deployment(f"{scope_id(app, begun)}/providers/Microsoft.Resources/deployments/d{n}", "Succeeded", None, **tags)
        for n in range(799)
        if (tags := {DEPLOYMENT_TAG: other.deployment_id} if n < 150 else {}) is not None
    ]
    arm = FakeArm(*entries)

    start(app, arm, begun, FULL)

    deleted = {id_.rpartition("/")[2] for id_ in arm.called("delete_deployment")}
    assert len(deleted) == 799 - PRUNED_TO
    assert not deleted & {f"d{n}" for n in range(150)}
    finish_deployment(
        app, FinishInput(deployment_id=other.deployment_id, sequence=99, outcome=Outcome(message="Done."))
    )


def entry(name: str, day: int, state: str = "Succeeded", correlation_id: str | None = None, owner: str | None = None):
    tags = {DEPLOYMENT_TAG: owner} if owner else {}
    made = deployment(f"/s/providers/Microsoft.Resources/deployments/{name}", state, correlation_id, **tags)
    return made.model_copy(update={"timestamp": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)})


def test_of_a_history_armatures_own_go_first_and_the_oldest_of_them_before_the_others():
    history = [
        entry("foreign-old", 1),
        entry("ours-new", 9, owner="d-1"),
        entry("ours-old", 2, owner="d-2", correlation_id="c-2"),
        entry("linked-of-ours", 5, correlation_id="c-2"),
    ]

    assert [found.name for found in prunable(history, set())] == [
        "ours-old",
        "linked-of-ours",
        "ours-new",
        "foreign-old",
    ]


def test_what_runs_and_what_is_still_needed_stays_in_the_history():
    history = [
        entry("runs", 1, state="Running"),
        entry("present", 2, owner="present", correlation_id="c-p"),
        entry("linked-of-present", 2, correlation_id="c-p"),
        entry("previous", 3, owner="previous"),
        entry("free", 4),
    ]

    assert [found.name for found in prunable(history, {"present", "previous"})] == ["free"]


def test_a_deployment_of_the_same_name_that_still_runs_is_waited_for_before_anything_is_put(app, begun):
    arm = FakeArm(deployment(root_id(app, begun), "Running", **{DEPLOYMENT_TAG: "another-deployment"}))

    report = start(app, arm, begun)

    assert report.setback.recovery is Recovery.WAIT
    assert "belongs to the deployment another-deployment" in shown(app, begun).failure.message
    assert arm.called("put_deployment") == []


def test_an_active_deployment_that_turns_out_to_be_ours_is_running(app, begun):
    class Late(FakeArm):
        """Tells only after the put that the deployment stands: its reads lag behind its writes."""

        def get_deployment(self, scope, name):
            found = super().get_deployment(scope, name)
            return found if self.called("put_deployment") else None

    standing = deployment(root_id(app, begun), "Running", **{DEPLOYMENT_TAG: begun.deployment_id})

    report = start(app, Late(standing, put_deployment=ACTIVE), begun)

    assert report.status is TemplateStatus.RUNNING


def test_what_an_earlier_run_has_done_stays_done_and_its_starts_are_counted_on(app, accept):
    step = accept(graph_bundle("starting-again", {"a": [], "b": []}))
    read_bundle(app, step)
    ended = {
        "a": {"status": TemplateStatus.SUCCEEDED, "starts": 1, "attempt": 1},
        "b": {"starts": 3, "attempt": 2},
    }
    app.deployments.update_state(
        step.deployment_id,
        lambda state: state.model_copy(
            update={"templates": tuple(t.model_copy(update=ended[t.name]) for t in state.templates)}
        ),
    )

    rollout = load_graph(app, step).rollout

    (again,) = rollout.next_starts(datetime.now(UTC))
    assert rollout.succeeded == ("a",)
    assert (again.name, again.attempt, again.number) == ("b", 1, 4)


@pytest.mark.parametrize("status", [Status.ROLLING_BACK, Status.FAILED])
def test_a_start_that_comes_late_puts_nothing_and_shows_nothing(app, begun, status):
    app.deployments.update_state(begun.deployment_id, lambda state: state.model_copy(update={"status": status}))
    before, arm = app.deployments.state(begun.deployment_id), FakeArm()

    answer = started(app, arm, begun)

    assert answer.failure.code == "RunEnded"
    assert arm.calls == []
    assert app.deployments.state(begun.deployment_id) == before


def test_a_previous_version_is_started_while_the_deployment_is_rolled_back(app, begun):
    plan = app.deployments.plan(begun.deployment_id)
    app.deployments.save_plan(plan.model_copy(update={"predecessor": "d-0"}), f"{begun.deployment_id}.rollback-1")
    app.deployments.update_state(
        begun.deployment_id, lambda state: state.model_copy(update={"status": Status.ROLLING_BACK})
    )

    assert started(app, FakeArm(), begun, rollback=1).failure is None


def test_nothing_is_put_once_the_lineage_lock_is_lost(app, begun):
    broken = ControlRequest(run=1, at=datetime.now(UTC))
    app.deployments.ask(begun.deployment_id, lambda control: control.with_lock_broken(broken))
    arm = FakeArm()

    answer = started(app, arm, begun)

    assert answer.failure == LOCK_BROKEN
    assert arm.calls == []
