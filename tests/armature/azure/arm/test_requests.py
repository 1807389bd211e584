"""What the gateway asks of ARM and what it makes of the answers, without a network."""

from urllib.parse import parse_qs, urlsplit

import pytest

from armature.azure.models import DeploymentBody
from armature.errors import FailureClass, FailureError
from armature.plan import DeploymentScopeTarget
from tests.armature.azure.arm.answers import (
    DEPLOYMENTS,
    GROUP,
    IN_GROUP,
    IN_SUBSCRIPTION,
    SITE,
    SUBSCRIPTION,
    S,
    deployment_answer,
    operation,
)
from tests.armature.azure.canned import Answer, CannedArm


def test_requests_go_to_the_clouds_own_endpoint_with_a_fixed_version(canned_arm: CannedArm) -> None:
    arm_gateway, adapter = canned_arm({("GET", S): Answer(200, {"subscriptionId": SUBSCRIPTION})})

    arm_gateway.check_access()

    url = urlsplit(str(adapter.requests[0].url))
    assert url.netloc == "management.usgovcloudapi.net"
    assert parse_qs(url.query) == {"api-version": ["2022-09-01"]}
    assert adapter.requests[0].headers["Authorization"] == "Bearer not-a-token"


def test_a_deployment_is_put_as_a_link_with_its_sas_beside_it(canned_arm: CannedArm) -> None:
    path = f"{GROUP}{DEPLOYMENTS}/web"
    arm_gateway, adapter = canned_arm({("PUT", path): deployment_answer("Accepted")})
    body = DeploymentBody(
        template_uri="https://a.example/t/web.json",
        query_string="sv=1&sig=SECRET",
        parameters={"sku": {"value": None}, "password": {"reference": {"secretName": "x"}}},
        tags={"armature-attempt": "1"},
    )

    started = arm_gateway.put_deployment(IN_GROUP, "web", body)

    assert adapter.sent("PUT") == [
        {
            "properties": {
                "mode": "Incremental",
                "templateLink": {"uri": "https://a.example/t/web.json", "queryString": "sv=1&sig=SECRET"},
                "parameters": {"sku": {"value": None}, "password": {"reference": {"secretName": "x"}}},
            },
            "tags": {"armature-attempt": "1"},
        }
    ]
    assert (started.provisioning_state, started.correlation_id, started.is_final) == ("Accepted", "c-1", False)
    assert "SECRET" not in repr(body)
    assert "SECRET" not in str(body)


def test_a_subscription_deployment_is_put_with_its_location_and_an_inline_template(canned_arm: CannedArm) -> None:
    arm_gateway, adapter = canned_arm({("PUT", f"{S}{DEPLOYMENTS}/web"): deployment_answer("Accepted")})

    arm_gateway.put_deployment(
        IN_SUBSCRIPTION, "web", DeploymentBody(template={"resources": []}, location="usgovvirginia")
    )

    sent = adapter.sent("PUT")[0]
    assert sent["location"] == "usgovvirginia"
    assert sent["properties"]["template"] == {"resources": []}
    assert "templateLink" not in sent["properties"]


def test_a_deployment_that_is_active_is_refused_as_a_conflict(canned_arm: CannedArm) -> None:
    error = {"error": {"code": "DeploymentActive", "message": "It is running."}}
    arm_gateway, _ = canned_arm({("PUT", f"{GROUP}{DEPLOYMENTS}/web"): Answer(409, error)})

    with pytest.raises(FailureError) as caught:
        arm_gateway.put_deployment(IN_GROUP, "web", DeploymentBody(template={}))

    assert caught.value.failure.failure_class is FailureClass.RESOURCE_CONFLICT


def test_a_provider_that_is_not_registered_is_refused_at_once(canned_arm: CannedArm) -> None:
    error = {"error": {"code": "MissingSubscriptionRegistration", "message": "No 'Microsoft.Web'."}}
    arm_gateway, adapter = canned_arm({("PUT", f"{GROUP}{DEPLOYMENTS}/web"): Answer(409, error)})

    with pytest.raises(FailureError) as caught:
        arm_gateway.put_deployment(IN_GROUP, "web", DeploymentBody(template={}))

    assert caught.value.failure.failure_class is FailureClass.NOT_REGISTERED
    assert len(adapter.requests) == 1


def test_outputs_come_without_the_secure_ones(canned_arm: CannedArm) -> None:
    outputs = {
        "url": {"type": "String", "value": "https://x"},
        "nothing": {"type": "Object", "value": None},
        "list": {"type": "Array", "value": [1, {"a": None}]},
        "key": {"type": "SecureString"},
        "told": {"type": "securestring", "value": "SECRET"},
    }
    resources = [{"id": f"{GROUP}/providers/Microsoft.Web/sites/a"}]
    arm_gateway, _ = canned_arm(
        {
            ("GET", f"{GROUP}{DEPLOYMENTS}/web"): deployment_answer(
                "Succeeded", outputs=outputs, outputResources=resources, duration="PT12.3S"
            )
        }
    )

    found = arm_gateway.get_deployment(IN_GROUP, "web")

    assert found is not None
    assert found.outputs == {"url": "https://x", "nothing": None, "list": [1, {"a": None}]}
    assert found.output_resources == (f"{GROUP}/providers/Microsoft.Web/sites/a",)
    assert (found.is_final, found.is_succeeded, found.duration) == (True, True, "PT12.3S")
    assert found.tags == {"armature-attempt": "1"}
    assert found.timestamp is not None


