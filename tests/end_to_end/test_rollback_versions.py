"""A new version that fails, or is not wanted: the version before is back, with all that it had."""

from collections.abc import Iterator

import pytest

from emulator.stack import Stack
from tests.end_to_end import hindrances
from tests.end_to_end.bundles import workspace
from tests.end_to_end.hindrances import hindered
from tests.end_to_end.rollback_world import Templates, World, broken, group_id, network, subnet, told
from tests.end_to_end.snapshots import differences

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    """The stack, where whatever is called broken-… can't be made."""
    with hindered(stack, hindrances.broken("broken-*")):
        yield World(stack)


def test_a_new_version_that_fails_is_replaced_by_the_one_before_to_the_last_property_and_tag(world):
    project = "undo-version"
    log, net = f"log-{project}", f"net-{project}"
    first: Templates = {
        "logs": ([], [{**workspace(log), "tags": {"version": "1", "only": "before"}}]),
        "net": (["logs"], [network(net, "front", tags={"version": "1"})]),
        "rest": (["net"], [workspace(f"{log}-removed"), workspace(f"{log}-rest")]),
    }
    changed = {**workspace(log), "tags": {"version": "2"}, "properties": {"retentionInDays": 90}}
    second: Templates = {
        "logs": ([], [changed, workspace(f"{log}-added")]),
        "net": (["logs"], [network(net, "front", "back", tags={"version": "2"}), workspace(f"{log}-beside")]),
        "new": (["net"], [subnet(net, "late", 7)]),
        "rest": (["new"], [workspace(f"{log}-rest"), broken(project)]),
    }
    assert world.deploy(project, first)["status"] == "completed"
    before = world.snapshot(project)

    state = world.deploy(project, second, 2)

    assert state["status"] == "rolledBack", told(state)
    assert differences(before, world.snapshot(project)) == []
    assert [item["name"] for item in state["rollback"]["templates"]] == ["logs", "net", "rest"]
    assert all(item["status"] == "succeeded" for item in state["rollback"]["templates"])
    assert state["rollback"]["previousDeploymentId"] == f"{project}-1"
    assert state["warnings"] == []


def test_what_somebody_had_changed_by_hand_is_as_the_previous_version_has_it_which_is_told(world):
    project = "undo-drift"
    log = {**workspace(f"log-{project}"), "tags": {"version": "1"}}
    world.deploy(project, {"a": ([], [log])})
    world.put({**log, "tags": {"version": "1", "by": "hand"}}, project)

    state = world.deploy(project, {"a": ([], [{**log, "tags": {"version": "2"}}, broken(project)])}, 2)

    assert state["status"] == "rolledBack", told(state)
    assert [warning["code"] for warning in state["warnings"]] == ["NotAsBefore"]
    assert "not quite what 1 resource had been" in state["message"]
    log_id = f"{group_id(project)}/providers/{log['type']}/{log['name']}".lower()
    assert log_id in state["warnings"][0]["message"].lower()
    assert world.snapshot(project)[log_id]["tags"] == {"version": "1"}


def test_templates_that_were_not_started_are_left_alone(world):
    project = "undo-untouched"
    first: Templates = {"a": ([], [workspace(f"log-{project}-a")]), "b": (["a"], [workspace(f"log-{project}-b")])}
    second: Templates = {"a": ([], [broken(project)]), "b": first["b"]}
    assert world.deploy(project, first)["status"] == "completed"
    before = world.snapshot(project)

    state = world.deploy(project, second, 2)

    assert state["status"] == "rolledBack", told(state)
    assert [item["name"] for item in state["rollback"]["templates"]] == ["a"]
    assert differences(before, world.snapshot(project)) == []


def test_what_a_write_took_from_a_template_that_was_not_started_is_put_back_too(world):
    project = "undo-robbed"
    net = f"net-{project}"
    first: Templates = {"net": ([], [network(net, "front")]), "late": (["net"], [subnet(net, "late", 7)])}
    second: Templates = {"net": ([], [network(net, "front"), broken(project)]), "late": first["late"]}
    assert world.deploy(project, first)["status"] == "completed"
    before = world.snapshot(project).keys()

    state = world.deploy(project, second, 2)

    assert state["status"] == "rolledBack", told(state)
    assert [item["name"] for item in state["rollback"]["templates"]] == ["net", "late"]
    assert world.snapshot(project).keys() == before


def test_a_completed_deployment_is_rolled_back_by_hand_to_the_one_before(world):
    project = "undo-hand"
    first: Templates = {"a": ([], [{**workspace(f"log-{project}"), "tags": {"version": "1"}}])}
    second: Templates = {
        "a": ([], [{**workspace(f"log-{project}"), "tags": {"version": "2"}}, network(f"net-{project}")])
    }
    world.deploy(project, first)
    before = world.snapshot(project)
    assert world.deploy(project, second, 2)["status"] == "completed"
    assert differences(before, world.snapshot(project))

    state = world.roll_back(f"{project}-2")

    assert state["status"] == "rolledBack", told(state)
    assert differences(before, world.snapshot(project)) == []
