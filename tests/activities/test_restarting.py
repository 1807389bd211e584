"""Between two starts of a template: what the first wrote is kept, and what others made meanwhile is never ours."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from activities.restarting import LOOKED_LATELY, note_what_changed
from activities.standing import DEPLOYMENT_TAG
from activities.undoing import undoing_found
from armature.azure.models import ArmDeployment, ArmOperation, ArmResource, ResourceGroup
from armature.messages import DeploymentStep
from armature.plan import DeploymentScopeTarget, Lineage, Plan, PlannedTemplate
from armature.request import BundleReference, DeploymentRequest, Target
from armature.rollback import Undoing
from armature.surveying import Sighting, TargetSurvey, TemplateSurvey
from armature.transitions import accepted
from tests.activities.fake_arm import FakeArm, created, deployment, with_arm

GROUP = "/subscriptions/s-1/resourceGroups/rg"
BEGAN = datetime.now(UTC) - timedelta(days=1)
SITE = f"{GROUP}/providers/Microsoft.Web/sites/one"
SETTINGS = f"{GROUP}/providers/Microsoft.Web/sites/old/config/web"


class World(FakeArm):
    """ARM that also holds resources, each with the moment of its creation as far as a list tells it."""

    def __init__(self) -> None:
        super().__init__()
        self.resources: dict[str, dict[str, Any]] = {GROUP.lower(): {"id": GROUP}}
        self.moments: dict[str, datetime] = {}

    def holds(self, id_: str, *, since: datetime | None = None, state: str = "Succeeded") -> None:
        self.resources[id_.lower()] = {"id": id_, "properties": {"provisioningState": state}}
        if since:
            self.moments[id_] = since

    def read_resource(self, id_: str) -> dict[str, Any] | None:
        self._asked("read_resource", id_)
        return self.resources.get(id_.lower())

    def list_resources(self, _: str) -> tuple[ArmResource, ...]:
        return tuple(ArmResource(id=id_, type="t", name="n", created_at=at) for id_, at in self.moments.items())

    def get_resource_group(self, name: str) -> ResourceGroup | None:
        return ResourceGroup(name=name, location="eastus2")

    def ran(self, root: str, deployment_id: str, *operations: ArmOperation) -> ArmDeployment:
        """What one start of the template has left in ARM's history."""
        made = deployment(root, "Failed", **{DEPLOYMENT_TAG: deployment_id})
        self.deployments[root.lower()] = made
        self.operations[root.lower()] = list(operations)
        return made


def at(operation: ArmOperation, moment: datetime, seconds: float = 60) -> ArmOperation:
    """The operation that went on for these seconds from that moment on."""
    span = timedelta(seconds=seconds)
    return operation.model_copy(update={"timestamp": moment + span, "duration": span})


@pytest.fixture
def plan() -> Plan:
    scope = DeploymentScopeTarget(subscription="s-1", resource_group="rg")
    return Plan(
        deployment_id=f"restart-{uuid4().hex[:12]}",
        lineage=Lineage(project="shop", environment="test", key="0123456789abcdef"),
        subscription="s-1",
        location="eastus2",
        templates=(PlannedTemplate(name="a/b", path="a.json", tier=0, scope=scope, deployment_name="a.d"),),
    )


@pytest.fixture
def world(app, plan):
    """ARM, with a template that was looked at a day ago, when neither of the two resources was there."""
    sightings = tuple(Sighting(id=id_, existed=False, at=BEGAN) for id_ in (SITE, SETTINGS))
    survey = TemplateSurvey(template="a/b", ids=(SITE, SETTINGS), sightings=sightings)
    app.rollbacks.add_sightings(plan.deployment_id, survey)
    app.rollbacks.save_target_survey(plan.deployment_id, TargetSurvey(at=BEGAN, groups=()))
    return World()


def root_of(plan) -> str:
    template = plan.templates[0]
    return template.scope.deployment_id(template.deployment_name)


def noted(app, world, plan, standing) -> None:
    note_what_changed(with_arm(app, world), plan, plan.templates[0], standing)


def undone(app, world, plan, number: int = 1) -> Undoing:
    request = DeploymentRequest(bundle=BundleReference(id="abc"), target=Target(subscription=str(uuid4())))
    state = accepted(request, plan.deployment_id, None, datetime.now(UTC))
    step = DeploymentStep(deployment_id=plan.deployment_id, rollback=number)
    return undoing_found(with_arm(app, world), step, plan, state, ["a/b"], None)


def ids(undoing: Undoing) -> list[str]:
    return [deletion.id for deletion in undoing.deletions]


def test_what_an_earlier_start_made_is_undone_though_arm_keeps_the_operations_of_the_last(app, world, plan):
    first = world.ran(root_of(plan), plan.deployment_id, at(created(SITE), BEGAN))
    world.holds(SITE, since=BEGAN + timedelta(seconds=30))

    for _ in range(2):
        noted(app, world, plan, first)
    world.ran(root_of(plan), plan.deployment_id)

    assert ids(undone(app, world, plan)) == [SITE]


def test_what_a_person_made_between_two_starts_is_not_deleted_though_the_second_wrote_it(app, world, plan):
    first = world.ran(root_of(plan), plan.deployment_id, at(created(SITE), BEGAN))
    world.holds(SITE, since=BEGAN)
    world.holds(SETTINGS)

    for _ in range(2):
        noted(app, world, plan, first)
    world.ran(
        root_of(plan),
        plan.deployment_id,
        at(created(SITE), datetime.now(UTC)),
        at(created(SETTINGS), datetime.now(UTC)),
    )
    undoing = undone(app, world, plan)

    assert ids(undoing) == [SITE]
    assert undoing.unproven == (SETTINGS,)


def test_a_resource_that_was_refused_because_somebody_else_has_it_is_not_deleted(app, world, plan):
    world.holds(SETTINGS)
    world.ran(root_of(plan), plan.deployment_id, at(created(SETTINGS, "Failed"), BEGAN))

    undoing = undone(app, world, plan)

    assert ids(undoing) == []
    assert undoing.unproven == (SETTINGS,)
    assert "somebody else" in undoing.reasons[SETTINGS.lower()]


def test_what_is_half_made_when_its_operation_fails_is_deleted(app, world, plan):
    world.holds(SETTINGS, state="Failed")
    world.ran(root_of(plan), plan.deployment_id, at(created(SETTINGS, "Failed"), BEGAN))

    assert ids(undone(app, world, plan)) == [SETTINGS]


def test_when_the_history_has_lost_what_was_done_only_the_moment_of_creation_proves_it(app, world, plan):
    world.holds(SITE, since=BEGAN + timedelta(seconds=30))
    world.holds(SETTINGS)

    undoing = undone(app, world, plan)

    assert ids(undoing) == [SITE]
    assert undoing.unproven == (SETTINGS,)


def test_a_template_that_is_started_anew_at_once_costs_no_looks(app, world, plan):
    young = TemplateSurvey(
        template="a/b", ids=(SITE,), sightings=(Sighting(id=SITE, existed=False, at=datetime.now(UTC)),)
    )
    fresh = plan.model_copy(update={"deployment_id": f"{plan.deployment_id}-young"})
    app.rollbacks.add_sightings(fresh.deployment_id, young)
    world.holds(SITE)

    noted(app, world, fresh, None)

    assert world.called("read_resource") == []
    assert timedelta(minutes=10) > LOOKED_LATELY
