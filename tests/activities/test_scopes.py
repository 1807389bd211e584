"""What is deployed to is looked for before anything is touched, each in its own subscription."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from activities.prepare import prepare_target
from activities.survey import survey_target
from armature.azure.models import ResourceGroup
from armature.azure.services import Services
from armature.errors import FailureClass, FailureError, failure
from armature.plan import DeploymentScopeTarget, Lineage, Plan, PlannedTemplate
from tests.activities.fake_arm import FakeArm

HERE, THERE = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000009"
GROUPS = "/providers/Microsoft.Management/managementGroups"

Asked = list[tuple[str, str]]
"""What was asked of ARM: the subscription through which, and the scope."""


class Arm(FakeArm):
    """ARM through one subscription; refuses what lies at the scopes `absent`."""

    def __init__(self, subscription: str, asked: Asked, absent: str) -> None:
        super().__init__()
        self._subscription, self._noted, self._absent = subscription, asked, absent

    def check_access(self) -> None:
        self._note(f"/subscriptions/{self._subscription}")

    def check_history(self, scope_id: str) -> None:
        self._note(scope_id)

    def get_resource_group(self, name: str) -> ResourceGroup | None:  # type: ignore[override]
        self._note(name)
        return ResourceGroup(name=name, location="here") if self._subscription == THERE else None

    def list_resources(self, _: str) -> tuple[()]:
        return ()

    def _note(self, scope: str) -> None:
        self._noted.append((self._subscription, scope))
        if scope == self._absent:
            raise FailureError(failure(FailureClass.MISSING_DEPENDENCY, "NotFound", f"{scope} is not there."))


def asking(app: Services, asked: Asked, absent: str = "none") -> Services:
    """The services with an ARM that notes what it is asked."""

    class Others(type(app)):  # type: ignore[misc]
        def arm(self, subscription: str) -> Any:
            return Arm(subscription, asked, absent)

    return Others(**{name: getattr(app, name) for name in app.__dataclass_fields__})


def plan(*scopes: DeploymentScopeTarget) -> Plan:
    """Templates t0, t1 … for these scopes, each after the one before."""
    return Plan(
        deployment_id=f"scopes-{uuid4().hex[:12]}",
        lineage=Lineage(project="shop", environment="test", key="0123456789abcdef"),
        subscription=HERE,
        location="eastus2",
        templates=tuple(
            PlannedTemplate(name=f"t{tier}", path="a.json", tier=tier, scope=scope, deployment_name=f"t{tier}.d")
            for tier, scope in enumerate(scopes)
        ),
    )


def corp(name: str) -> DeploymentScopeTarget:
    return DeploymentScopeTarget(management_group=name)


@pytest.fixture
def prepared(app: Services, accept: Callable[..., Any]) -> Callable[..., Asked]:
    """Prepares the target of a plan until something is refused, and answers what was asked of ARM."""

    def prepared_plan(made: Plan, absent: str) -> Asked:
        asked: Asked = []
        step = accept(b"", deployment_id=made.deployment_id)
        app.deployments.save_plan(made)
        with pytest.raises(FailureError, match="is not there"):
            prepare_target(asking(app, asked, absent), step)
        return asked

    return prepared_plan


def test_each_subscription_and_scope_is_looked_for_before_anything_is_touched(prepared):
    scopes = (
        DeploymentScopeTarget(),
        DeploymentScopeTarget(subscription=THERE, resource_group="rg"),
        DeploymentScopeTarget(subscription=HERE),
    )

    asked = prepared(plan(*scopes), "")

    assert asked == [(HERE, f"/subscriptions/{HERE}"), (THERE, f"/subscriptions/{THERE}"), (HERE, "")]


def test_a_management_group_that_is_not_there_is_told_first(prepared):
    asked = prepared(plan(corp("absent"), corp("made-by-the-first")), f"{GROUPS}/absent")

    assert asked == [(HERE, f"/subscriptions/{HERE}"), (HERE, f"{GROUPS}/absent")]


def test_one_that_a_template_before_may_make_is_not_looked_for(app, prepared):
    asked = prepared(plan(DeploymentScopeTarget(), corp("made"), DeploymentScopeTarget(subscription=THERE)), "")

    assert (HERE, f"{GROUPS}/made") not in asked


def test_groups_of_one_name_are_surveyed_each_in_its_own_subscription(app):
    made = plan(*(DeploymentScopeTarget(subscription=where, resource_group="rg") for where in (HERE, THERE)))
    asked: Asked = []

    survey_target(asking(app, asked), made)
    survey_target(asking(app, asked), made)

    survey = app.rollbacks.target_survey(made.deployment_id)
    assert survey is not None
    assert {group.id.split("/")[2]: group.existed for group in survey.groups} == {HERE: False, THERE: True}
    assert asked == [(HERE, "rg"), (THERE, "rg")]
