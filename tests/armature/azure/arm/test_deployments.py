"""Deployments by id, their history, validation and cancelling, on the emulated ARM."""

import pytest

from armature.azure.models import DeploymentBody
from armature.errors import FailureClass, FailureError
from tests.armature.azure.arm.answers import DEPLOYMENTS, S
from tests.armature.azure.arm.conftest import Group, identity, nested, network, template
from tests.armature.azure.canned import Answer, CannedArm
from tests.armature.azure.conftest import Faults


def stuck(name: str) -> dict[str, object]:
    return {"service": "arm", "fault": "stuck", "match": {"operation": "CreateResource", "name": name}}


def test_a_linked_deployment_is_read_by_its_id_with_its_operations(group: Group) -> None:
    group.deploy("main", nested("child", identity("id-child")))

    child = next(item.target_id for item in group.arm.operations_at(group.deployment_id("main")) if item.target_id)
    found = group.arm.deployment_at(child)

    assert found is not None
    assert (found.name, found.is_succeeded, found.id.lower()) == ("child", True, child.lower())
    made = [item.target_id for item in group.arm.operations_at(child) if item.kind == "Create"]
    assert made == [f"{group.id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-child"]


def test_of_a_deployment_that_is_not_there_nothing_is_found(group: Group) -> None:
    nowhere = f"{S}/resourceGroups/no-such-group{DEPLOYMENTS}/main"

    for absent in (group.deployment_id("main"), nowhere):
        assert group.arm.deployment_at(absent) is None
        assert group.arm.operations_at(absent) == []
        assert not group.arm.cancel_deployment(absent)
        group.arm.delete_deployment(absent)
    assert group.arm.running_deployments(f"{S}/resourceGroups/no-such-group") == []
    assert list(group.arm.deployments_of(f"{S}/resourceGroups/no-such-group")) == []


def test_a_running_deployment_is_found_until_it_is_cancelled(group: Group, faults: Faults) -> None:
    faults.given(stuck("id-stuck"))
    group.deploy("ended", identity("id-a"))
    group.start("running", identity("id-stuck"), team="web")

    running = group.arm.running_deployments(group.id)
    first, second = (group.arm.cancel_deployment(group.deployment_id("running")) for _ in range(2))

    assert [(item.name, item.tags) for item in running] == [("running", {"team": "web"})]
    assert running[0].timestamp is not None
    assert (first, second) == (True, False)
    assert group.ended(group.deployment_id("running")).provisioning_state == "Canceled"
    assert group.arm.running_deployments(group.id) == []


def test_a_deployment_that_has_ended_is_not_cancelled(group: Group) -> None:
    group.deploy("main", identity("id-a"))

    assert not group.arm.cancel_deployment(group.deployment_id("main"))


def test_the_history_is_told_and_an_entry_is_taken_out_while_its_resources_stay(group: Group) -> None:
    group.deploy("first", identity("id-a"))
    group.deploy("second", identity("id-b"))
    assert {item.name for item in group.arm.deployments_of(group.id)} == {"first", "second"}

    group.deleted(group.deployment_id("first"))
    group.arm.delete_deployment(group.deployment_id("first"))

    assert [item.name for item in group.arm.deployments_of(group.id)] == ["second"]
    assert len(group.arm.list_resources(group.name)) == 2


def test_a_running_deployment_is_not_taken_out_of_the_history(group: Group, faults: Faults) -> None:
    faults.given(stuck("id-stuck"))
    group.start("running", identity("id-stuck"))

    with pytest.raises(FailureError) as caught:
        group.arm.delete_deployment(group.deployment_id("running"))

    assert caught.value.failure.code == "DeploymentActive"
    group.arm.cancel_deployment(group.deployment_id("running"))


