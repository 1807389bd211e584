"""What existed before is written down once, before the first start, whatever ARM answers meanwhile."""

from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from activities.standing import DEPLOYMENT_TAG
from activities.survey import survey_target, survey_template
from armature.azure.models import ArmDeployment, ArmResource, DeploymentBody, ResourceGroup
from armature.azure.services import Services
from armature.errors import Failure, FailureClass, FailureError, Recovery, failure
from armature.plan import DeploymentScopeTarget, Lineage, Plan, PlannedTemplate, ResourceGroupToEnsure
from armature.surveying import TemplateSurvey

GROUP = "/subscriptions/s-1/resourceGroups/rg"
OLD, NEW = (f"{GROUP}/providers/Microsoft.Web/sites/{name}" for name in ("old", "new"))
LINKED = f"{GROUP}/providers/Microsoft.Resources/deployments/child"
SITE = {"id": OLD, "tags": {}, "properties": {"password": "hunter2-hunter2", "provisioningState": "Succeeded"}}

BUSY = failure(FailureClass.THROTTLED, "TooManyRequests", "Slow down.")
INVALID = failure(FailureClass.TEMPLATE, "InvalidTemplate", "The template is wrong.")
NOT_READABLE = failure(FailureClass.UNKNOWN, "MethodNotAllowed", "It can't be read.")


class Arm:
    """ARM that holds `resources`, validates everything as writing `ids`, and refuses what `refusals` name."""

    def __init__(self, *ids: str, resources: dict[str, Any] | None = None, **refusals: Failure) -> None:
        self.ids = ids
        self.resources = {id_.lower(): document for id_, document in (resources or {}).items()}
        self.refusals = refusals
        self.standing: ArmDeployment | None = None
        self.calls: Counter[str] = Counter()
        self.group_tags: dict[str, str] = {}
        self.settings: dict[str, str] = {}
        self.deleted: set[str] = set()

    def get_deployment(self, *_: Any) -> ArmDeployment | None:
        return self.standing

    def validate_deployment(self, *_: Any) -> tuple[str, ...]:
        self._answers("validate")
        return self.ids

    def read_resource(self, resource_id: str) -> dict[str, Any] | None:
        self._answers(resource_id.rpartition("/")[2])
        return self.resources.get(resource_id.lower())

    def app_settings(self, _: str) -> dict[str, str]:
        self._answers("app_settings")
        return self.settings

    def soft_deleted_ids(self, _: str) -> set[str]:
        self._answers("soft_deleted_ids")
        return self.deleted

    def get_resource_group(self, name: str) -> ResourceGroup | None:
        self._answers("get_resource_group")
        is_there = GROUP.lower() in self.resources
        return ResourceGroup(name=name, location="eastus2", tags=self.group_tags) if is_there else None

    def list_resources(self, _: str) -> tuple[ArmResource, ...]:
        self._answers("list_resources")
        ids = [document["id"] for document in self.resources.values() if "/providers/" in document["id"]]
        return tuple(ArmResource(id=id_, type="Microsoft.Web/sites", name="x") for id_ in ids)

    def _answers(self, call: str) -> None:
        self.calls[call] += 1
        if call in self.refusals:
            raise FailureError(self.refusals[call])


GROUP_THERE = {GROUP: {"id": GROUP, "location": "eastus2"}}


def with_arm(app: Services, arm: Arm) -> Services:
    """The services with another ARM."""

    class Others(type(app)):
        def arm(self, subscription: str) -> Arm:
            return arm

    return Others(**{name: getattr(app, name) for name in app.__dataclass_fields__})


@pytest.fixture
def plan() -> Plan:
    scope = DeploymentScopeTarget(subscription="s-1", resource_group="rg")
    template = PlannedTemplate(name="a/b", path="a.json", tier=0, scope=scope, deployment_name="a.d")
    return Plan(
        deployment_id=f"survey-{uuid4().hex[:12]}",
        lineage=Lineage(project="shop", environment="test", key="0123456789abcdef"),
        subscription="s-1",
        location="eastus2",
        templates=(template,),
    )