def test_what_is_not_there_is_none_and_has_no_operations(canned_arm: CannedArm) -> None:
    arm_gateway, _ = canned_arm({})

    assert arm_gateway.get_deployment(IN_GROUP, "web") is None
    assert arm_gateway.list_operations(IN_GROUP, "web") == []
    assert arm_gateway.get_resource_group("rg-shop") is None
    assert arm_gateway.get_resource(SITE, "2022-09-01") is None


def test_operations_are_read_over_all_pages(canned_arm: CannedArm) -> None:
    path = f"{GROUP}{DEPLOYMENTS}/web/operations"
    vnet = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v"
    next_link = f"https://management.usgovcloudapi.net{path}?api-version=2022-09-01&$skiptoken=2"
    first = {"value": [operation("Succeeded", vnet)], "nextLink": next_link}
    second = {"value": [operation("Running", f"{GROUP}{DEPLOYMENTS}/child"), operation("Succeeded", None, kind="Read")]}
    arm_gateway, _ = canned_arm({("GET", path): [Answer(200, first), Answer(200, second)]})

    found = arm_gateway.list_operations(IN_GROUP, "web")

    assert [(item.provisioning_state, item.is_linked_deployment) for item in found] == [
        ("Succeeded", False),
        ("Running", True),
        ("Succeeded", False),
    ]
    assert found[0].target_id == vnet


def test_resources_are_found_by_tag_and_the_type_is_compared_here(canned_arm: CannedArm) -> None:
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/a"
    found = [
        {"id": account, "type": "microsoft.storage/STORAGEACCOUNTS", "name": "a", "location": "eastus2"},
        {"id": SITE, "type": "Microsoft.Web/sites", "name": "api", "location": "eastus2"},
    ]
    arm_gateway, adapter = canned_arm({("GET", f"{S}/resources"): Answer(200, {"value": found})})

    resources = arm_gateway.find_resources("armature-artifacts", "v1", "Microsoft.Storage/storageAccounts")

    assert [resource.id for resource in resources] == [account]
    query = parse_qs(urlsplit(str(adapter.requests[0].url)).query)
    assert query["$filter"] == ["tagName eq 'armature-artifacts' and tagValue eq 'v1'"]


def test_a_resource_tells_its_properties_and_identities(canned_arm: CannedArm) -> None:
    body = {
        "id": SITE,
        "type": "Microsoft.Web/sites",
        "name": "api",
        "location": "eastus2",
        "identity": {
            "type": "SystemAssigned, UserAssigned",
            "principalId": "p-1",
            "userAssignedIdentities": {"/id": {"principalId": "p-2", "clientId": "c-2"}},
        },
        "properties": {"state": "Running", "nested": {"a": None}},
    }
    arm_gateway, _ = canned_arm({("GET", SITE): Answer(200, body)})

    site = arm_gateway.get_resource(SITE, "2022-09-01")

    assert site is not None
    assert (site.identity_principal_id, site.user_assigned_identities["/id"]["principalId"]) == ("p-1", "p-2")
    assert site.properties == {"state": "Running", "nested": {"a": None}}


@pytest.mark.parametrize(
    ("scope", "prefix"),
    [
        (DeploymentScopeTarget(), ""),
        (
            DeploymentScopeTarget(management_group="corp"),
            "/providers/microsoft.management/managementgroups/corp",
        ),
    ],
)
def test_deployments_outside_of_subscriptions_are_asked_for_at_their_own_paths(
    canned_arm: CannedArm, scope: DeploymentScopeTarget, prefix: str
) -> None:
    path = f"{prefix}{DEPLOYMENTS}/web"
    validated = Answer(200, {"properties": {"validatedResources": [{"id": "/x"}]}})
    arm_gateway, adapter = canned_arm(
        {
            ("PUT", path): deployment_answer("Accepted"),
            ("GET", path): deployment_answer("Running"),
            ("GET", f"{path}/operations"): Answer(200, {"value": []}),
            ("GET", f"{prefix}{DEPLOYMENTS}"): Answer(200, {"value": []}),
            ("POST", f"{path}/validate"): validated,
            ("POST", f"{path}/cancel"): Answer(204),
            ("DELETE", path): Answer(204),
        }
    )
    body = DeploymentBody(template={"resources": []}, location="usgovvirginia")

    arm_gateway.check_history(scope.resource_id)
    arm_gateway.put_deployment(scope, "web", body)
    found = arm_gateway.get_deployment(scope, "web")
    ids = arm_gateway.validate_deployment(scope, "web", body)
    running = arm_gateway.running_deployments(scope.resource_id)
    operations = arm_gateway.operations_at(scope.deployment_id("web"))
    is_cancelled = arm_gateway.cancel_deployment(scope.deployment_id("web"))
    arm_gateway.delete_deployment(scope.deployment_id("web"))

    assert found is not None
    assert (ids, running, operations, is_cancelled) == (("/x",), [], [], True)
    assert all("//" not in str(request.path_url) for request in adapter.requests)
    assert adapter.sent("PUT")[0]["location"] == "usgovvirginia"


def test_a_management_group_that_is_not_there_is_told_before_anything_is_touched(canned_arm: CannedArm) -> None:
    absent = DeploymentScopeTarget(management_group="absent")
    error = {"error": {"code": "NotFound", "message": "'Microsoft.Management/managementGroups/absent' not found"}}
    arm_gateway, _ = canned_arm({("GET", f"{absent.resource_id.lower()}{DEPLOYMENTS}"): Answer(404, error)})

    with pytest.raises(FailureError, match="absent"):
        arm_gateway.check_history(absent.resource_id)
