"""The app meets faults on command: what passes is overcome, what stays is told with its cause."""

from collections.abc import Iterator
from typing import Any

import pytest

from emulator.faults.model import FaultFile, read_rule
from emulator.stack import Stack
from tests.end_to_end.bundles import graph_bundle
from tests.end_to_end.client import Caller
from tests.end_to_end.evidence import arm_requests

QUICKLY = {"force": True, "retryPolicy": {"firstIntervalSeconds": 0.3}, "rollbackOnFailure": False}


class Suffering:
    """The app, with faults that happen to one project."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.caller = Caller(stack)

    def deploy(self, project: str, *rules: dict[str, Any]) -> dict[str, Any]:
        """The state of a deployment of two templates that has ended while these rules were in place."""
        complete = [read_rule({"id": f"{project}-{index}", **rule}) for index, rule in enumerate(rules)]
        self.stack.faults.load(FaultFile(seed=1, rules=tuple(complete)))
        bundle = graph_bundle(project, {"a": [], "b": ["a"]})
        return self.caller.ended(self.caller.start(bundle, deploymentId=project, options=QUICKLY))

    def happened(self, project: str) -> list[str]:
        """The faults that happened to a project."""
        return [entry["fault"] for entry in self.stack.faults.happened() if entry["rule"].startswith(project)]


@pytest.fixture
def suffering(stack: Stack) -> Iterator[Suffering]:
    yield Suffering(stack)
    stack.faults.clear()


def test_answers_that_are_lost_after_the_work_was_done_are_overcome(suffering: Suffering) -> None:
    project = "fault-lost"
    match = {"operation": "PutDeployment", "name": f"*{project}*"}

    state = suffering.deploy(project, {"service": "arm", "fault": "answerLost", "match": match, "attempts": [1]})

    assert state["status"] == "completed", state["failures"]
    assert suffering.happened(project) == ["answerLost"] * 2
    puts = [one for one in arm_requests(suffering.stack.state) if one.get("name", "").endswith(project)]
    assert next(one["status"] for one in puts if one["method"] == "PUT") == 201


def test_a_sas_that_has_ended_when_resource_manager_downloads_is_overcome(suffering: Suffering) -> None:
    project = "fault-sas"
    match = {"operation": "GetBlob", "container": f"templates-{project}", "caller": "arm"}

    state = suffering.deploy(project, {"service": "storage", "fault": "sasExpired", "match": match, "attempts": [1]})

    assert state["status"] == "completed", state["failures"]
    assert suffering.happened(project) == ["sasExpired"] * 2
    assert [template["attempt"] for template in state["templates"]] == [1, 1]  # the same start hands it over again


def test_a_cause_that_hides_in_a_message_is_told(suffering: Suffering) -> None:
    project = "fault-hidden"
    failure = {"code": "WorkspaceBroken", "message": "The workspace can't be made.", "shape": "jsonInMessage"}
    match = {"operation": "CreateResource", "name": f"log-{project}-b"}

    state = suffering.deploy(
        project, {"service": "arm", "fault": "provisioningFailure", "match": match, "parameters": failure}
    )

    assert state["status"] == "failed"
    assert [template["status"] for template in state["templates"]] == ["succeeded", "failed"]
    causes = state["failures"][0]["causes"]
    assert [(cause["code"], cause["message"]) for cause in causes] == [
        ("WorkspaceBroken", "The workspace can't be made.")
    ]
    assert causes[0]["place"] == "templates/b.json#/resources/0"
