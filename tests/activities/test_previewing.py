"""Previews as activities: asked twice, or ended half-way, they tell the same, and change nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.prepare import read_bundle
from activities.preview_looks import WHAT_IF_WITHIN
from activities.previewing import merge_previews, preview_template, read_preview_graph
from armature.azure.models import WhatIfAnswer
from armature.azure.previews import Asked
from armature.control import CancelRequest
from armature.errors import FailureClass, failure
from armature.messages import DeploymentStep, PreviewAnswer, PreviewedTemplate
from armature.preview import ChangeKind, Preview, TemplateVerdict
from armature.state import TemplateStatus
from tests.activities.fake_arm import FakeArm, with_arm
from tests.clouds import LOCATION
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import zipped
from tests.end_to_end.snapshots import arm_snapshot

Prepared = Callable[..., DeploymentStep]
LATER = "https://management.example/operationresults/1"
TOLD = {"changes": [{"resourceId": "/subscriptions/s/resourceGroups/g/providers/a.b/c/d", "changeType": "NoChange"}]}
WEB = {
    "type": "Microsoft.OperationalInsights/workspaces",
    "apiVersion": "2023-09-01",
    "name": "[concat('log-', last(split(parameters('source'), '/')))]",
    "location": LOCATION,
    "properties": {"retentionInDays": 30},
}


def bundle(project: str, output: Any, *, outputs_type: str = "string") -> bytes:
    """Two templates, of which the second is named by an output of the first."""
    outputs = {"id": {"type": outputs_type, "value": output}}
    items = [
        {"name": "a", "path": "a.json"},
        {"name": "b", "path": "b.json", "parameters": {"source": {"output": "a.id"}}},
    ]
    files = {
        "a.json": template([workspace(f"log-{project}")], outputs),
        "b.json": template([WEB], parameters={"source": {"type": "string"}}),
    }
    return zipped({"manifest.json": manifest(project, items), **files})


@pytest.fixture
def read(app: Any, accept: Any) -> Prepared:
    """Accepts a bundle and has it read, as a deployment that previews does."""

    def done(content: bytes, mode: str = "WhatIf", **parts: Any) -> DeploymentStep:
        step: DeploymentStep = accept(content, options={"mode": mode}, **parts)
        answer = read_bundle(app, step)
        assert answer.failure is None, answer
        return step

    return done


def looked(app: Any, step: DeploymentStep, *indexes: int) -> list[Any]:
    return [preview_template(app, PreviewedTemplate(deployment_id=step.deployment_id, index=i)) for i in indexes]


def previewed(app: Any, step: DeploymentStep) -> tuple[PreviewAnswer, Preview]:
    """Preview all templates and merge them."""
    graph = read_preview_graph(app, step)
    for index in range(graph.templates):
        while not looked(app, step, index)[0].is_done:
            pass
    answer = merge_previews(app, step)
    found = app.previews.preview(step.deployment_id)
    assert found is not None
    return answer, found[0]


def test_a_fresh_target_is_told_with_its_group_and_what_is_foreseen_and_nothing_is_changed(app, stack, read):
    step = read(bundle("prev-fresh", "[resourceId('Microsoft.OperationalInsights/workspaces', 'made')]"))
    before = arm_snapshot(stack, "prev-fresh")

    first, preview = previewed(app, step)
    second, again = previewed(app, step)

    assert (first.creates, first.modifies, first.unknown, first.refused) == (3, 0, 0, 0)
    assert {each.name: each.kind for each in preview.resources} == {
        "rg-prev-fresh": ChangeKind.CREATE,
        "log-prev-fresh": ChangeKind.CREATE,
        "log-made": ChangeKind.CREATE,
    }
    assert [part.foreseen for part in preview.templates] == [(), ("source = a.id",)]
    assert (second, again.resources, again.digest) == (first, preview.resources, preview.digest)
    assert arm_snapshot(stack, "prev-fresh") == before == {}


def test_an_output_that_nobody_knows_leaves_its_parameter_open(app, read):
    step = read(bundle("prev-open", "[reference('log-prev-open').customerId]"))

    answer, preview = previewed(app, step)

    part = preview.templates[1]
    assert (part.verdict, part.needs) == (TemplateVerdict.ACCEPTED, ("source = a.id",))
    assert (answer.creates, answer.unsupported) == (2, 1)
    assert "1 template needs an output that does not exist yet." in answer.message


def test_the_predecessors_output_is_taken_and_marked(app, read):
    content = bundle("prev-before", "[reference('log-prev-before').customerId]")
    step, earlier = read(content), f"{read(content).deployment_id}-x"
    key = app.deployments.plan(step.deployment_id).lineage.key
    app.deployments.save_outputs(earlier, "a", {"ID": "x/then"})
    app.deployments.update_lineage(key, lambda record: record.completed_by(earlier))

    answer, preview = previewed(app, step)

    assert preview.templates[1].from_predecessor == ("source = a.id",)
    assert "log-then" in {each.name for each in preview.resources}
    assert "1 template previewed with its predecessor's output." in answer.message


def test_a_validation_names_every_refused_template_with_its_place(app, read):
    bad = workspace("log-prev-refused") | {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-05-01"}
    bad |= {"name": "Not-Allowed", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}
    items = [{"name": "good", "path": "good.json"}, {"name": "bad", "path": "bad.json"}]
    files = {"good.json": template([workspace("log-prev-good")]), "bad.json": template([bad])}
    step = read(zipped({"manifest.json": manifest("prev-refused", items), **files}), "Validate")

    answer, preview = previewed(app, step)

    assert (answer.refused, answer.refusal_message, answer.failure) == (1, "Azure refuses bad.", None)
    refused = preview.templates[1]
    assert refused.failure is not None
    assert refused.failure.code == "AccountNameInvalid"
    assert refused.failure.causes[0].place == "bad.json#/resources/0/name"
    states = app.deployments.state(step.deployment_id).templates
    assert {each.name: each.status for each in states} == {
        "good": TemplateStatus.SUCCEEDED,
        "bad": TemplateStatus.FAILED,
    }


class HangingArm(FakeArm):
    """Works on every what-if until `answers` say otherwise."""

    def __init__(self, *answers: WhatIfAnswer, **refusals: Any) -> None:
        super().__init__(**refusals)
        self.answers = list(answers)

    def begin_what_if(self, scope: Any, name: str, _body: Any) -> WhatIfAnswer:
        self._asked("begin_what_if", name)
        return WhatIfAnswer(location=LATER, retry_after_seconds=0)

    def what_if_at(self, location: str) -> WhatIfAnswer:
        self._asked("what_if_at", location)
        return self.answers.pop(0) if self.answers else WhatIfAnswer(location=location, retry_after_seconds=0)


def test_what_azure_works_on_for_long_is_left_to_the_next_look_which_asks_nothing_anew(app, read):
    step, arm = read(bundle("prev-long", "x/y")), HangingArm()
    world = with_arm(app, arm)

    [first] = looked(world, step, 0)
    arm.answers = [WhatIfAnswer(properties=TOLD)]
    [second] = looked(world, step, 0)

    assert (first.is_done, second.is_done) == (False, True)
    assert len(arm.called("begin_what_if")) == 1
    assert app.previews.part(step.deployment_id, "a").changes[0].kind is ChangeKind.NO_CHANGE
    assert app.previews.asked(step.deployment_id, "a", 1) is None


def test_one_that_died_before_it_noted_what_azure_works_on_is_asked_again(app, read):
    step, arm = read(bundle("prev-died", "x/y")), HangingArm(what_if_at=failure(FailureClass.TRANSIENT, "Cut", "Cut."))
    world = with_arm(app, arm)

    with pytest.raises(Exception, match="Cut"):
        looked(world, step, 0)
    arm.refusals, arm.answers = {}, [WhatIfAnswer(properties=TOLD)]
    [again] = looked(world, step, 0)

    assert again.is_done
    assert len(arm.called("begin_what_if")) == 2
    assert app.previews.part(step.deployment_id, "a").verdict is TemplateVerdict.ACCEPTED


def test_a_what_if_that_never_ends_is_given_up(app, read):
    step, arm = read(bundle("prev-never", "x/y")), HangingArm()
    since = datetime.now(UTC) - WHAT_IF_WITHIN - timedelta(seconds=1)
    app.previews.save_asked(step.deployment_id, "a", Asked(run=1, at=since, location=LATER))

    [answer] = looked(with_arm(app, arm), step, 0)

    assert answer.is_done
    part = app.previews.part(step.deployment_id, "a")
    assert (part.verdict, part.failure.code) == (TemplateVerdict.UNKNOWN, "WhatIfTimedOut")


def test_a_bundle_that_is_gone_is_told_and_leaves_no_preview(app, read):
    step = read(bundle("prev-gone", "x/y"))
    [stored] = [
        each for each in app.bundles.stored() if each.name == app.deployments.state(step.deployment_id).bundle.id
    ]
    app.bundles.delete(stored)

    answer, preview = previewed(app, step)

    assert answer.failure is not None
    assert answer.failure.code == "BundleNotFound"
    assert {part.verdict for part in preview.templates} == {TemplateVerdict.UNKNOWN}


def test_a_template_of_which_nothing_was_written_is_not_told_as_unchanged(app, read):
    step = read(bundle("prev-lost", "x/y"))
    looked(app, step, 0)

    answer = merge_previews(app, step)

    assert (answer.unknown, answer.failure) == (1, None)
    assert "Not told of b." in answer.message


def test_a_cancelled_preview_asks_nothing(app, read):
    step, arm = read(bundle("prev-cancel", "x/y")), FakeArm()
    cancel = CancelRequest(run=1, at=datetime.now(UTC), by="ann")
    app.deployments.ask(step.deployment_id, lambda control: control.with_cancel(cancel))

    [answer] = looked(with_arm(app, arm), step, 0)

    assert (answer.is_cancelled, answer.cancelled_by, arm.calls) == (True, "ann", [])
