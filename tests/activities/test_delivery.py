"""Templates and packages, where public networks don't reach the artifact storage: beside the network, and inside."""

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from typing import Any

import pytest

from activities.finish import finish_deployment
from activities.inlining import check_size, inline_body_from_bundle
from activities.packages import attach_packages
from activities.parameters import deployment_body
from activities.prepare import prepare_target, read_bundle, take_turn
from activities.starting import start_template
from activities.upload import upload_artifact
from armature.attempts import Start
from armature.azure.arm.deployments import request_bytes
from armature.azure.models import ArmResource, DeploymentBody, ReleaseSight
from armature.azure.provisioning import ArtifactAccount
from armature.bundle import BundleLimits
from armature.errors import FailureClass, FailureError, Recovery, failure
from armature.events import EventCode
from armature.messages import ArtifactInput, DeploymentStep, FinishInput, Outcome, PackagesInput, StartInput
from armature.options import Delivery
from armature.plan import PackageAttachment, Plan
from armature.state import DeploymentState, TemplateStatus
from armature.templates.limits import MAX_REQUEST_BYTES
from armature.zip_bundle import ZipBundle
from tests.activities.fake_arm import FakeArm, with_arm
from tests.clouds import LOCATION
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, zipped
from tests.end_to_end.evidence import arm_writes
from tests.waiting import wait_until

SITE = "/subscriptions/s/resourceGroups/rg-delivery/providers/Microsoft.Web/sites/func"
SUBNET = "/subscriptions/s/resourceGroups/n/providers/Microsoft.Network/virtualNetworks/n/subnets/a"


def linked(link: str) -> dict[str, Any]:
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": "child",
        "properties": {"mode": "Incremental", "templateLink": {"relativePath": link}},
    }


def files(link: str = "parts/child.json") -> dict[str, Any]:
    items = [{"name": "a", "path": "t/a.json", "parameters": {"package": {"package": "api"}}}]
    return {
        "manifest.json": manifest("delivery", items, packages=[{"name": "api", "path": "api.zip"}]),
        "t/a.json": template([linked(link)], parameters={"package": {"type": "securestring"}}),
        "t/parts/child.json": template([workspace("log-delivery")]),
        "api.zip": zipped({"host.json": {}}),
    }


class PrivateStorage:
    """The artifact storage, except that public networks don't reach it."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def find(self, arm: Any, location: str) -> ArtifactAccount | None:
        found = self._real.find(arm, location)
        return found and found.model_copy(update={"is_private": True})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@pytest.fixture
def private(app) -> Any:
    """The app, whose artifact storage is private."""
    return dataclasses.replace(app, artifacts=PrivateStorage(app.artifacts))


@pytest.fixture
def begin(app, accept) -> Iterator[Any]:
    """Accepts a bundle and has it read; its turn ends with the test."""
    begun: list[DeploymentStep] = []

    def with_turn(bundle: dict[str, Any], **options: Any) -> DeploymentStep:
        step = accept(zipped(bundle), options=options)
        begun.append(step)
        assert read_bundle(app, step).failure is None
        assert take_turn(app, step).is_ours
        return step

    yield with_turn
    for step in begun:
        end = FinishInput(deployment_id=step.deployment_id, run=1, sequence=99, outcome=Outcome(message="Done."))
        finish_deployment(app, end)


def uploaded(app, step: DeploymentStep) -> None:
    for artifact in app.deployments.plan(step.deployment_id).artifacts:
        upload_artifact(app, ArtifactInput(deployment_id=step.deployment_id, index=artifact.index))


def codes(app, step: DeploymentStep) -> list[str]:
    return [event.code.value for event in app.deployments.events(step.deployment_id)]


@pytest.fixture(scope="module")
def account(app) -> ArtifactAccount:
    """The artifact storage of the tests' region, made."""
    arm, location = app.arm(SUBSCRIPTION), LOCATION
    if app.artifacts.find(arm, location) is None:
        app.artifacts.start_provisioning(arm, location)
    wait_until(lambda: (found := app.artifacts.find(arm, location)) is not None and found.is_ready)
    found = app.artifacts.find(arm, location)
    assert found is not None
    return found


