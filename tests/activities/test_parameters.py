"""What a template is handed to ARM with: files and outputs of its own deployment, or of the one rolled back to."""

from collections.abc import Iterator

import pytest

from activities.finish import finish_deployment
from activities.parameters import deployment_body
from activities.starting import load_graph
from armature.messages import DeploymentStep, FinishInput, Outcome
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import zipped


def bundle() -> bytes:
    parameters = {"name": {"type": "string"}, "package": {"type": "string"}}
    items = [
        {"name": "a", "path": "a.json"},
        {"name": "b", "path": "b.json", "parameters": {"name": {"output": "a.name"}, "package": {"package": "api"}}},
    ]
    files = {
        "a.json": template([workspace("log-predecessor")], {"name": {"type": "string", "value": "x"}}),
        "b.json": template([], parameters=parameters),
        "api.zip": zipped({"host.json": {}}),
    }
    packages = [{"name": "api", "path": "api.zip"}]
    return zipped({"manifest.json": manifest("predecessor", items, packages=packages), **files})


@pytest.fixture
def old(app, prepare) -> Iterator[DeploymentStep]:
    """A deployment whose turn is over, to go back to."""
    step = prepare(bundle())
    yield step
    end = FinishInput(deployment_id=step.deployment_id, run=1, sequence=99, outcome=Outcome(message="Done."))
    finish_deployment(app, end)


def test_a_rollback_deploys_its_predecessors_files_packages_and_outputs(app, old, accept):
    app.deployments.save_outputs(old.deployment_id, "a", {"name": "from-the-predecessor"})
    new = accept(bundle())
    plan = app.deployments.plan(old.deployment_id)
    back = DeploymentStep(deployment_id=new.deployment_id, rollback=1)
    only_b = {"deployment_id": new.deployment_id, "predecessor": old.deployment_id, "artifacts": ()}
    app.deployments.save_plan(plan.model_copy(update={**only_b, "templates": plan.templates[1:]}), back.plan_id)
    saved = app.deployments.plan(back.plan_id)

    graph = load_graph(app, back)
    body = deployment_body(app, saved, back.plan_id, saved.template("b"), {})

    assert [one.name for one in graph.rollout.templates] == ["b"]
    assert f"templates-{old.deployment_id}" in body.template_uri
    assert body.parameters["name"] == {"value": "from-the-predecessor"}
    assert plan.package("api").blob_name in body.parameters["package"]["value"]


def test_outputs_of_what_a_rollback_deploys_again_are_its_own(app, old, accept):
    new = accept(bundle())
    plan = app.deployments.plan(old.deployment_id)
    back = DeploymentStep(deployment_id=new.deployment_id, rollback=1)
    both = {"deployment_id": new.deployment_id, "predecessor": old.deployment_id}
    app.deployments.save_plan(plan.model_copy(update=both), back.plan_id)
    app.deployments.save_outputs(old.deployment_id, "a", {"name": "from-the-predecessor"})
    app.deployments.save_outputs(back.plan_id, "a", {"name": "from-the-rollback"})
    saved = app.deployments.plan(back.plan_id)

    body = deployment_body(app, saved, back.plan_id, saved.template("b"), {})

    assert body.parameters["name"] == {"value": "from-the-rollback"}
