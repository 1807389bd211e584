"""The bundle that was checked is the one that is deployed, and its names lead nowhere else."""

import pytest
import requests

from activities.prepare import read_bundle
from activities.upload import upload_artifact
from armature.errors import FailureError
from armature.messages import ArtifactInput
from tests.end_to_end.bundles import graph_bundle, manifest, template, workspace
from tests.end_to_end.client import zipped


def overwritten(app, step, bundle: bytes) -> None:
    """Another bundle at the same place, as whoever holds an upload address can put there for an hour."""
    url, _ = app.bundles.upload_url(app.deployments.state(step.deployment_id).bundle.id)
    assert requests.put(url, data=bundle, headers={"x-ms-blob-type": "BlockBlob"}, timeout=10).status_code == 201


def bundle(name: str) -> bytes:
    files = {"a.json": template([workspace(f"log-bundles-{name}")])}
    return zipped({"manifest.json": manifest("bundles", [{"name": "a", "path": "a.json"}]), **files})


def test_a_bundle_that_changed_after_it_was_checked_is_not_uploaded_from(app, prepare):
    step = prepare(bundle("checked"))
    overwritten(app, step, bundle("another"))

    with pytest.raises(FailureError) as refused:
        upload_artifact(app, ArtifactInput(deployment_id=step.deployment_id, index=0))

    assert refused.value.failure.code == "BundleChanged"
    assert not refused.value.failure.is_retried


def test_a_bundle_that_changed_between_two_runs_of_reading_it_keeps_the_first_plan(app, accept):
    step = accept(graph_bundle("bundles-plan", {"a": []}))
    read_bundle(app, step)
    overwritten(app, step, graph_bundle("bundles-plan", {"a": [], "b": []}))

    answer = read_bundle(app, step)

    assert answer.artifacts == 1
    assert [item.name for item in app.deployments.state(step.deployment_id).templates] == ["a"]


@pytest.mark.parametrize("name", ["../../state/victim", "a/b c.d", "ünïcode 字", "x" * 900, "..", "."])
def test_a_stack_of_any_name_keeps_its_outputs_to_itself(app, accept, name):
    step = accept(bundle("victim"))
    before = app.deployments.state(step.deployment_id)

    app.deployments.save_outputs(step.deployment_id, name.replace("victim", step.deployment_id), {"x": 1})
    app.deployments.save_outputs(step.deployment_id, "other", {"x": 2})

    assert app.deployments.state(step.deployment_id) == before
    assert app.deployments.outputs(step.deployment_id, name.replace("victim", step.deployment_id)) == {"x": 1}
