"""Deployments of others in the target: told before anything is touched, and no more than that."""

from activities.foreign import foreign
from activities.prepare import prepare_target, read_bundle, take_turn
from activities.standing import DEPLOYMENT_TAG
from armature.azure.models import ArmDeployment
from armature.control import CancelRequest
from emulator.faults.model import FaultFile, read_rule
from tests.clouds import LOCATION
from tests.end_to_end.bundles import graph_bundle, template, workspace
from tests.end_to_end.client import SUBSCRIPTION
from tests.end_to_end.evidence import arm_writes
from tests.end_to_end.snapshots import arm_call


def running(name: str, correlation_id: str, **tags: str) -> ArmDeployment:
    return ArmDeployment(
        id=f"/x/{name}", name=name, provisioning_state="Running", correlation_id=correlation_id, tags=tags
    )


def test_what_bears_no_tag_and_is_no_link_of_what_does_is_foreign():
    ours, linked = running("ours", "c-1", **{DEPLOYMENT_TAG: "d-1"}), running("linked", "c-1")
    linked_elsewhere, somebody = running("linked-elsewhere", "c-2"), running("somebody", "c-3")

    found = foreign([ours, linked, linked_elsewhere, somebody], ours={"c-2"})

    assert found == [somebody]


def test_a_deployment_of_somebody_else_is_told_before_anything_is_touched(app, stack, accept):
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-prepare-foreign"
    path = f"{group}/providers/Microsoft.Resources/deployments/by-hand"
    held = {"operation": "CreateResource", "name": "foreign-held"}
    rule = {"id": "foreign", "service": "arm", "fault": "stuck", "match": held}
    stack.faults.load(FaultFile(seed=1, rules=(read_rule(rule),)))
    arm_call(stack, "PUT", group, body={"location": LOCATION})
    properties = {"mode": "Incremental", "template": template([workspace("foreign-held")])}
    arm_call(stack, "PUT", path, body={"properties": properties})
    step = accept(graph_bundle("prepare-foreign", {"a": []}))
    read_bundle(app, step)
    take_turn(app, step)

    for _ in range(2):
        prepare_target(app, step)

    (warning,) = app.deployments.state(step.deployment_id).warnings
    codes = [event.code.value for event in app.deployments.events(step.deployment_id)]
    assert (warning.code, "by-hand" in warning.message) == ("ForeignDeployment", True)
    assert codes.count("ForeignDeployment") == 1
    arm_call(stack, "POST", f"{path}/cancel")
    stack.faults.clear()


def test_a_target_is_not_prepared_for_a_deployment_that_was_cancelled(app, stack, accept):
    step = accept(graph_bundle("prepare-cancelled", {"a": []}))
    read_bundle(app, step)
    take_turn(app, step)
    request = CancelRequest(run=1, at=app.deployments.state(step.deployment_id).created_at)
    app.deployments.ask(step.deployment_id, lambda control: control.model_copy(update={"cancel": request}))
    before = len(arm_writes(stack.state))

    answers = [prepare_target(app, step) for _ in range(2)]

    assert [answer.is_cancelled for answer in answers] == [True, True]
    assert len(arm_writes(stack.state)) == before
