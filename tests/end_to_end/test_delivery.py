"""The whole path where public networks don't reach the artifact storage: an operator has made the account so.

Azure Resource Manager is kept out of it, and so is a function app that is in no network.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.stack import Stack
from tests.clouds import CLOUD, LOCATION
from tests.end_to_end import hindrances
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, Caller, zipped
from tests.end_to_end.evidence import arm_writes
from tests.end_to_end.hindrances import hindered
from tests.end_to_end.rollback_world import broken, group_id, told
from tests.end_to_end.snapshots import arm_call, arm_snapshot, differences
from tests.waiting import wait_until

PRIVATE_LOCATION = "northeurope" if CLOUD.name == "AzureCloud" else "usgovtexas"
"""Where the artifact storage is private, and no other test deploys from."""
NETWORK_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-delivery-storage"
ACCOUNT = f"{NETWORK_GROUP}/providers/Microsoft.Storage/storageAccounts/stdeliveryprivate"
LOCATED = {"_artifactsLocation": {"type": "string"}, "_artifactsLocationSasToken": {"type": "securestring"}}
OPTIONS = {"force": True, "retryPolicy": {"maxAttempts": 1, "firstIntervalSeconds": 0.3}}
TEXT = {"type": "string"}


@pytest.fixture(scope="module")
def caller(stack: Stack) -> Iterator[Caller]:
    """The app, once the account is there."""
    arm_call(stack, "PUT", NETWORK_GROUP, body={"location": PRIVATE_LOCATION})
    account = {
        "location": PRIVATE_LOCATION,
        "tags": {"armature-artifacts": "v1"},
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {"publicNetworkAccess": "Disabled", "allowBlobPublicAccess": False},
    }
    arm_call(stack, "PUT", ACCOUNT, version="2023-05-01", body=account)

    def is_made() -> bool:
        made = arm_call(stack, "GET", ACCOUNT, version="2023-05-01")
        return bool(made["properties"]["provisioningState"] == "Succeeded")

    wait_until(is_made)
    arm_call(stack, "PUT", f"{ACCOUNT}/blobServices/default/containers/packages", version="2023-05-01", body={})
    with hindered(stack, hindrances.broken("broken-*")):
        yield Caller(stack)


def deployment(name: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": name,
        "properties": {"mode": "Incremental", **properties},
    }


def bundle(project: str, *more: dict[str, Any], tag: str = "1") -> bytes:
    """Three templates that link in every way, of which the last takes an output; the child of all bears a tag."""
    child = template(
        [{**workspace("[parameters('name')]"), "tags": {"version": tag}}],
        {"name": {"type": "string", "value": "[parameters('name')]"}},
        parameters={"name": TEXT},
    )

    def named(suffix: str) -> dict[str, Any]:
        return {"name": {"value": f"log-{project}-{suffix}"}}

    relative = deployment("relative", templateLink={"relativePath": "parts/middle.json"}, parameters=named("relative"))
    middle = template(
        [
            deployment(
                "own",
                templateLink={"uri": "[uri(deployment().properties.templateLink.uri, 'child.json')]"},
                parameters={"name": {"value": "[parameters('name')]"}},
            )
        ],
        parameters={"name": TEXT},
    )
    located = deployment(
        "located",
        templateLink={
            "uri": "[uri(parameters('_artifactsLocation'), "
            "concat('parts/child.json', parameters('_artifactsLocationSasToken')))]"
        },
        parameters=named("located"),
    )
    items = [
        {"name": "first", "path": "t/first.json"},
        {"name": "second", "path": "t/second.json", "dependsOn": ["first"]},
        {"name": "third", "path": "t/third.json", "parameters": {"name": {"output": "first.name"}}},
    ]
    out = {"name": {"type": "string", "value": f"log-{project}-third"}}
    return zipped(
        {
            "manifest.json": manifest(project, items),
            "t/first.json": template([relative], out),
            "t/second.json": template([deployment("nested", template=template([located]))], parameters=LOCATED),
            "t/third.json": template(
                [
                    deployment(
                        "static",
                        templateLink={"relativePath": "parts/child.json"},
                        parameters={"name": {"value": "[parameters('name')]"}},
                    ),
                    *more,
                ],
                parameters={"name": TEXT},
            ),
            "t/parts/middle.json": middle,
            "t/parts/child.json": child,
        }
    )


def deploy(caller: Caller, content: bytes, number: str, *, location: str, **options: Any) -> dict[str, Any]:
    request = {"target": {"location": location}, "options": {**OPTIONS, **options}, "deploymentId": number}
    return caller.ended(caller.start(content, **request))


def test_templates_are_sent_put_back_and_the_same_as_by_links(stack: Stack, caller: Caller) -> None:
    project = "delivery-same"
    part = f"rg-{project}/"

    sent = deploy(caller, bundle(project), f"{project}-1", location=PRIVATE_LOCATION)
    first = arm_snapshot(stack, part)
    failed = deploy(caller, bundle(project, broken(project), tag="2"), f"{project}-2", location=PRIVATE_LOCATION)
    put_back = arm_snapshot(stack, part)
    by_link = deploy(caller, bundle(project), f"{project}-3", location=LOCATION)
    last = arm_snapshot(stack, part)

    assert (sent["status"], failed["status"], by_link["status"]) == ("completed", "rolledBack", "completed")
    assert [one["delivery"] for one in sent["templates"]] == ["inline"] * 3
    assert {one["delivery"] for one in failed["rollback"]["templates"]} == {"inline"}
    assert [one["delivery"] for one in by_link["templates"]] == ["sas"] * 3
    assert [one["resources"] for one in sent["templates"]] == [one["resources"] for one in by_link["templates"]]
    assert len(first) == 3
    assert differences(first, put_back) == []
    assert differences(first, last) == []
    told_of = [[event["code"] for event in caller.events(f"{project}-{number}")] for number in (1, 2, 3)]
    assert [codes.count("DeliveryInline") for codes in told_of] == [1, 1, 0]


def test_links_are_refused_before_anything_is_touched(stack: Stack, caller: Caller) -> None:
    project = "delivery-refused"

    state = deploy(caller, bundle(project), f"{project}-1", location=PRIVATE_LOCATION, delivery="sas")

    assert state["status"] == "failed"
    (why,) = state["failures"]
    assert (why["code"], why["failureClass"]) == ("ArtifactStoragePrivate", "storageAccess")
    assert "delivery: inline" in why["suggestion"]
    assert arm_snapshot(stack, f"rg-{project}") == {}


# A cloud assembly whose function app runs from a package in the private account


def assembly(project: str) -> bytes:
    """A root template with two linked ones: a network with a private endpoint of the account, and a function app."""
    network = f"vnet-{project}"
    subnets = [
        {"name": name, "properties": {"addressPrefix": f"10.0.{at}.0/24"}} for at, name in enumerate(("apps", "ends"))
    ]
    subnet = f"[resourceId('Microsoft.Network/virtualNetworks/subnets', '{network}', '{{}}')]"
    link = {"name": "blob", "properties": {"privateLinkServiceId": ACCOUNT, "groupIds": ["blob"]}}
    foundation = template(
        [
            {
                "type": "Microsoft.Network/virtualNetworks",
                "apiVersion": "2023-09-01",
                "name": network,
                "location": LOCATION,
                "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets},
            },
            {
                "type": "Microsoft.Network/privateEndpoints",
                "apiVersion": "2023-09-01",
                "name": f"pe-{project}",
                "location": LOCATION,
                "dependsOn": [network],
                "properties": {"subnet": {"id": subnet.format("ends")}, "privateLinkServiceConnections": [link]},
            },
        ]
    )
    site = {
        "type": "Microsoft.Web/sites",
        "apiVersion": "2023-12-01",
        "name": f"func-{project}",
        "location": LOCATION,
        "kind": "functionapp",
        "identity": {"type": "SystemAssigned"},
        "properties": {"virtualNetworkSubnetId": subnet.format("apps")},
    }
    names = ["Worker-foundation-0.json", "Worker-compute-1.json"]
    links = [
        deployment(
            name.removesuffix(".json"),
            parameters={},
            templateLink={
                "uri": f"[concat(parameters('_artifactsLocation'), '/', '{name}', "
                "parameters('_artifactsLocationSasToken'))]"
            },
        )
        for name in names
    ]
    links[1]["dependsOn"] = [f"[resourceId('Microsoft.Resources/deployments', '{links[0]['name']}')]"]
    packages = [{"packagePath": "packages/f.zip", "functionAppName": site["name"]}]
    stack = {
        "name": "Worker",
        "templatePath": "Worker.json",
        "linkedTemplates": names,
        "artifacts": {"functionPackages": packages},
    }
    app = "import azure.functions as f\napp = f.FunctionApp()\n\n@app.route('hi')\ndef greet(req): ...\n"
    return zipped(
        {
            "manifest.json": {"version": "2.0.0", "stacks": {"Worker": stack}},
            "Worker.json": template(links, parameters=LOCATED),
            names[0]: foundation,
            names[1]: template([site]),
            "packages/f.zip": zipped({"function_app.py": app, "host.json": {}}),
        }
    )


def test_an_assembly_is_sent_and_its_function_app_runs_from_the_private_account(stack: Stack, caller: Caller) -> None:
    project = "delivery-assembly"

    target = {"location": PRIVATE_LOCATION, "resourceGroup": f"rg-{project}"}

    request = {"target": target, "options": OPTIONS, "deploymentId": f"{project}-1"}
    state = caller.ended(caller.start(assembly(project), **request))

    assert state["status"] == "completed", told(state)
    (worker,) = state["templates"]
    assert worker["delivery"] == "inline"
    assert len(worker["linkedDeployments"]) == 2
    site = f"{group_id(project)}/providers/Microsoft.Web/sites/func-{project}"
    function = f"{site}/functions/greet"
    wait_until(lambda: "greet" in json.dumps(arm_call(stack, "GET", f"{site}/functions", version="2023-12-01")))
    assert arm_call(stack, "GET", function, version="2023-12-01")["properties"]["name"] == "greet"


# A cloud assembly whose function app is on Flex Consumption, which keeps its package itself

FLEX = "delivery-flex"
CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
"""Storage Blob Data Contributor."""


def flex_app() -> list[dict[str, Any]]:
    """The function app, its plan, and the storage in which it keeps its package, with the right to write there."""
    account = "stdeliveryflex"
    storage, plan, site = (
        f"[resourceId('{kind}', '{name}')]"
        for kind, name in (
            ("Microsoft.Storage/storageAccounts", account),
            ("Microsoft.Web/serverfarms", f"plan-{FLEX}"),
            ("Microsoft.Web/sites", f"func-{FLEX}"),
        )
    )
    kept = {
        "type": "blobContainer",
        "value": f"[concat(reference('{account}').primaryEndpoints.blob, 'app')]",
        "authentication": {"type": "SystemAssignedIdentity"},
    }
    config = {"deployment": {"storage": kept}, "runtime": {"name": "python", "version": "3.11"}}
    role = f"[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{CONTRIBUTOR}')]"
    principal = f"[reference('func-{FLEX}', '2023-12-01', 'full').identity.principalId]"
    shapes: list[tuple[str, str, str, dict[str, Any]]] = [
        (
            "Microsoft.Storage/storageAccounts",
            "2023-05-01",
            account,
            {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}},
        ),
        (
            "Microsoft.Storage/storageAccounts/blobServices/containers",
            "2023-05-01",
            f"{account}/default/app",
            {"dependsOn": [storage]},
        ),
        (
            "Microsoft.Web/serverfarms",
            "2023-12-01",
            f"plan-{FLEX}",
            {"sku": {"name": "FC1"}, "properties": {"reserved": True}},
        ),
        (
            "Microsoft.Web/sites",
            "2023-12-01",
            f"func-{FLEX}",
            {
                "kind": "functionapp,linux",
                "identity": {"type": "SystemAssigned"},
                "dependsOn": [plan, storage],
                "properties": {"serverFarmId": plan, "functionAppConfig": config},
            },
        ),
        (
            "Microsoft.Authorization/roleAssignments",
            "2022-04-01",
            f"[guid('{FLEX}')]",
            {
                "scope": f"Microsoft.Storage/storageAccounts/{account}",
                "dependsOn": [storage, site],
                "properties": {
                    "roleDefinitionId": role,
                    "principalId": principal,
                    "principalType": "ServicePrincipal",
                },
            },
        ),
    ]
    return [
        {"type": kind, "apiVersion": version, "name": name, "location": LOCATION, "properties": {}, **rest}
        for kind, version, name, rest in shapes
    ]


def flex_assembly(function: str, *more: dict[str, Any]) -> bytes:
    """The app with a package of one function; after it a stack with `more`."""
    app = f"import azure.functions as f\napp = f.FunctionApp()\n\n@app.route('hi')\ndef {function}(req): ...\n"
    packages = [{"packagePath": "packages/f.zip", "functionAppName": f"func-{FLEX}"}]
    stacks: dict[str, Any] = {
        "Worker": {"name": "Worker", "templatePath": "Worker.json", "artifacts": {"functionPackages": packages}}
    }
    files = {"Worker.json": template(flex_app()), "packages/f.zip": zipped({"function_app.py": app, "host.json": {}})}
    if more:
        stacks["After"] = {"name": "After", "templatePath": "After.json"}
        files["After.json"] = template([*more])
    return zipped({"manifest.json": {"version": "2.0.0", "stacks": stacks}, **files})


@pytest.mark.skipif(CLOUD.name != "AzureCloud", reason="Flex Consumption is not to be had in other clouds")
def test_an_app_on_flex_consumption_is_handed_its_package_and_the_previous_one_by_a_rollback(
    stack: Stack, caller: Caller
) -> None:
    target = {"location": LOCATION, "resourceGroup": f"rg-{FLEX}"}
    site = f"{group_id(FLEX)}/providers/Microsoft.Web/sites/func-{FLEX}"
    options = {**OPTIONS, "assemblyOrder": "listed"}

    def ended(number: int, content: bytes) -> dict[str, Any]:
        request = {"target": target, "options": options, "deploymentId": f"{FLEX}-{number}", "project": FLEX}
        return caller.ended(caller.start(content, **request))

    def functions() -> set[str]:
        listed = arm_call(stack, "GET", f"{site}/functions", version="2023-12-01")["value"]
        return {function["name"].rpartition("/")[2] for function in listed}

    content = flex_assembly("greet")
    first = ended(1, content)
    listed = functions()
    same = ended(2, content)
    failed = ended(3, flex_assembly("wave", broken(FLEX)))

    assert [state["status"] for state in (first, same, failed)] == ["completed", "completed", "rolledBack"], told(
        failed
    )
    assert listed == functions() == {"greet"}
    (check,) = [one for one in first["validation"]["checks"] if one["kind"] == "functionApp"]
    assert "its package mounted" in check["message"]
    handed = [r for r in arm_writes(stack.state) if r["path"].lower().endswith("/extensions/onedeploy")]
    assert [r["status"] for r in handed if r["status"] < 400] == [201, 200, 200]
    kept = json.dumps([first, same, failed, *(caller.events(f"{FLEX}-{number}") for number in (1, 2, 3))])
    assert "sig=" not in kept
    assert "PackageAttached" in kept