def surveyed(app: Services, arm: Arm, plan: Plan) -> dict[str, bool | None]:
    """What is written down after a survey of the plan's template, by the last part of the id."""
    survey_template(with_arm(app, arm), plan, plan.templates[0], DeploymentBody())
    return seen(app, plan)


def seen(app: Services, plan: Plan) -> dict[str, bool | None]:
    survey = app.rollbacks.template_survey(plan.deployment_id, "a/b")
    return {s.id.rpartition("/")[2]: s.existed for s in survey.sightings} if survey else {}


def test_each_resource_that_is_to_be_written_is_absent_or_there_and_deployments_are_neither(app, plan):
    arm = Arm(OLD, NEW, LINKED, resources={**GROUP_THERE, OLD: SITE})

    assert surveyed(app, arm, plan) == {"rg": True, "old": True, "new": False}


def test_no_value_of_what_is_there_is_kept(app, plan):
    surveyed(app, Arm(OLD, resources={**GROUP_THERE, OLD: SITE}), plan)

    survey = app.rollbacks.template_survey(plan.deployment_id, "a/b")
    assert "hunter2" not in survey.model_dump_json()
    assert {len(sighting.fingerprint) for sighting in survey.sightings} == {64}


def test_the_settings_of_a_site_count_though_the_site_does_not_show_them(app, plan):
    marks = []
    for settings in ({"MODE": "one"}, {"MODE": "two"}):
        fresh = plan.model_copy(update={"deployment_id": f"{plan.deployment_id}-{settings['MODE']}"})
        arm = Arm(OLD, resources={**GROUP_THERE, OLD: SITE})
        arm.settings = settings
        surveyed(app, arm, fresh)
        survey = app.rollbacks.template_survey(fresh.deployment_id, "a/b")
        marks.append(survey.sightings[0].fingerprint)
        assert settings["MODE"] not in survey.model_dump_json()

    assert marks[0] != marks[1]


def test_a_vault_whose_name_a_deleted_one_holds_is_known_not_to_be_free(app, plan):
    vaults = {name: f"{GROUP}/providers/Microsoft.KeyVault/vaults/{name}" for name in ("free", "held")}
    arm = Arm(*vaults.values(), resources=GROUP_THERE)
    arm.deleted = {vaults["held"].lower()}

    surveyed(app, arm, plan)

    survey = app.rollbacks.template_survey(plan.deployment_id, "a/b")
    names = {s.id: s.is_name_free for s in survey.sightings if s.id != GROUP}
    assert names == {vaults["free"]: True, vaults["held"]: False}
    assert arm.calls["soft_deleted_ids"] == 1


def test_a_name_of_which_nobody_may_tell_is_not_taken_for_free(app, plan):
    vault = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"

    surveyed(app, Arm(vault, resources=GROUP_THERE, soft_deleted_ids=NOT_READABLE), plan)

    assert app.rollbacks.template_survey(plan.deployment_id, "a/b").sightings[0].is_name_free is None


def test_a_second_survey_asks_nothing_and_changes_nothing(app, plan):
    before = surveyed(app, Arm(OLD, NEW, resources={**GROUP_THERE, OLD: SITE}), plan)
    later = Arm(OLD, NEW, resources={**GROUP_THERE, OLD: SITE, NEW: {**SITE, "id": NEW}})

    assert surveyed(app, later, plan) == before
    assert not later.calls


def test_a_throttled_survey_keeps_what_was_seen_and_goes_on_with_the_rest(app, plan):
    throttled = Arm(NEW, OLD, resources={**GROUP_THERE, OLD: SITE}, old=BUSY)
    with pytest.raises(FailureError, match="TooManyRequests"):
        surveyed(app, throttled, plan)
    known = seen(app, plan)
    again = Arm(NEW, OLD, resources={**GROUP_THERE, OLD: SITE, NEW: {**SITE, "id": NEW}})

    assert surveyed(app, again, plan) == {"rg": True, "old": True, "new": known.get("new", True)}
    assert again.calls["validate"] == 0
    assert known["rg"] is True