def test_templates_are_sent_with_all_they_link_to_where_links_can_not_be_followed(app, private, account, begin):
    step = begin(files())

    for _ in range(2):
        assert prepare_target(private, step).is_ready
    uploaded(app, step)
    plan = app.deployments.plan(step.deployment_id)
    body = deployment_body(private, plan, step.plan_id, plan.template("a"), {"t": "v"})

    inside = body.template["resources"][0]["properties"]
    assert (body.template_uri, body.query_string, body.tags) == (None, None, {"t": "v"})
    assert inside["template"] == files()["t/parts/child.json"]
    assert inside["expressionEvaluationOptions"] == {"scope": "inner"}
    assert "sig=" in body.parameters["package"]["value"]
    assert codes(app, step).count("DeliveryInline") == 1
    state = app.deployments.state(step.deployment_id)
    (warning,) = state.warnings
    assert [one.delivery for one in state.templates] == [Delivery.INLINE]
    assert "the package api with a SAS" in warning.message
    assert account.name in warning.message


def test_links_that_arm_could_not_follow_are_refused_before_anything_is_touched(app, private, account, begin):
    step = begin(files(), delivery="sas")

    with pytest.raises(FailureError) as refused:
        prepare_target(private, step)

    why = refused.value.failure
    assert (why.code, why.failure_class) == ("ArtifactStoragePrivate", FailureClass.STORAGE_ACCESS)
    assert why.recovery is Recovery.FAIL
    assert account.name in why.message
    assert "delivery: inline" in why.suggestion
    assert app.rollbacks.target_survey(step.deployment_id) is None


def test_a_template_that_can_not_be_sent_is_refused_before_anything_is_touched(app, private, account, begin):
    step = begin(files("[concat(resourceGroup().location, '.json')]"))

    with pytest.raises(FailureError) as refused:
        prepare_target(private, step)

    why = refused.value.failure
    assert (why.code, why.failure_class) == ("TemplateNotInlined", FailureClass.TEMPLATE)
    assert why.causes[0].place == "t/a.json#/resources/0/properties/templateLink/relativePath"
    assert "1 problem" in why.message
    assert app.rollbacks.target_survey(step.deployment_id) is None


def test_storage_that_became_private_after_the_preparation_refuses_links_at_the_start(app, private, account, begin):
    step = begin(files(), delivery="sas")
    assert prepare_target(app, step).is_ready
    plan = app.deployments.plan(step.deployment_id)

    with pytest.raises(FailureError, match="can't be reached from public networks"):
        deployment_body(private, plan, step.plan_id, plan.template("a"), {}, Delivery.SAS)


@pytest.mark.parametrize("is_private", [True, False])
def test_a_rollback_goes_the_way_that_the_storage_allows_by_then(app, private, account, begin, is_private):
    step = begin(files(), delivery="inline" if is_private else "sas")
    uploaded(app, step)
    plan = app.deployments.plan(step.deployment_id)
    back = plan.model_copy(update={"predecessor": step.deployment_id})
    wanted = Delivery.SAS if is_private else Delivery.INLINE

    body = deployment_body(private if is_private else app, back, step.plan_id, back.template("a"), {}, wanted)

    assert (body.template is not None, body.template_uri is None) == (is_private, is_private)


def test_what_is_sent_is_the_same_from_artifact_storage_and_from_the_bundle(app, account, begin):
    step = begin(files(), delivery="inline")
    uploaded(app, step)
    plan = app.deployments.plan(step.deployment_id)
    template_ = plan.template("a")

    body = deployment_body(app, plan, step.plan_id, template_, {}, Delivery.INLINE)
    with closing(ZipBundle(BytesIO(zipped(files())), BundleLimits())) as bundle:
        same = inline_body_from_bundle(bundle, template_, body.parameters)

    assert same == body


def test_what_arm_finds_wrong_in_what_was_sent_is_placed_in_the_file_that_it_came_from(app, private, account, begin):
    twice = files()
    twice["t/parts/child.json"] = template([workspace("log-delivery")] * 2)
    step = begin(twice)
    assert prepare_target(private, step).is_ready
    uploaded(app, step)
    start = Start(name="a", attempt=1, number=1)

    answer = start_template(private, StartInput(deployment_id=step.deployment_id, start=start))

    (shown,) = app.deployments.state(step.deployment_id).templates
    assert answer.report.status is TemplateStatus.FAILED
    assert shown.failure.code == "InvalidTemplate"
    assert shown.failure.causes[0].place == "t/parts/child.json#/resources/1"


