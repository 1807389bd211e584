"""What-if through the gateway: begun, looked at until it is told, refused, forgotten."""

import json
import time

import pytest

from armature.azure.models import DeploymentBody, WhatIfAnswer
from armature.errors import FailureClass, FailureError
from tests.armature.azure.arm.answers import DEPLOYMENTS, S
from tests.armature.azure.arm.conftest import Group, identity, template
from tests.armature.azure.canned import Answer, CannedArm

PATH = f"{S}/resourceGroups/rg{DEPLOYMENTS}/main/whatIf"
LATER = f"{S}/operationresults/1"
HEADERS = {"Location": f"https://management.usgovcloudapi.net{LATER}?t=1", "Retry-After": "0"}
NOTHING = {"status": "Succeeded", "properties": {"changes": []}}


def told(group: Group, body: DeploymentBody) -> WhatIfAnswer:
    found = group.arm.begin_what_if(group.scope, "main", body)
    deadline = time.monotonic() + 30
    while found.location is not None:
        assert time.monotonic() < deadline
        found = group.arm.what_if_at(found.location)
    return found


def test_what_would_change_is_told_and_nothing_is_changed(group: Group) -> None:
    found = told(group, DeploymentBody(template=template(identity("id-a"))))

    assert found.properties is not None
    assert [change["changeType"] for change in found.properties["changes"]] == ["Create"]
    assert group.arm.list_resources(group.name) == ()
    assert group.arm.deployment_at(group.deployment_id("main")) is None


def test_a_template_that_arm_refuses_is_a_failure(group: Group) -> None:
    with pytest.raises(FailureError) as caught:
        told(group, DeploymentBody(template=template(identity("[nonsense()]"))))

    assert caught.value.failure.failure_class is FailureClass.TEMPLATE


def test_the_values_are_asked_for_and_the_place_of_the_result_is_handed_on(canned_arm: CannedArm) -> None:
    gateway, adapter = canned_arm({("POST", PATH): Answer(202, None, HEADERS), ("GET", LATER): Answer(200, NOTHING)})

    begun = gateway.begin_what_if(Group(gateway, "rg").scope, "main", DeploymentBody(template={}))

    assert begun == WhatIfAnswer(location=HEADERS["Location"], retry_after_seconds=0)
    assert gateway.what_if_at(begun.location or "").properties == {"changes": []}
    sent = json.loads(adapter.requests[0].body or b"")["properties"]
    assert (sent["mode"], sent["whatIfSettings"]) == ("Incremental", {"resultFormat": "FullResourcePayloads"})


def test_one_that_is_answered_at_once_needs_no_look(canned_arm: CannedArm) -> None:
    gateway, _ = canned_arm({("POST", PATH): Answer(200, NOTHING)})

    assert gateway.begin_what_if(Group(gateway, "rg").scope, "main", DeploymentBody()).properties == {"changes": []}


def test_a_result_that_is_forgotten_is_to_be_asked_for_anew(canned_arm: CannedArm) -> None:
    gone = Answer(404, {"error": {"code": "NotFound", "message": "Gone."}})
    gateway, _ = canned_arm({("GET", LATER): gone})

    with pytest.raises(FailureError) as caught:
        gateway.what_if_at(HEADERS["Location"])

    assert (caught.value.failure.code, caught.value.failure.is_retried) == ("WhatIfForgotten", True)


def test_a_result_elsewhere_gets_no_token(canned_arm: CannedArm) -> None:
    gateway, adapter = canned_arm({})

    with pytest.raises(FailureError) as caught:
        gateway.what_if_at(f"https://elsewhere.example{LATER}")

    assert caught.value.failure.code == "ForeignLink"
    assert adapter.requests == []
