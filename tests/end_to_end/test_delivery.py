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
