"""What is left of a target whose preparation failed half-way, looked for twice on the emulated ARM; and undone."""

import pytest

from activities.deleting import delete_resources
from activities.prepare import prepare_target, read_bundle, take_turn
from activities.rollback import begin_rollback, plan_rollback
from activities.traces import look_for_traces
from armature.errors import FailureError
from armature.messages import DeletionInput, RollbackInput
from armature.options import Options
from emulator.faults.model import FaultFile, read_rule
from tests.clouds import LOCATION
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, zipped
from tests.end_to_end.snapshots import arm_call
from tests.waiting import wait_until


@pytest.fixture
def refused(app, stack, accept):
    """Prepares a target of two resource groups, of which Azure refuses the second."""

    def prepared(project: str):
        groups = [f"rg-{project}-{number}" for number in (1, 2)]
        templates = [{"name": name, "path": "a.json", "scope": {"resourceGroup": name}} for name in groups]
        files = {"a.json": template([workspace("log-traces")])}
        step = accept(zipped({"manifest.json": manifest(project, templates), **files}))
        read_bundle(app, step)
        assert take_turn(app, step).is_ours
        rule = {"id": project, "service": "arm", "fault": "forbidden"}
        stack.faults.load(
            FaultFile(seed=1, rules=(read_rule({**rule, "match": {"operation": "PutGroup", "name": groups[1]}}),))
        )
        with pytest.raises(FailureError, match="AuthorizationFailed"):
            prepare_target(app, step)
        return step, [f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}" for name in groups]

    yield prepared
    stack.faults.load(FaultFile(seed=1, rules=()))


def test_a_group_that_was_made_before_another_was_refused_is_found_and_undone(app, stack, refused):
    step, (made, _) = refused("traces-made")

    found = [look_for_traces(app, step) for _ in range(2)]
    work = RollbackInput(deployment_id=step.deployment_id, rollback=1, options=Options())
    begin_rollback(app, work)
    plan_rollback(app, work)
    wait_until(lambda: delete_resources(app, DeletionInput(deployment_id=step.deployment_id, rollback=1)).left == 0)

    assert [answer.are_found for answer in found] == [True, True]
    assert [deletion.id for deletion in app.rollbacks.undoing(work).deletions] == [made]
    assert not look_for_traces(app, step).are_found
    assert app.arm(SUBSCRIPTION).get_resource_group("rg-traces-made-1") is None


def test_a_group_that_was_there_before_is_no_trace(app, stack, refused):
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-traces-before-1"
    arm_call(stack, "PUT", group, body={"location": LOCATION})

    step, _ = refused("traces-before")

    assert not look_for_traces(app, step).are_found


def test_where_nothing_was_surveyed_nothing_was_touched(app, accept):
    step = accept(zipped({"manifest.json": manifest("traces-none", [{"name": "a", "path": "a.json"}])}))

    assert not look_for_traces(app, step).are_found
