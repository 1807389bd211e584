"""What a template would write is told by Azure before anything is deployed; what can't be told is told as that."""

from typing import Any

import pytest

from activities.cleaning import foresee_writes, list_doomed
from activities.finish import finish_deployment
from activities.prepare import read_bundle
from armature.messages import FinishInput, ForesightInput, ListingInput, Outcome
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, zipped
from tests.end_to_end.rollback_world import nested


@pytest.fixture
def foreseen(app, accept):
    """What is foreseen of the templates of a bundle that is read, and nothing else, by their names."""
    steps = []

    def foresights(deployment_id: str, *templates: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
        files = {f"t{number}.json": content for number, (content, _) in enumerate(templates)}
        items = [
            {"name": f"t{number}", "path": f"t{number}.json", **parts} for number, (_, parts) in enumerate(templates)
        ]
        bundle = zipped({"manifest.json": manifest(deployment_id, items), **files})
        step = accept(bundle, deployment_id=deployment_id, options={"mode": "Complete"})
        steps.append(step)
        assert read_bundle(app, step).failure is None
        for index in range(len(templates)):
            work = ForesightInput(deployment_id=deployment_id, index=index)
            assert foresee_writes(app, work) == foresee_writes(app, work)
        names = [f"t{number}" for number in range(len(templates))]
        return {name: app.clean_ups.foresight(deployment_id, 1, name) for name in names}

    yield foresights
    for step in steps:
        end = FinishInput(deployment_id=step.deployment_id, sequence=99, outcome=Outcome(message="Done."))
        finish_deployment(app, end)


def ids(foresight) -> set[str]:
    return {id_.rpartition("/")[2] for id_ in foresight.ids}


def test_linked_templates_and_groups_that_are_not_there_yet_count_and_deployments_do_not(foreseen):
    content = template([workspace("log-outer"), nested("inner", [workspace("log-inner")])])

    found = foreseen("foresee-linked", (content, {}))["t0"]

    assert ids(found) == {"log-outer", "log-inner"}
    assert all(id_.startswith(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-foresee-linked/") for id_ in found.ids)


def test_what_a_condition_leaves_out_is_not_foreseen(foreseen):
    content = template([workspace("log-in"), {**workspace("log-out"), "condition": "[equals(1, 2)]"}])

    assert ids(foreseen("foresee-condition", (content, {}))["t0"]) == {"log-in"}


def test_what_needs_an_output_that_nobody_knows_is_told_as_unforeseen(app, foreseen):
    outputs = {"key": {"type": "string", "value": "[reference('log-first').customerId]"}}
    first = template([workspace("log-first")], outputs)
    second = template([workspace("log-second")], parameters={"key": {"type": "string"}})

    found = foreseen("foresee-output", (first, {}), (second, {"parameters": {"key": {"output": "t0.key"}}}))
    answer = list_doomed(app, ListingInput(deployment_id="foresee-output"))

    assert ids(found["t0"]) == {"log-first"}
    assert found["t1"].unforeseen == "It needs t0.key, which is not there yet."
    assert (answer.is_made, answer.unforeseen) == (True, 1)


def test_what_azure_refuses_is_told_with_the_reason(foreseen):
    refused = {**workspace("log-refused"), "apiVersion": "1999-01-01"}

    found = foreseen("foresee-refused", (template([refused]), {}))["t0"]

    assert found.ids == ()
    assert "1999-01-01" in found.unforeseen


def test_what_lies_behind_a_deployment_that_azure_can_not_look_into_is_told_as_unforeseen(foreseen):
    first = workspace("log-first")
    hidden = nested("hidden", [workspace("log-hidden")])
    hidden["properties"]["parameters"] = {"key": {"value": "[reference('log-first').customerId]"}}
    hidden["properties"]["expressionEvaluationOptions"] = {"scope": "inner"}
    hidden["properties"]["template"]["parameters"] = {"key": {"type": "string"}}

    found = foreseen("foresee-hidden", (template([first, hidden]), {}))["t0"]

    assert "log-first" in ids(found)
    assert found.unforeseen.endswith("only when it deploys them: hidden.")
