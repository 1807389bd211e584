"""A template that fails is traced back to the file, and the place in it, that somebody wrote."""

from typing import Any

import pytest

from activities.placing import _templates, placed_failure
from activities.starting import start_template
from armature.attempts import Start
from armature.azure.artifacts import ArtifactStorage
from armature.errors import Cause, FailureClass, FailureError, failure, failure_from_causes
from armature.messages import StartInput
from armature.state import TemplateStatus
from tests.activities.test_running_twice import polled_to_the_end, template_state, uploaded
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import zipped

FIRST = Start(name="a", attempt=1)
KEPT_TOO_SHORT = {"retentionInDays": 5}


def linked(path: str) -> dict[str, Any]:
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": "child",
        "properties": {"mode": "Incremental", "templateLink": {"relativePath": path}},
    }


def bundle(project: str, *resources: dict[str, Any]) -> bytes:
    """A template that links to one with these resources."""
    files = {
        "templates/a.json": template([workspace(f"log-{project}"), linked("child.json")]),
        "templates/child.json": template(list(resources)),
    }
    items = [{"name": "a", "path": "templates/a.json"}]
    return zipped({"manifest.json": manifest(project, items), **files})


def cause(project: str, name: str) -> Cause:
    target = f"/subscriptions/x/resourceGroups/rg-{project}/providers/Microsoft.OperationalInsights/workspaces/{name}"
    return Cause(code="InvalidParameter", message="'RetentionInDays' property doesn't match the limits.", target=target)


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    _templates.cache_clear()


def test_a_resource_of_a_linked_template_that_arm_refuses_is_placed_in_that_file(app, prepare):
    wrong = workspace("log-placed-child") | {"properties": KEPT_TOO_SHORT}
    step = prepare(bundle("placed", workspace("log-placed-fine"), wrong))
    uploaded(app, step)

    answer = start_template(app, StartInput(deployment_id=step.deployment_id, start=FIRST))
    if answer.report.status is TemplateStatus.RUNNING:
        polled_to_the_end(app, step)

    shown = template_state(app, step).failure
    assert shown.causes[0].place == "templates/child.json#/resources/1/properties/retentionInDays"
    assert shown.suggestion.endswith("Place: templates/child.json#/resources/1/properties/retentionInDays.")


def test_placing_twice_reads_the_files_once_and_says_the_same(app, prepare, monkeypatch):
    step = prepare(bundle("placed-twice", workspace("log-child-twice")))
    uploaded(app, step)
    plan = app.deployments.plan(step.deployment_id)
    why = failure_from_causes([cause("placed-twice", "log-child-twice")])
    read: list[str] = []
    read_blob = ArtifactStorage.read
    monkeypatch.setattr(ArtifactStorage, "read", lambda *args: (read.append(args[3]), read_blob(*args))[1])

    first = placed_failure(app, plan, plan.template("a"), why)
    second = placed_failure(app, plan, plan.template("a"), first)

    assert first.causes[0].place == "templates/child.json#/resources/0/properties/retentionInDays"
    assert second == first
    assert sorted(read) == ["templates/a.json", "templates/child.json"]


def test_a_failure_is_not_lost_when_the_files_cannot_be_read(app, prepare, monkeypatch):
    step = prepare(bundle("placed-unread", workspace("log-placed-unread")))
    plan = app.deployments.plan(step.deployment_id)
    why = failure_from_causes([cause("placed-unread", "log-placed-unread")])

    def refuse(*_: object) -> bytes:
        raise FailureError(failure(FailureClass.STORAGE_ACCESS, "AuthorizationFailure", "No."))

    monkeypatch.setattr(ArtifactStorage, "read", refuse)

    assert placed_failure(app, plan, plan.template("a"), why) == why


def test_a_failure_whose_files_are_not_there_stays_as_it_is(app, prepare):
    step = prepare(bundle("placed-gone", workspace("log-placed-gone")))
    plan = app.deployments.plan(step.deployment_id)
    why = failure_from_causes([cause("placed-gone", "log-placed-gone")])

    assert placed_failure(app, plan, plan.template("a"), why) == why