def test_a_template_whose_file_is_gone_is_told_of(app, account, begin):
    step = begin(files(), delivery="inline")
    plan = app.deployments.plan(step.deployment_id)

    with pytest.raises(FailureError, match="not in the bundle"):
        deployment_body(app, plan, step.plan_id, plan.template("a"), {}, Delivery.INLINE)


@pytest.mark.parametrize("beyond", [0, 1])
def test_a_request_of_arms_limit_is_sent_and_one_byte_more_is_refused(beyond):
    room = MAX_REQUEST_BYTES - len(request_bytes(DeploymentBody(template={"filler": ""})))
    body = DeploymentBody(template={"filler": "é" * (room // 2) + "x" * (room % 2) + "x" * beyond})
    assert len(request_bytes(body)) == MAX_REQUEST_BYTES + beyond

    if beyond:
        with pytest.raises(FailureError) as refused:
            check_size("web", body)
        assert refused.value.failure.code == "RequestContentTooLarge"
        assert refused.value.failure.failure_class is FailureClass.TEMPLATE
        assert "4,194,305 bytes" in refused.value.failure.message
    else:
        check_size("web", body)


class RefusingStorage:
    """The artifact storage, in which the app has no role."""

    def __init__(self, real: Any, code: str = "AuthorizationPermissionMismatch") -> None:
        self._real = real
        self._code = code

    def check_access(self, _: ArtifactAccount) -> None:
        message = "This request is not authorized to perform this operation using this permission."
        raise FailureError(failure(FailureClass.STORAGE_ACCESS, self._code, message))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def test_an_account_that_somebody_else_has_made_is_opened_to_the_app(app, stack, account, begin):
    step = begin(files())
    refused = dataclasses.replace(app, artifacts=RefusingStorage(app.artifacts))

    answers = [prepare_target(refused, step) for _ in range(2)]

    roles = [
        r["path"] for r in arm_writes(stack.state) if f"{account.name}/providers/Microsoft.Authorization" in r["path"]
    ]
    assert [answer.waits_for.code for answer in answers] == ["AuthorizationPermissionMismatch"] * 2
    assert len(roles) == 1


def test_an_app_that_may_give_no_roles_says_what_to_run(app, account, begin, monkeypatch):
    step = begin(files())
    refused = RefusingStorage(app.artifacts)
    monkeypatch.setattr(refused, "grant_access", lambda *_: "az role assignment create", raising=False)

    answer = prepare_target(dataclasses.replace(app, artifacts=refused), step)

    assert not answer.is_ready
    assert "az role assignment create" in answer.waits_for.suggestion
    assert account.name in answer.waits_for.message
    assert answer.waits_for.code == "AuthorizationPermissionMismatch"


def test_a_network_that_keeps_the_app_out_is_no_missing_role(app, stack, account, begin):
    step, before = begin(files()), len(arm_writes(stack.state))

    answer = prepare_target(
        dataclasses.replace(app, artifacts=RefusingStorage(app.artifacts, "AuthorizationFailure")), step
    )

    assert answer.waits_for.code == "AuthorizationFailure"
    assert not [r for r in arm_writes(stack.state)[before:] if "roleAssignments" in r["path"]]


# Packages


class Sites(FakeArm):
    """An ARM with one site."""

    def __init__(self, **properties: Any) -> None:
        super().__init__()
        self.properties = properties
        self.settings: dict[str, str] = {}
        self.assigned: list[str] = []
        self.handed: list[str] = []

    def get_resource(self, resource_id: str, _: str) -> ArmResource:
        return ArmResource(
            id=resource_id,
            type="Microsoft.Web/sites",
            name="func",
            identity_principal_id="00000000-0000-0000-0000-00000000000f",
            properties=self.properties,
        )

    def ensure_role_assignment(self, scope: str, principal: str, _: str) -> None:
        self.assigned.append(f"{scope} {principal}")

    def set_app_settings(self, _: str, settings: dict[str, str]) -> None:
        self.settings |= settings

    def begin_release(self, _: str, package_uri: str, location: str | None) -> ReleaseSight:
        self.handed.append(package_uri)
        return ReleaseSight()

    def last_release(self, _: str) -> str | None:
        return f"d-{len(self.handed)}" if self.handed else None


IN_NETWORK = [{"virtualNetworkSubnetId": SUBNET}, {"hostingEnvironmentProfile": {"id": "/ase"}}]


def attached(app, services, step: DeploymentStep, arm: Sites, *, is_attachment: bool) -> None:
    """The packages of a template that made one site are attached: by us, or by the template itself."""
    plan = app.deployments.plan(step.deployment_id)
    attachments = (PackageAttachment(function_app="func", package="api"),) if is_attachment else ()
    change = {"attachments": attachments, "secure_parameters": ()}
    planned = plan.model_copy(update={"templates": (plan.template("a").model_copy(update=change),)})

    def with_site(state: DeploymentState) -> DeploymentState:
        made = state.templates[0].model_copy(update={"resources": (SITE,)})
        return state.model_copy(update={"templates": (made,)})

    app.deployments.update_state(step.deployment_id, with_site)
    other = dataclasses.replace(services, deployments=PlannedAs(app.deployments, planned))
    attach_packages(with_arm(other, arm), PackagesInput(deployment_id=step.deployment_id, template="a"))


class PlannedAs:
    """The deployments, of which one has another plan."""

    def __init__(self, real: Any, plan: Plan) -> None:
        self._real, self._plan = real, plan

    def plan(self, _: str) -> Plan:
        return self._plan

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@pytest.mark.parametrize("properties", IN_NETWORK)
def test_a_site_in_the_network_runs_from_its_package_as_its_identity(app, private, account, begin, properties):
    step, arm = begin(files()), Sites(**properties)

    attached(app, private, step, arm, is_attachment=True)

    assert arm.settings["WEBSITE_RUN_FROM_PACKAGE"].startswith(account.blob_endpoint.rstrip("/"))
    assert "?" not in arm.settings["WEBSITE_RUN_FROM_PACKAGE"]
    assert arm.assigned
    assert codes(app, step).count("PackageAttached") >= 1
    assert "PackageUnreadable" not in codes(app, step)


def test_a_site_outside_of_the_network_is_not_pointed_at_what_it_can_not_read(app, private, account, begin):
    step, arm = begin(files()), Sites(virtualNetworkSubnetId=None)

    with pytest.raises(FailureError) as refused:
        attached(app, private, step, arm, is_attachment=True)

    assert refused.value.failure.code == "PackageNotAttached"
    assert account.name in refused.value.failure.message
    assert "virtualNetworkSubnetId" in refused.value.failure.suggestion
    assert arm.settings == {}


FLEX = {"functionAppConfig": {"deployment": {"storage": {"type": "blobContainer", "value": "https://s.example/app"}}}}


@pytest.mark.parametrize("services", ["app", "private"])
def test_a_site_on_flex_consumption_is_handed_its_package_with_a_sas(request, app, account, begin, services):
    step, arm = begin(files()), Sites(virtualNetworkSubnetId=SUBNET, **FLEX)
    app.releases.forget(SITE.replace("/s/", f"/{SUBSCRIPTION}/"))

    for _ in range(2):
        attached(app, request.getfixturevalue(services), step, arm, is_attachment=True)

    (uri,) = arm.handed
    assert uri.startswith(account.blob_endpoint.rstrip("/"))
    assert "sig=" in uri
    assert arm.settings == {}
    assert codes(app, step).count("PackageAttached") >= 1


def test_a_site_on_flex_consumption_outside_of_the_network_is_not_handed_what_can_not_be_read(
    app, private, account, begin
):
    step, arm = begin(files()), Sites(**FLEX)

    with pytest.raises(FailureError) as refused:
        attached(app, private, step, arm, is_attachment=True)

    assert refused.value.failure.code == "PackageNotAttached"
    assert account.name in refused.value.failure.message
    assert arm.handed == []


def test_a_site_that_its_template_points_at_what_it_can_not_read_is_warned_of(app, private, account, begin):
    step = begin(files())

    for _ in range(2):
        attached(app, private, step, Sites(), is_attachment=False)

    warnings = [e for e in app.deployments.events(step.deployment_id) if e.code == EventCode.PACKAGE_UNREADABLE]
    assert len(warnings) == 1
    assert "is in no virtual network" in warnings[0].message


def test_a_site_anywhere_reads_packages_that_public_networks_reach(app, account, begin):
    step, arm = begin(files()), Sites()

    attached(app, app, step, arm, is_attachment=True)

    assert "WEBSITE_RUN_FROM_PACKAGE" in arm.settings
