"""Each fault of Resource Manager happens as the catalogue says: to requests, and to what deployments make."""

import asyncio
import signal
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import requests

from emulator.arm.faults.occasions import occasion_of
from emulator.certificates import Certificates
from emulator.faults.folder import FaultFolder
from emulator.faults.model import read_faults
from emulator.faults.operations import OPERATIONS
from emulator.faults.plan import VARIABLE
from tests.emulator.arm.running import (
    GROUP_PATH,
    SUBSCRIPTION,
    Arm,
    TemplateServer,
    arm_command,
    linked,
    nested,
    resource,
    running_arm,
    template,
    token,
)
from tests.running import ROOT
from tests.waiting import wait_until

DEPLOYMENT = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/main"
THING = f"{GROUP_PATH}/providers/Microsoft.Contoso/things/a"
BODY = {"properties": {"mode": "Incremental", "template": template(resource("a"))}}


class Faulty:
    """An ARM with rules of its own."""

    def __init__(self, arm: Arm, folder: Path) -> None:
        self.arm = arm
        self.faults = FaultFolder(folder)

    def given(self, fault: str, operation: str, *, match: Any = None, attempts: Any = (1,), **parameters: Any) -> None:
        rule = {"id": fault, "service": "arm", "fault": fault, "attempts": attempts, "parameters": parameters}
        self.faults.load(read_faults({"rules": [{**rule, "match": {"operation": operation, **(match or {})}}]}))

    async def put(self) -> tuple[int, Any, Any]:
        """Status, headers and body of a PUT of a deployment, by a client that does not try again when it is cut off."""
        answer = await asyncio.to_thread(
            requests.put,
            f"{self.arm.url}{DEPLOYMENT}?api-version=2022-09-01",
            json=BODY,
            headers={"Authorization": f"Bearer {token(self.arm.certificates)}"},
            verify=str(self.arm.certificates.trust_bundle),
            timeout=30,
        )
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        return answer.status_code, answer.headers, answer.json() if is_json else answer.text

    async def failed_operation(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Deploy one thing, which fails; the properties of its operation, and the deployment's error."""
        deployment = await self.arm.deploy(options.pop("template", template(resource("a"))), **options)
        assert deployment["properties"]["provisioningState"] == "Failed"
        operations = await self.arm.operations_of()
        failed = next(one for one in operations if one["provisioningState"] == "Failed")
        return failed, deployment["properties"]["error"]


@pytest.fixture
async def faulty(certificates: Certificates, tmp_path: Path) -> AsyncIterator[Faulty]:
    async with running_arm(certificates, tmp_path, faults=tmp_path) as arm:
        await arm.groups.resource_groups.create_or_update("rg", {"location": "eastus2"})
        yield Faulty(arm, tmp_path)


@pytest.mark.shows_fault("slow")
async def test_arm_slow(faulty: Faulty) -> None:
    faulty.given("slow", "PutDeployment", delaySeconds=0.2)

    began = time.monotonic()
    status, _, _ = await faulty.put()

    assert (status, time.monotonic() - began >= 0.2) == (201, True)


@pytest.mark.shows_fault("throttled")
async def test_arm_throttled(faulty: Faulty) -> None:
    faulty.given("throttled", "PutDeployment", retryAfterSeconds=7)

    status, headers, body = await faulty.put()

    assert (status, headers["Retry-After"]) == (429, "7")
    assert body["error"]["code"] == "SubscriptionRequestsThrottled"
    assert "x-ms-correlation-request-id" in headers
    assert (await faulty.arm.request("GET", DEPLOYMENT))[0] == 404
    assert (await faulty.put())[0] == 201


@pytest.mark.parametrize("number", [500, 502, 503, 504])
@pytest.mark.shows_fault("serverError")
async def test_arm_server_error(faulty: Faulty, number: int) -> None:
    found = []
    for body in ("json", "html", "empty"):
        faulty.given("serverError", "PutDeployment", status=number, body=body)
        status, _, text = await faulty.put()
        assert status == number
        found.append(text)

    as_json, as_html, as_empty = found
    assert set(as_json["error"]) == {"code", "message"}
    assert as_html.startswith("<html>")
    assert as_empty == ""
    assert (await faulty.arm.request("GET", DEPLOYMENT))[0] == 404


@pytest.mark.shows_fault("connectionReset")
async def test_arm_connection_reset(faulty: Faulty) -> None:
    faulty.given("connectionReset", "PutDeployment")

    with pytest.raises(requests.ConnectionError):
        await faulty.put()

    assert (await faulty.arm.request("GET", DEPLOYMENT))[0] == 404


@pytest.mark.shows_fault("answerLost")
async def test_arm_answer_lost(faulty: Faulty) -> None:
    faulty.given("answerLost", "PutDeployment")

    with pytest.raises(requests.ConnectionError):
        await faulty.put()

    assert (await faulty.arm.ended(DEPLOYMENT))["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.shows_fault("tokenRefused")
async def test_arm_token_refused(faulty: Faulty) -> None:
    faulty.given("tokenRefused", "PutDeployment")

    status, headers, body = await faulty.put()

    assert (status, body["error"]["code"]) == (401, "ExpiredAuthenticationToken")
    assert headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")


@pytest.mark.parametrize(
    ("fault", "parameters", "status", "code"),
    [
        ("forbidden", {}, 403, "AuthorizationFailed"),
        ("deploymentActive", {}, 409, "DeploymentActive"),
        ("historyFull", {}, 409, "DeploymentQuotaExceeded"),
        ("refused", {"status": 409, "code": "ScopeLocked", "message": "Locked."}, 409, "ScopeLocked"),
        ("conflict", {"code": "ConcurrentOperation"}, 409, "ConcurrentOperation"),
    ],
)
@pytest.mark.shows_fault
async def test_arm_refuses_a_request(
    faulty: Faulty, fault: str, parameters: dict[str, Any], status: int, code: str
) -> None:
    faulty.given(fault, "PutDeployment", **parameters)

    found, _, body = await faulty.put()

    assert (found, body["error"]["code"]) == (status, code)
    assert (await faulty.put())[0] == 201


async def test_arm_forbidden_names_client_action_and_scope(faulty: Faulty) -> None:
    faulty.given("forbidden", "PutDeployment")

    _, _, body = await faulty.put()

    message = body["error"]["message"]
    assert "object id 'someone'" in message
    assert "action 'Microsoft.Resources/deployments/write'" in message
    assert f"over scope '{DEPLOYMENT}'" in message


@pytest.mark.parametrize(
    ("fault", "inner"),
    [
        ("quotaExceeded", "QuotaExceeded"),
        ("outOfCapacity", "SkuNotAvailable"),
        ("policyDenied", "RequestDisallowedByPolicy"),
    ],
)
@pytest.mark.shows_fault
async def test_arm_refuses_in_preflight(faulty: Faulty, fault: str, inner: str) -> None:
    faulty.given(fault, "PutDeployment")

    status, _, body = await faulty.put()

    assert (status, body["error"]["code"]) == (400, "InvalidTemplateDeployment")
    assert [detail["code"] for detail in body["error"]["details"]] == [inner]


@pytest.mark.shows_fault("cancelRefused")
async def test_arm_cancel_refused(faulty: Faulty) -> None:
    faulty.given("cancelRefused", "CancelDeployment")

    status, body = await faulty.arm.request("POST", f"{DEPLOYMENT}/cancel")

    assert (status, body["error"]["code"]) == (409, "DeploymentCannotBeCancelled")


@pytest.mark.parametrize(
    ("fault", "parameters", "name", "code"),
    [
        ("forbidden", {}, "Forbidden", "AuthorizationFailed"),
        ("refused", {"status": 412, "code": "PreconditionFailed"}, "PreconditionFailed", "PreconditionFailed"),
        ("conflict", {}, "Conflict", "AnotherOperationInProgress"),
        ("quotaExceeded", {}, "Conflict", "QuotaExceeded"),
        ("outOfCapacity", {"code": "ZonalAllocationFailed"}, "Conflict", "ZonalAllocationFailed"),
        ("policyDenied", {}, "Forbidden", "RequestDisallowedByPolicy"),
        ("notRegistered", {}, "Conflict", "MissingSubscriptionRegistration"),
        ("softDeletedName", {}, "Conflict", "ConflictError"),
        ("resourceThrottled", {}, "TooManyRequests", "ResourceRequestsThrottled"),
    ],
)
@pytest.mark.shows_fault
async def test_arm_fails_an_operation_of_a_deployment(
    faulty: Faulty, fault: str, parameters: dict[str, Any], name: str, code: str
) -> None:
    faulty.given(fault, "CreateResource", match={"name": "a"}, **parameters)

    operation, error = await faulty.failed_operation()

    assert (operation["statusCode"], operation["statusMessage"]["error"]["code"]) == (name, code)
    assert [detail["code"] for detail in error["details"]] == [code]
    assert (await faulty.arm.request("GET", THING))[0] == 404
    assert (await faulty.arm.deploy(template(resource("a"))))["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.parametrize("after", [0, 0.5])
@pytest.mark.parametrize("shape", ["plain", "nested", "jsonInMessage", "string", "html", "capitals"])
@pytest.mark.shows_fault("provisioningFailure")
async def test_arm_provisioning_failure(faulty: Faulty, shape: str, after: float) -> None:
    failure = {"status": 400, "code": "BadThing", "message": "The thing is bad.", "shape": shape, "after": after}
    faulty.given("provisioningFailure", "CreateResource", match={"resourceType": "*/things"}, **failure)

    operation, error = await faulty.failed_operation()

    told, (detail,) = operation["statusMessage"], error["details"]
    match shape:
        case "plain":
            assert told["error"] == {"code": "BadThing", "message": "The thing is bad."}
        case "nested":
            assert told["error"]["code"] == "ResourceDeploymentFailure"
            assert told["error"]["details"][0]["details"][0]["code"] == "BadThing"
        case "jsonInMessage":
            assert told["error"]["message"].startswith('{\r\n  "status": "Failed"')
            assert detail["code"] == "Conflict"
        case "string":
            assert told == "The thing is bad."
        case "html":
            assert told.startswith("<!DOCTYPE html>")
        case "capitals":
            assert (told["Code"], told["Message"]) == ("BadThing", "The thing is bad.")
    assert "thing is bad" in str(detail)
    assert detail["target"] == THING
    assert (await faulty.arm.request("GET", THING))[0] == 404


async def test_a_failure_comes_when_its_part_of_the_time_has_passed(certificates: Certificates, tmp_path: Path) -> None:
    async with running_arm(certificates, tmp_path, scale=0.04, faults=tmp_path) as arm:
        await arm.groups.resource_groups.create_or_update("rg", {"location": "eastus2"})
        faulty = Faulty(arm, tmp_path)
        faulty.given("provisioningFailure", "CreateResource", after=1)

        began = time.monotonic()
        operation, _ = await faulty.failed_operation()

    assert operation["statusMessage"]["error"]["code"] == "InternalOperationError"
    assert time.monotonic() - began >= 0.2  # five seconds of Azure's


@pytest.mark.shows_fault("stuck")
async def test_arm_stuck(faulty: Faulty) -> None:
    faulty.given("stuck", "CreateResource", match={"name": "a"})
    content = {"mode": "Incremental", "template": template(resource("a"), resource("b"))}

    status, _ = await faulty.arm.request("PUT", DEPLOYMENT, {"properties": content})
    states: dict[str, str] = {}
    while states.get("b") != "Succeeded":
        operations = await faulty.arm.operations_of()
        states = {one["targetResource"]["resourceName"]: one["provisioningState"] for one in operations}

    _, deployment = await faulty.arm.request("GET", DEPLOYMENT)
    assert (status, states, deployment["properties"]["provisioningState"]) == (
        201,
        {"a": "Running", "b": "Succeeded"},
        "Running",
    )


async def test_a_cancelled_deployment_lets_go_of_what_was_stuck(faulty: Faulty) -> None:
    faulty.given("stuck", "CreateResource", match={"name": "a"})
    await faulty.put()

    status, _ = await faulty.arm.request("POST", f"{DEPLOYMENT}/cancel")

    assert status == 204
    while (await faulty.arm.request("GET", THING))[0] != 404:
        pass
    assert (await faulty.arm.deploy(template(resource("a"))))["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.shows_fault("linkedContentRefused")
async def test_arm_linked_content_refused(faulty: Faulty, templates: TemplateServer) -> None:
    templates.files["/child.json"] = template(resource("a"))
    content = template(linked("child", {"uri": f"{templates.url}/child.json", "queryString": "sig=right"}))
    faulty.given("linkedContentRefused", "DownloadTemplate", match={"path": "*/child.json"})

    body = {"properties": {"mode": "Incremental", "template": content}}
    first = await faulty.arm.request("PUT", DEPLOYMENT, body)
    second = await faulty.arm.request("PUT", DEPLOYMENT, body)

    assert (first[0], first[1]["error"]["code"], second[0]) == (400, "InvalidContentLink", 201)
    assert len(templates.asked) == 1
    assert "sig" not in str(faulty.faults.happened())


@pytest.mark.shows_fault("staleRead")
async def test_arm_stale_read(faulty: Faulty) -> None:
    await faulty.arm.request("PUT", THING, {"location": "eastus2", "tags": {"version": "1"}})
    faulty.given("staleRead", "Get*", attempts="1-", lagSeconds=3600)

    await faulty.arm.request("PUT", THING, {"location": "eastus2", "tags": {"version": "2"}})
    await faulty.put()

    assert (await faulty.arm.request("GET", THING))[1]["tags"] == {"version": "1"}
    status, body = await faulty.arm.request("GET", DEPLOYMENT)
    assert (status, body["error"]["code"]) == (404, "DeploymentNotFound")
    faulty.faults.clear()
    assert (await faulty.arm.request("GET", DEPLOYMENT))[0] == 200


async def test_lists_lag_behind_too(faulty: Faulty) -> None:
    await faulty.arm.request("PUT", THING, {"location": "eastus2"})
    listing = f"{GROUP_PATH}/resources"

    faulty.given("staleRead", "ListResources", lagSeconds=3600)
    lagging, present = [(await faulty.arm.request("GET", listing))[1]["value"] for _ in range(2)]

    assert (lagging, [entry["name"] for entry in present]) == ([], ["a"])


async def test_a_read_after_the_lag_shows_the_present_and_is_no_occasion(faulty: Faulty) -> None:
    for operation, path in [("GetDeployment", DEPLOYMENT), ("ListResources", f"{GROUP_PATH}/resources")]:
        faulty.given("staleRead", operation, attempts="1-", lagSeconds=0)

        await faulty.put()

        assert (await faulty.arm.request("GET", path))[0] == 200
    assert faulty.faults.happened() == []


@pytest.mark.shows_fault("principalNotFound")
async def test_arm_principal_not_found(faulty: Faulty) -> None:
    identity = resource("id-app", "Microsoft.ManagedIdentity/userAssignedIdentities")
    await faulty.arm.deploy(template(identity), name="first")
    path = f"{GROUP_PATH}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-app"
    _, made = await faulty.arm.request("GET", path)
    assignment = resource(
        "11111111-1111-1111-1111-111111111111",
        "Microsoft.Authorization/roleAssignments",
        properties={
            "roleDefinitionId": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/"
            "acdd72a7-3385-48ef-bd42-f606fba81ae7",
            "principalId": made["properties"]["principalId"],
        },
    )
    match = {"resourceType": "Microsoft.Authorization/*"}

    faulty.given("principalNotFound", "CreateResource", match=match, attempts="1-", lagSeconds=3600)
    operation, _ = await faulty.failed_operation(template=template(assignment))
    faulty.given("principalNotFound", "CreateResource", match=match, attempts="1-", lagSeconds=0)
    later = await faulty.arm.deploy(template(assignment))

    assert operation["statusMessage"]["error"]["code"] == "PrincipalNotFound"
    assert later["properties"]["provisioningState"] == "Succeeded"
    assert len(faulty.faults.happened()) == 1, "an identity that is old enough is no occasion"

    faulty.given("principalNotFound", "PutResource", match=match, lagSeconds=3600)
    role = f"{GROUP_PATH}/providers/Microsoft.Authorization/roleAssignments/{assignment['name']}"
    refused, answer = await faulty.arm.request("PUT", role, {"properties": assignment["properties"]})
    accepted, _ = await faulty.arm.request("PUT", role, {"properties": assignment["properties"]})
    assert (refused, answer["error"]["code"], accepted) == (400, "PrincipalNotFound", 200)


@pytest.mark.parametrize("moment", ["beforeWork", "afterWork"])
@pytest.mark.shows_fault("killed")
def test_arm_killed_while_a_deployment_makes_something(certificates: Certificates, tmp_path: Path, moment: str) -> None:
    rule = {"id": "k", "service": "arm", "fault": "killed", "match": {"operation": "CreateResource"}, "times": 1}
    FaultFolder(tmp_path).load(read_faults({"rules": [{**rule, "parameters": {"moment": moment}}]}))

    with started(certificates, tmp_path) as process:
        url = process.stdout.readline().strip()
        ask(certificates, "PUT", f"{url}{GROUP_PATH}")
        ask(certificates, "PUT", f"{url}{DEPLOYMENT}", BODY)
        ended = process.wait(20)
    with started(certificates, tmp_path) as process:
        url = process.stdout.readline().strip()
        wait_until(lambda: state_of(certificates, f"{url}{DEPLOYMENT}") not in ("Accepted", "Running"), seconds=20)
        state = state_of(certificates, f"{url}{DEPLOYMENT}")

    assert (ended, state) == (-signal.SIGKILL, "Succeeded")


@pytest.mark.parametrize("moment", ["beforeWork", "afterWork"])
@pytest.mark.shows_fault("killed")
def test_arm_killed(certificates: Certificates, tmp_path: Path, moment: str) -> None:
    rule = {"id": "k", "service": "arm", "fault": "killed", "match": {"operation": "PutGroup"}, "times": 1}
    FaultFolder(tmp_path).load(read_faults({"rules": [{**rule, "parameters": {"moment": moment}}]}))

    with started(certificates, tmp_path) as process:
        url = f"{process.stdout.readline().strip()}{GROUP_PATH}"
        ask(certificates, "PUT", url)
        ended = process.wait(20)
    with started(certificates, tmp_path) as process:
        url = f"{process.stdout.readline().strip()}{GROUP_PATH}"
        found = ask(certificates, "GET", url)
        again = ask(certificates, "PUT", url)

    assert ended == -signal.SIGKILL
    assert (found, again) == ((404, 201) if moment == "beforeWork" else (200, 200))


@contextmanager
def started(certificates: Certificates, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """The process of ARM, which does not outlive the block."""
    environment = {VARIABLE: str(folder)}
    command = arm_command(certificates, folder)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def ask(certificates: Certificates, method: str, url: str, body: Any = None) -> int | None:
    """The status of a request, one that makes a resource group unless told otherwise; None without an answer."""
    try:
        return answer_to(certificates, method, url, body).status_code
    except requests.ConnectionError:
        return None


def state_of(certificates: Certificates, url: str) -> str:
    """The provisioning state of a deployment."""
    return str(answer_to(certificates, "GET", url).json()["properties"]["provisioningState"])


def answer_to(certificates: Certificates, method: str, url: str, body: Any = None) -> requests.Response:
    headers = {"Authorization": f"Bearer {token(certificates)}"}
    content = (body or {"location": "eastus2"}) if method == "PUT" else None
    return requests.request(
        method,
        f"{url}?api-version=2021-04-01",
        json=content,
        headers=headers,
        verify=str(certificates.trust_bundle),
        timeout=20,
    )


@pytest.mark.parametrize(
    ("method", "path", "operation", "name"),
    [
        ("PUT", DEPLOYMENT, "PutDeployment", "main"),
        ("GET", DEPLOYMENT.upper().replace("//", "/"), "GetDeployment", "MAIN"),
        ("HEAD", DEPLOYMENT, "HeadDeployment", "main"),
        ("POST", f"{DEPLOYMENT}/cancel", "CancelDeployment", "main"),
        ("POST", f"{DEPLOYMENT}/validate", "ValidateDeployment", "main"),
        ("POST", f"{DEPLOYMENT}/whatIf", "WhatIfDeployment", "main"),
        ("POST", f"{DEPLOYMENT}/exportTemplate", "ExportDeployment", "main"),
        ("GET", f"{DEPLOYMENT}/operations", "ListOperations", "main"),
        ("GET", f"{GROUP_PATH}/deployments/main/operations", "ListOperations", "main"),
        ("GET", f"{DEPLOYMENT}/operationStatuses/1", "GetOperationStatus", "main"),
        ("GET", f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/", "ListDeployments", None),
        ("PUT", f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Resources/deployments/x", "PutDeployment", "x"),
        ("PUT", GROUP_PATH, "PutGroup", "rg"),
        ("PATCH", GROUP_PATH, "PatchGroup", "rg"),
        ("GET", f"/subscriptions/{SUBSCRIPTION}/resourcegroups", "ListGroups", None),
        ("GET", f"{GROUP_PATH}/resources", "ListResources", None),
        ("GET", f"/subscriptions/{SUBSCRIPTION}", "GetSubscription", None),
        ("GET", f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Web", "GetProvider", None),
        ("POST", f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Web/register", "RegisterProvider", None),
        ("GET", f"/subscriptions/{SUBSCRIPTION}/operationresults/1", "GetOperationResult", None),
        ("GET", "/metadata/endpoints", "GetMetadata", None),
        ("PUT", THING, "PutResource", "a"),
        ("DELETE", f"{THING}/parts/b", "DeleteResource", "a/b"),
        ("POST", f"{THING}/listKeys", "PostAction", "a"),
        ("GET", "/nowhere", "OtherRead", None),
        ("POST", "/nowhere", "OtherWrite", None),
    ],
)
def test_a_request_is_known_by_what_it_asks_for(method: str, path: str, operation: str, name: str | None) -> None:
    occasion = occasion_of(method, path)

    assert (occasion.operation, occasion.attributes.get("name")) == (operation, name)
    assert operation in OPERATIONS["arm"]


async def test_the_same_seed_refuses_the_same_requests_whatever_their_order(
    certificates: Certificates, tmp_path: Path
) -> None:
    rule = {"id": "r", "service": "arm", "fault": "throttled", "match": {"operation": "PutGroup"}, "probability": 0.5}
    names = [f"rg-{number}" for number in range(24)]

    async def refused(folder: Path, seed: int, order: list[str]) -> set[str]:
        folder.mkdir()
        FaultFolder(folder).load(read_faults({"seed": seed, "rules": [rule]}))
        async with running_arm(certificates, folder, faults=folder) as arm:
            paths = [f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}" for name in order]
            answers = await asyncio.gather(*(arm.request("PUT", path, {"location": "eastus2"}) for path in paths))
        return {name for name, (status, _) in zip(order, answers, strict=True) if status == 429}

    first = await refused(tmp_path / "first", 7, names)
    again = await refused(tmp_path / "again", 7, names[::-1])
    other = await refused(tmp_path / "other", 8, names)

    assert first == again
    assert first != other
    assert 4 <= len(first) <= 20


async def test_the_same_seed_gives_the_same_run_of_a_deployment(certificates: Certificates, tmp_path: Path) -> None:
    rules = [
        {"id": "busy", "fault": "throttled", "match": {"operation": "PutDeployment"}, "probability": 0.7},
        {"id": "gone", "fault": "answerLost", "match": {"operation": "PutGroup"}, "probability": 0.9},
        {"id": "bad", "fault": "provisioningFailure", "match": {"name": "n*"}, "probability": 0.4},
        {"id": "refused", "fault": "conflict", "match": {"operation": "CreateResource"}, "probability": 0.2},
    ]
    inner = [resource(f"n{number}") for number in range(6)]
    content = template(*(resource(f"o{number}") for number in range(6)), nested("inner", template(*inner)))

    async def run(name: str, seed: int) -> tuple[dict[str, str], list[tuple[str, str, int]]]:
        """How the operations ended, and what happened to which attempt of what."""
        folder = tmp_path / name
        folder.mkdir()
        FaultFolder(folder).load(read_faults({"seed": seed, "rules": [{"service": "arm", **rule} for rule in rules]}))
        async with running_arm(certificates, folder, faults=folder) as arm:
            for path, body in [
                (GROUP_PATH, {"location": "eastus2"}),
                (DEPLOYMENT, {"properties": {"mode": "Incremental", "template": content}}),
            ]:
                while await asyncio.to_thread(ask, certificates, "PUT", arm.url + path, body) not in (200, 201):
                    continue
            await arm.ended(DEPLOYMENT)
            operations = [*await arm.operations_of(), *await arm.operations_of("inner")]
        ends = {op["targetResource"]["id"]: op["provisioningState"] for op in operations if "targetResource" in op}
        happened = sorted((one["rule"], one["key"], one["attempt"]) for one in FaultFolder(folder).happened())
        return ends, happened

    first, again, other = await run("first", 4), await run("again", 4), await run("other", 5)

    assert first == again
    assert first[1] != other[1]
    assert {rule for rule, _, _ in [*first[1], *other[1]]} == {"busy", "gone", "bad", "refused"}
    assert "Failed" in first[0].values()


async def test_faults_are_administered_beside_the_api_without_a_token(faulty: Faulty) -> None:
    url = f"{faulty.arm.url}/emulator/faults"
    rule = {"id": "one", "service": "arm", "fault": "throttled", "match": {"operation": "PutDeployment"}}
    context = ssl.create_default_context(cafile=faulty.arm.certificates.authority)

    async def call(method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
        async with aiohttp.ClientSession() as http, http.request(method, url + path, json=body, ssl=context) as answer:
            return answer.status, await answer.json() if answer.content_type == "application/json" else None

    assert await call("GET") == (200, {"seed": 1, "rules": []})
    assert (await call("PUT", body={"seed": 4, "rules": [rule]}))[1]["rules"][0]["id"] == "one"
    assert (await faulty.put())[0] == 429
    assert [entry["rule"] for entry in (await call("GET", "/happened"))[1]["value"]] == ["one"]
    assert (await call("POST", body=rule))[0] == 400
    assert len((await call("POST", body={**rule, "id": "two"}))[1]["rules"]) == 2
    assert (await call("DELETE", "/two"))[1]["seed"] == 4
    status, problems = await call("POST", body={**rule, "id": "three", "fault": "throtled"})
    assert (status, problems["problems"][0]["where"]) == (400, "fault")
    assert (await call("DELETE", "/two"))[0] == 404
    assert (await call("DELETE")) == (200, {"seed": 1, "rules": []})
    assert (await call("PATCH"))[0] == 405
    assert len((await call("GET", "/catalogue"))[1]["value"]) > 40
    assert (await faulty.put())[0] == 201


async def test_without_a_folder_there_is_no_administration(arm: Arm) -> None:
    status, _ = await arm.request("GET", "/emulator/faults")

    assert status == 404


async def test_a_host_that_has_no_rules_answers_as_ever(faulty: Faulty) -> None:
    assert (await faulty.put())[0] == 201
    assert faulty.faults.happened() == []


@pytest.mark.parametrize(
    "path",
    [
        f"{DEPLOYMENT}/operationStatuses/NUMBER",
        f"/subscriptions/{SUBSCRIPTION}/operationresults/NUMBER",
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Web/locations/eastus2/operationStatuses/NUMBER",
    ],
)
def test_what_is_asked_by_a_number_is_the_same_occasion_in_each_run(path: str) -> None:
    one, other = (occasion_of("GET", path.replace("NUMBER", number)) for number in ("1", "2"))

    assert one.key == other.key
    assert one.operation in ("GetOperationStatus", "GetOperationResult")