def test_in_a_group_that_is_not_there_nothing_is_read(app, plan):
    arm = Arm(OLD, NEW)

    assert surveyed(app, arm, plan) == {"rg": False, "old": False, "new": False}
    assert arm.calls == {"validate": 1, "rg": 1}


def test_in_a_group_that_a_look_had_missed_and_somebody_else_made_everything_is_read(app, plan):
    ensured = plan.model_copy(update={"resource_groups_to_ensure": (ResourceGroupToEnsure(name="rg", location="x"),)})
    survey_target(with_arm(app, Arm()), ensured)
    arm = Arm(OLD, NEW, resources={**GROUP_THERE, OLD: SITE})

    assert surveyed(app, arm, ensured) == {"old": True, "new": False}


def test_in_a_group_that_the_deployment_made_itself_nothing_is_read(app, plan):
    ensured = plan.model_copy(update={"resource_groups_to_ensure": (ResourceGroupToEnsure(name="rg", location="x"),)})
    survey_target(with_arm(app, Arm()), ensured)
    arm = Arm(OLD, NEW, resources={**GROUP_THERE, OLD: SITE})
    arm.group_tags = {DEPLOYMENT_TAG: plan.deployment_id}

    assert surveyed(app, arm, ensured) == {"old": False, "new": False}
    assert arm.calls["old"] == 0


def test_what_arm_refuses_for_good_is_left_for_the_deployment_to_tell(app, plan):
    assert surveyed(app, Arm(OLD, validate=INVALID), plan) == {}


def test_what_arm_refuses_for_a_moment_fails_the_survey(app, plan):
    with pytest.raises(FailureError, match="TooManyRequests") as caught:
        surveyed(app, Arm(OLD, validate=BUSY), plan)

    assert caught.value.failure.recovery is Recovery.OUTWAIT, "it would cost the template its attempts"


def test_of_what_can_not_be_read_nothing_is_claimed(app, plan):
    arm = Arm(OLD, NEW, resources=GROUP_THERE, old=NOT_READABLE)

    assert surveyed(app, arm, plan) == {"rg": True, "old": None, "new": False}


def test_what_this_deployment_has_begun_already_is_not_surveyed_any_more(app, plan):
    arm = Arm(NEW, resources={**GROUP_THERE, NEW: {**SITE, "id": NEW}})
    arm.standing = ArmDeployment(
        id="/d", name="d", provisioning_state="Failed", tags={DEPLOYMENT_TAG: plan.deployment_id}
    )

    assert surveyed(app, arm, plan) == {}


@pytest.mark.parametrize("has_begun", [False, True])
def test_one_that_was_blind_is_made_anew_unless_arm_has_begun_the_template(app, plan, has_begun):
    app.rollbacks.add_sightings(plan.deployment_id, TemplateSurvey(template="a/b", ids=(), is_blind=True))
    arm = Arm(OLD, NEW, resources={OLD: SITE, **GROUP_THERE})
    if has_begun:
        tags = {DEPLOYMENT_TAG: plan.deployment_id}
        arm.standing = ArmDeployment(id="/d", name="d", provisioning_state="Failed", tags=tags)

    found = surveyed(app, arm, plan)
    app.rollbacks.add_sightings(plan.deployment_id, TemplateSurvey(template="a/b", ids=(), is_blind=True))

    assert found == ({} if has_begun else {"rg": True, "old": True, "new": False})
    assert seen(app, plan) == found, "a root that is handed over twice takes nothing from what was seen"


def test_the_target_is_written_down_once(app, plan):
    survey_target(with_arm(app, Arm(resources={**GROUP_THERE, OLD: SITE})), plan)
    later = Arm()
    survey_target(with_arm(app, later), plan)

    groups = app.rollbacks.target_survey(plan.deployment_id).groups
    assert [(group.id, group.existed, group.resources) for group in groups] == [(GROUP, True, (OLD,))]
    assert not later.calls


def test_a_target_group_that_is_not_there_is_written_down_as_that(app, plan):
    arm = Arm()

    survey_target(with_arm(app, arm), plan)

    assert [group.existed for group in app.rollbacks.target_survey(plan.deployment_id).groups] == [False]
    assert arm.calls["list_resources"] == 0