class TestValidation:
    """Asking ARM what it thinks of a deployment before it runs."""

    def test_it_tells_what_would_be_written_and_writes_nothing(self, group: Group) -> None:
        body = DeploymentBody(template=template(network("vnet"), identity("id-a")))

        found = group.arm.validate_deployment(group.scope, "main", body)

        providers = f"{group.id}/providers"
        assert set(found) == {
            f"{providers}/Microsoft.Network/virtualNetworks/vnet",
            f"{providers}/Microsoft.ManagedIdentity/userAssignedIdentities/id-a",
        }
        assert group.arm.list_resources(group.name) == ()
        assert group.arm.get_deployment(group.scope, "main") is None

    def test_a_template_that_arm_refuses_is_a_failure(self, group: Group) -> None:
        body = DeploymentBody(template=template(identity("[nonsense()]")))

        with pytest.raises(FailureError) as caught:
            group.arm.validate_deployment(group.scope, "main", body)

        assert caught.value.failure.failure_class is FailureClass.TEMPLATE

    def test_a_refusal_that_comes_later_is_a_failure(self, canned_arm: CannedArm) -> None:
        refused = {
            "error": {"code": "InvalidTemplateDeployment", "details": [{"code": "QuotaExceeded", "message": "Q"}]}
        }
        path = f"{S}/resourceGroups/rg{DEPLOYMENTS}/main/validate"
        gateway, _ = canned_arm({("POST", path): Answer(200, refused)})

        with pytest.raises(FailureError) as caught:
            gateway.validate_deployment(Group(gateway, "rg").scope, "main", DeploymentBody(template={}))

        assert caught.value.failure.code == "QuotaExceeded"

    def test_one_that_takes_longer_is_looked_at_until_it_ends(self, canned_arm: CannedArm) -> None:
        path = f"{S}/resourceGroups/rg{DEPLOYMENTS}/main/validate"
        later = f"{S}/operationresults/1"
        headers = {"Location": f"https://management.usgovcloudapi.net{later}?t=1", "Retry-After": "0"}
        result = {"properties": {"validatedResources": [{"id": "/x"}]}}
        gateway, adapter = canned_arm(
            {
                ("POST", path): Answer(202, None, headers),
                ("GET", later): [Answer(202, None, headers), Answer(200, result)],
            }
        )
        scope = Group(gateway, "rg").scope

        found = gateway.validate_deployment(scope, "main", DeploymentBody(template={}))

        assert found == ("/x",)
        assert len(adapter.requests) == 3


def test_only_deployments_are_cancelled_and_taken_out_of_the_history(canned_arm: CannedArm) -> None:
    gateway, adapter = canned_arm({})

    for wrong in (f"{S}/resourceGroups/rg", S, f"{S}{DEPLOYMENTS}/main/operations/1"):
        with pytest.raises(ValueError, match="not the id of a deployment"):
            gateway.delete_deployment(wrong)
        with pytest.raises(ValueError, match="not the id of a deployment"):
            gateway.cancel_deployment(wrong)

    assert adapter.requests == []


def test_a_link_to_another_host_gets_no_token(canned_arm: CannedArm) -> None:
    path = f"{S}{DEPLOYMENTS}"
    page = {"value": [], "nextLink": f"https://elsewhere.example{path}?page=2"}
    gateway, adapter = canned_arm({("GET", path): Answer(200, page)})

    with pytest.raises(FailureError) as caught:
        list(gateway.deployments_of(S))

    assert caught.value.failure.code == "ForeignLink"
    assert len(adapter.requests) == 1


def test_a_subscription_that_is_not_known_is_no_absent_deployment(canned_arm: CannedArm) -> None:
    unknown = Answer(404, {"error": {"code": "SubscriptionNotFound", "message": "The subscription was not found."}})
    deployment_id = f"{S}{DEPLOYMENTS}/main"
    gateway, _ = canned_arm({("GET", deployment_id.lower()): unknown})

    with pytest.raises(FailureError) as caught:
        gateway.deployment_at(deployment_id)

    assert caught.value.failure.code == "SubscriptionNotFound"
