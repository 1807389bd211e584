"""What the gateway asks of ARM and what it makes of the answers, without a network."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from armature.azure.arm import MAX_LINKED_DEPTH, ArmGateway, access, split_deployment_id
from armature.azure.models import ArmDeployment, DeploymentBody
from armature.clouds import CLOUDS
from armature.errors import FailureClass, FailureError
from armature.plan import DeploymentScopeTarget
from tests.armature.azure.canned import Answer, AnyToken, CannedAdapter, CannedArm

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
S = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{S}/resourceGroups/rg-shop"
IN_GROUP = DeploymentScopeTarget(subscription=SUBSCRIPTION, resource_group="rg-shop")
IN_SUBSCRIPTION = DeploymentScopeTarget(subscription=SUBSCRIPTION)
DEPLOYMENTS = "/providers/Microsoft.Resources/deployments"
SITE = f"{GROUP}/providers/Microsoft.Web/sites/api"


def deployment_answer(state: str, **properties: Any) -> Answer:
    body = {
        "id": f"{GROUP}{DEPLOYMENTS}/web",
        "name": "web",
        "tags": {"armature-attempt": "1"},
        "properties": {"provisioningState": state, "correlationId": "c-1", "timestamp": "2026-11-24T07:00:00.1234567Z"}
        | properties,
    }
    return Answer(200, body)


def operation(state: str, target: str | None, message: Any = None, kind: str = "Create") -> dict[str, Any]:
    properties: dict[str, Any] = {
        "provisioningOperation": kind,
        "provisioningState": state,
        "timestamp": "2026-11-24T07:00:00Z",
        "statusCode": "Conflict" if state == "Failed" else "OK",
    }
    if target:
        name = target.rsplit("/", 1)[-1]
        resource_type = "/".join(target.rsplit("/providers/", 1)[1].split("/")[:2])
        properties["targetResource"] = {"id": target, "resourceType": resource_type, "resourceName": name}
    if message is not None:
        properties["statusMessage"] = message
    return {"id": "/x/operations/1", "operationId": "1", "properties": properties}


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


class TestDeploymentFailure:
    """The leaves of a failed deployment, wherever ARM keeps them."""

    FAILED = ArmDeployment(
        id=f"{GROUP}{DEPLOYMENTS}/web",
        name="web",
        provisioning_state="Failed",
        correlation_id="c-1",
        error={"code": "DeploymentFailed", "message": "At least one resource deployment operation failed."},
    )

    def test_a_linked_deployments_reason_is_found_in_its_own_operations(self, canned_arm: CannedArm) -> None:
        child = f"{S}/resourceGroups/rg-other{DEPLOYMENTS}/child"
        grandchild = f"{S}{DEPLOYMENTS}/grandchild"
        account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/shop"
        at_least_one = {"status": "Failed", "error": {"code": "DeploymentFailed", "message": "At least one…"}}
        taken = {"status": "Failed", "error": {"code": "StorageAccountAlreadyTaken", "message": "shop is taken."}}

        def page(*operations: dict[str, Any]) -> Answer:
            return Answer(200, {"value": list(operations)})

        arm_gateway, _ = canned_arm(
            {
                ("GET", f"{GROUP}{DEPLOYMENTS}/web/operations"): page(operation("Failed", child, at_least_one)),
                ("GET", f"{child}/operations"): page(operation("Failed", grandchild, at_least_one)),
                ("GET", f"{grandchild}/operations"): page(operation("Failed", account, taken)),
            }
        )

        failure = arm_gateway.deployment_failure(IN_GROUP, "web", self.FAILED)

        assert (failure.code, failure.failure_class) == ("StorageAccountAlreadyTaken", FailureClass.TEMPLATE)
        assert failure.causes[0].target == account
        assert failure.correlation_id == "c-1"
        assert all(cause.code != "DeploymentFailed" for cause in failure.causes)

    def test_a_plain_text_reason_is_kept_with_its_resource(self, canned_arm: CannedArm) -> None:
        vnet = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v"
        operations = {"value": [operation("Failed", vnet, "The subnet is in use.")]}
        arm_gateway, _ = canned_arm({("GET", f"{GROUP}{DEPLOYMENTS}/web/operations"): Answer(200, operations)})

        failure = arm_gateway.deployment_failure(IN_GROUP, "web", self.FAILED)

        assert (failure.message, failure.causes[0].target) == ("The subnet is in use.", vnet)

    def test_a_reason_that_hides_in_a_message_is_told_once_with_its_resource(self, canned_arm: CannedArm) -> None:
        vnet = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v"
        hidden = json.dumps({"status": "Failed", "error": {"code": "SubnetBroken", "message": "No."}})
        conflict = {"code": "Conflict", "message": hidden}
        operations = {"value": [operation("Failed", vnet, {"status": "Failed", "error": conflict})]}
        arm_gateway, _ = canned_arm({("GET", f"{GROUP}{DEPLOYMENTS}/web/operations"): Answer(200, operations)})
        failed = self.FAILED.model_copy(
            update={"error": {**self.FAILED.error, "details": [{**conflict, "target": vnet}]}}
        )

        failure = arm_gateway.deployment_failure(IN_GROUP, "web", failed)

        assert [(cause.code, cause.target) for cause in failure.causes] == [("SubnetBroken", vnet)]

    def test_a_deployment_that_links_to_itself_does_not_go_on_for_ever(self, canned_arm: CannedArm) -> None:
        own = f"{GROUP}{DEPLOYMENTS}/web"
        operations = {"value": [operation("Failed", own, {"error": {"code": "Conflict", "message": "Again."}})]}
        arm_gateway, adapter = canned_arm({("GET", f"{own}/operations"): Answer(200, operations)})

        failure = arm_gateway.deployment_failure(IN_GROUP, "web", self.FAILED)

        assert failure.message == "Again."
        assert len(adapter.requests) == MAX_LINKED_DEPTH

    def test_when_nothing_says_more_the_envelope_speaks(self, canned_arm: CannedArm) -> None:
        arm_gateway, _ = canned_arm({})

        failure = arm_gateway.deployment_failure(IN_GROUP, "web", self.FAILED)

        assert failure.code == "DeploymentFailed"


class TestResourceGroup:
    """Ensuring a resource group."""

    PATH = f"{S}/resourcegroups/rg-shop"

    def answer(self, state: str = "Succeeded") -> Answer:
        body = {"name": "rg-shop", "location": "westus", "tags": {"a": "b"}, "properties": {"provisioningState": state}}
        return Answer(200, body)

    def test_one_that_is_there_is_left_as_it_is(self, canned_arm: CannedArm) -> None:
        arm_gateway, adapter = canned_arm({("GET", self.PATH): self.answer()})

        group = arm_gateway.ensure_resource_group("rg-shop", "eastus2", {"c": "d"})

        assert (group.location, group.tags) == ("westus", {"a": "b"})
        assert adapter.sent("PUT") == []

    def test_one_that_is_absent_is_made(self, canned_arm: CannedArm) -> None:
        arm_gateway, adapter = canned_arm({("PUT", self.PATH): self.answer()})

        arm_gateway.ensure_resource_group("rg-shop", "westus", {"a": "b"})

        assert adapter.sent("PUT") == [{"location": "westus", "tags": {"a": "b"}}]

    def test_one_that_is_being_deleted_is_a_conflict(self, canned_arm: CannedArm) -> None:
        error = {"error": {"code": "ResourceGroupBeingDeleted", "message": "Wait."}}
        arm_gateway, _ = canned_arm(
            {("GET", self.PATH): self.answer("Deleting"), ("PUT", self.PATH): Answer(409, error)}
        )

        with pytest.raises(FailureError) as caught:
            arm_gateway.ensure_resource_group("rg-shop", "westus", {})

        assert caught.value.failure.is_retried


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


class TestAppSettings:
    """Setting some application settings among others."""

    LIST = f"{SITE}/config/appsettings/list"
    PUT = f"{SITE}/config/appsettings"

    def test_the_others_are_kept(self, canned_arm: CannedArm) -> None:
        arm_gateway, adapter = canned_arm(
            {("POST", self.LIST): Answer(200, {"properties": {"A": "1", "B": "2"}}), ("PUT", self.PUT): Answer(200, {})}
        )

        changed = arm_gateway.set_app_settings(SITE, {"B": "3", "C": "4"})

        assert changed
        assert adapter.sent("PUT") == [{"properties": {"A": "1", "B": "3", "C": "4"}}]

    def test_when_all_are_so_already_nothing_is_written(self, canned_arm: CannedArm) -> None:
        arm_gateway, adapter = canned_arm({("POST", self.LIST): Answer(200, {"properties": {"A": "1", "B": "2"}})})

        changed = arm_gateway.set_app_settings(SITE, {"B": "2"})

        assert not changed
        assert adapter.sent("PUT") == []


class TestRoleAssignment:
    """Giving a role, twice."""

    @pytest.fixture
    def answering(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], tuple[ArmGateway, CannedAdapter]]:
        class ToEveryPut(CannedAdapter):
            def __init__(self, answer: Answer) -> None:
                super().__init__({})
                self.answer = answer

            def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
                self.answers[("PUT", str(request.path_url).partition("?")[0].lower())] = self.answer
                return super().send(request, *args, **kwargs)

        def make(answer: Answer) -> tuple[ArmGateway, CannedAdapter]:
            adapter = ToEveryPut(answer)
            monkeypatch.setattr(access, "shared_transport", adapter.transport)
            return ArmGateway(CLOUDS["AzureCloud"], AnyToken(), SUBSCRIPTION), adapter

        return make

    def test_the_same_role_has_the_same_name(
        self, answering: Callable[[Answer], tuple[ArmGateway, CannedAdapter]]
    ) -> None:
        arm_gateway, adapter = answering(Answer(201, {}))

        arm_gateway.ensure_role_assignment(GROUP, "p-1", "role")
        arm_gateway.ensure_role_assignment(GROUP.upper(), "P-1", "role")
        arm_gateway.ensure_role_assignment(GROUP, "p-2", "role")

        names = [str(request.path_url).partition("?")[0].rpartition("/")[2] for request in adapter.requests]
        assert names[0] == names[1] != names[2]
        assert adapter.sent("PUT")[0]["properties"]["principalType"] == "ServicePrincipal"

    def test_one_that_exists_is_success(self, answering: Callable[[Answer], tuple[ArmGateway, CannedAdapter]]) -> None:
        arm_gateway, _ = answering(Answer(409, {"error": {"code": "RoleAssignmentExists", "message": "It exists."}}))

        arm_gateway.ensure_role_assignment(GROUP, "p-1", "role")

    def test_one_that_is_refused_is_a_failure(
        self, answering: Callable[[Answer], tuple[ArmGateway, CannedAdapter]]
    ) -> None:
        arm_gateway, _ = answering(Answer(403, {"error": {"code": "AuthorizationFailed", "message": "No."}}))

        with pytest.raises(FailureError):
            arm_gateway.ensure_role_assignment(GROUP, "p-1", "role")


def test_an_id_of_a_deployment_tells_scope_and_name() -> None:
    assert split_deployment_id(f"{GROUP}{DEPLOYMENTS.upper()}/a.b") == (GROUP, "a.b")
    assert split_deployment_id(f"{S}{DEPLOYMENTS}/a") == (S, "a")
    for wrong in (SITE, f"{S}{DEPLOYMENTS}/", f"{S}{DEPLOYMENTS}/a/operations"):
        with pytest.raises(ValueError, match="not the id"):
            split_deployment_id(wrong)
