"""A real host may run any activity twice, or let it die half-way: the second run is harmless."""

import time

import pytest

from activities.finish import finish_deployment, record_phase
from activities.looking import poll_templates
from activities.packages import attach_packages
from activities.prepare import prepare_target, read_bundle
from activities.showing import record_decisions
from activities.starting import load_graph, start_template
from activities.upload import record_upload, upload_artifact
from armature.attempts import Decision, Start
from armature.errors import FailureClass, failure
from armature.messages import (
    ArtifactInput,
    DecisionsInput,
    FinishInput,
    Outcome,
    PackagesInput,
    PhaseInput,
    PollInput,
    StartInput,
    UploadCounts,
)
from armature.state import Phase, Status, TemplateStatus
from tests.clouds import LOCATION
from tests.end_to_end.bundles import graph_bundle, manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, zipped
from tests.end_to_end.evidence import arm_writes, blobs_written

FIRST = Start(name="a", attempt=1, number=1)


def uploaded(app, step) -> None:
    for artifact in app.deployments.plan(step.deployment_id).artifacts:
        upload_artifact(app, ArtifactInput(deployment_id=step.deployment_id, index=artifact.index))


def started(app, step, start=FIRST) -> None:
    uploaded(app, step)
    answer = start_template(app, StartInput(deployment_id=step.deployment_id, start=start))
    assert answer.report is not None
    assert answer.report.status is TemplateStatus.RUNNING
    decision = Decision(name=start.name, status=answer.report.status, attempt=start.attempt, number=start.number)
    record_decisions(app, DecisionsInput(deployment_id=step.deployment_id, decisions=(decision,)))


def polled_to_the_end(app, step, start=FIRST):
    poll = PollInput(deployment_id=step.deployment_id, in_flight=(start,))
    deadline = time.monotonic() + 60
    while (report := poll_templates(app, poll).reports[0]).status is TemplateStatus.RUNNING:
        assert time.monotonic() < deadline
    return report


def template_state(app, step, name="a"):
    return next(item for item in app.deployments.state(step.deployment_id).templates if item.name == name)


def puts(stack, name: str) -> int:
    return sum(request["method"] == "PUT" and request.get("name") == name for request in arm_writes(stack.state))


def test_reading_a_bundle_twice_keeps_the_plan_that_was_written_first(app, accept):
    step = accept(graph_bundle("twice-read", {"a": [], "b": ["a"]}))

    first = read_bundle(app, step)
    plan = app.deployments.plan(step.deployment_id)
    second = read_bundle(app, step)

    assert first == second
    assert app.deployments.plan(step.deployment_id) == plan
    assert [item.name for item in app.deployments.state(step.deployment_id).templates] == ["a", "b"]


def test_a_prepared_target_is_left_as_it_is(app, stack, prepare):
    step = prepare(graph_bundle("twice-target", {"a": []}))
    before = len(arm_writes(stack.state))

    assert prepare_target(app, step).is_ready

    assert len(arm_writes(stack.state)) == before


def test_an_artifact_is_written_once(app, stack, prepare):
    package = {"packages": [{"name": "data", "path": "data.zip"}]}
    files = {"a.json": template([workspace("log-twice-upload")]), "data.zip": b"twice-upload" * 1000}
    bundle = zipped({"manifest.json": manifest("twice-upload", [{"name": "a", "path": "a.json"}], **package), **files})
    step = prepare(bundle)

    artifacts = app.deployments.plan(step.deployment_id).artifacts
    work = [ArtifactInput(deployment_id=step.deployment_id, index=artifact.index) for artifact in artifacts]
    first = [upload_artifact(app, item) for item in work]
    second = [upload_artifact(app, item) for item in work]

    assert len(work) == 2
    assert all(answer.bytes_written > 0 and not answer.is_skipped for answer in first)
    assert all(answer.bytes_written == 0 and answer.is_skipped for answer in second)
    assert all(count == 1 for blob, count in blobs_written(stack.state).items() if step.deployment_id in blob)


def test_a_template_is_put_once_for_an_attempt(app, stack, prepare):
    step = prepare(graph_bundle("twice-start", {"a": []}))
    name = app.deployments.plan(step.deployment_id).template("a").deployment_name

    started(app, step)
    started(app, step)
    polled_to_the_end(app, step)
    started(app, step)

    assert puts(stack, name) == 1
    assert template_state(app, step).status is TemplateStatus.SUCCEEDED


def test_a_failed_attempt_is_put_again_for_the_next_attempt_only(app, stack, prepare):
    broken = {**workspace("nowhere/x"), "type": "Microsoft.OperationalInsights/workspaces/savedSearches"}
    files = {"a.json": template([broken])}
    step = prepare(zipped({"manifest.json": manifest("twice-fail", [{"name": "a", "path": "a.json"}]), **files}))
    name = app.deployments.plan(step.deployment_id).template("a").deployment_name

    started(app, step)
    assert polled_to_the_end(app, step).status is TemplateStatus.FAILED
    started(app, step)
    once = puts(stack, name)
    started(app, step, Start(name="a", attempt=2, number=2))

    assert once == 1
    assert puts(stack, name) == 2


def test_polling_what_is_done_again_changes_nothing(app, prepare):
    step = prepare(graph_bundle("twice-poll", {"a": []}))
    started(app, step)
    polled_to_the_end(app, step)
    before, events = template_state(app, step), app.deployments.events(step.deployment_id)

    report = polled_to_the_end(app, step)

    assert report.status is TemplateStatus.SUCCEEDED
    assert template_state(app, step) == before
    assert app.deployments.events(step.deployment_id) == events
    assert before.resources[0].endswith("/workspaces/log-twice-poll-a")
    assert before.portal_link
    assert before.correlation_id


def test_a_phase_that_is_recorded_late_changes_nothing(app, accept):
    step = accept(graph_bundle("twice-phase", {"a": []}))
    phases = [
        PhaseInput(deployment_id=step.deployment_id, sequence=number, status=Status.PENDING, phase=phase, message=phase)
        for number, phase in ((1, Phase.PREPARING), (2, Phase.QUEUED))
    ]
    for phase in (*phases, *phases):
        record_phase(app, phase)

    state = app.deployments.state(step.deployment_id)
    assert state.phase is Phase.QUEUED
    assert len([e for e in app.deployments.events(step.deployment_id) if e.code == "DeploymentPhase"]) == 2


def test_upload_counts_and_decisions_are_shown_once(app, accept):
    step = accept(graph_bundle("twice-shown", {"a": []}))
    read_bundle(app, step)
    counts = UploadCounts(deployment_id=step.deployment_id, total=2, uploaded=1, skipped=0, failed=0, bytes_written=10)
    decision = Decision(name="a", status=TemplateStatus.FAILED, attempt=1)
    made = DecisionsInput(deployment_id=step.deployment_id, decisions=(decision,))

    for _ in range(2):
        record_upload(app, counts)
        record_decisions(app, made)

    codes = [event.code.value for event in app.deployments.events(step.deployment_id)]
    assert codes.count("UploadProgress") == 1
    assert codes.count("TemplateFailed") == 1
    assert template_state(app, step).status is TemplateStatus.FAILED
    assert app.deployments.state(step.deployment_id).artifacts.uploaded == 1


def test_the_end_that_was_recorded_first_stands(app, accept):
    step = accept(graph_bundle("twice-end", {"a": []}))
    why = failure(FailureClass.POLICY, "RequestDisallowedByPolicy", "No.")
    bad = FinishInput(deployment_id=step.deployment_id, sequence=5, outcome=Outcome(message="It failed.", failure=why))

    finish_deployment(app, bad)
    finish_deployment(app, bad)
    finish_deployment(app, bad.model_copy(update={"sequence": 6, "outcome": Outcome(message="It went well.")}))

    state = app.deployments.state(step.deployment_id)
    assert (state.status, state.message) == (Status.FAILED, "It failed.")
    assert state.failures == (why,)


def test_the_graph_is_what_the_plan_says(app, accept):
    step = accept(graph_bundle("twice-graph", {"a": [], "b": ["a"]}))
    read_bundle(app, step)

    graph = load_graph(app, step)

    assert graph == load_graph(app, step)
    assert [(item.name, item.depends_on, item.tier) for item in graph.rollout.templates] == [
        ("a", (), 0),
        ("b", ("a",), 1),
    ]


SITE = {
    "type": "Microsoft.Web/sites",
    "apiVersion": "2023-12-01",
    "name": "func-twice-packages",
    "location": LOCATION,
    "kind": "functionapp",
    "identity": {"type": "SystemAssigned"},
    "properties": {"siteConfig": {"appSettings": [{"name": "KEPT", "value": "as it is"}]}},
}


def assembly(site: dict) -> bytes:
    stack = {
        "name": "Worker",
        "templatePath": "Worker.json",
        "artifacts": {"functionPackages": [{"packagePath": "packages/f.zip", "functionAppName": site["name"]}]},
    }
    files = {"Worker.json": template([site]), "packages/f.zip": zipped({"host.json": {}})}
    return zipped({"manifest.json": {"version": "2.0.0", "stacks": {"Worker": stack}}, **files})


def test_a_package_is_attached_once_and_other_settings_are_kept(app, stack, prepare):
    target = {"target": {"subscription": "00000000-0000-0000-0000-000000000001", "resourceGroup": "rg-twice-packages"}}
    step = prepare(assembly(SITE), **target)
    start = Start(name="Worker", attempt=1, number=1)
    started(app, step, start)
    polled_to_the_end(app, step, start)
    work = PackagesInput(deployment_id=step.deployment_id, template="Worker")

    before = template_state(app, step, "Worker").status
    attach_packages(app, work)
    writes = len(settings_writes(stack))
    attach_packages(app, work)

    site = f"{app.deployments.plan(step.deployment_id).templates[0].scope.resource_id}/providers/Microsoft.Web/sites"
    settings = app.arm("00000000-0000-0000-0000-000000000001").app_settings(f"{site}/{SITE['name']}")
    assert before is TemplateStatus.RUNNING
    assert template_state(app, step, "Worker").status is TemplateStatus.SUCCEEDED
    assert len(settings_writes(stack)) == writes
    assert settings["KEPT"] == "as it is"
    assert "/packages/" in settings["WEBSITE_RUN_FROM_PACKAGE"]
    assert "sig=" not in settings["WEBSITE_RUN_FROM_PACKAGE"]


@pytest.mark.parametrize("status", [Status.ROLLING_BACK, Status.COMPLETED])
def test_a_package_that_comes_late_is_not_put_over_the_one_that_a_rollback_puts_back(app, stack, accept, status):
    step = accept(assembly(SITE), target={"subscription": SUBSCRIPTION, "resourceGroup": "rg-late-packages"})
    read_bundle(app, step)
    app.deployments.update_state(step.deployment_id, lambda found: found.model_copy(update={"status": status}))
    writes = len(settings_writes(stack))

    answer = attach_packages(app, PackagesInput(deployment_id=step.deployment_id, template="Worker"))

    assert answer.failure.code == "RunEnded"
    assert len(settings_writes(stack)) == writes


def settings_writes(stack) -> list[dict]:
    path = f"{SITE['name']}/config/appsettings"
    return [r for r in arm_writes(stack.state) if r["method"] == "PUT" and r["path"].endswith(path)]


def test_an_output_that_is_missing_in_the_end_is_a_failure_that_names_it(app, prepare):
    conditional = {"maybe": {"type": "string", "condition": False, "value": "never"}}
    items = [
        {"name": "a", "path": "a.json"},
        {"name": "b", "path": "b.json", "parameters": {"name": {"output": "a.maybe"}}},
    ]
    files = {
        "a.json": template([workspace("log-twice-output")], conditional),
        "b.json": template([], parameters={"name": {"type": "string"}}),
    }
    step = prepare(zipped({"manifest.json": manifest("twice-output", items), **files}))
    started(app, step)
    polled_to_the_end(app, step)

    answer = start_template(
        app, StartInput(deployment_id=step.deployment_id, start=Start(name="b", attempt=1, number=1))
    )

    assert answer.report.status is TemplateStatus.FAILED
    told = template_state(app, step, "b").failure
    assert told.code == "OutputMissing"
    assert "maybe" in told.message


def test_sites_that_are_handed_a_plain_package_uri_may_read_it(app, stack, prepare):
    site = {**SITE, "name": "func-twice-plain", "properties": {"x": "[parameters('package')]"}}
    bare = {**site, "name": "func-twice-bare", "identity": {"type": "None"}}
    items = [{"name": "a", "path": "a.json", "parameters": {"package": {"package": "api"}}}]
    packages = {"packages": [{"name": "api", "path": "api.zip"}]}
    files = {
        "a.json": template([site, bare], parameters={"package": {"type": "string"}}),
        "api.zip": zipped({"host.json": {}}),
    }
    step = prepare(zipped({"manifest.json": manifest("twice-plain", items, **packages), **files}))
    started(app, step)
    polled_to_the_end(app, step)
    work = PackagesInput(deployment_id=step.deployment_id, template="a")

    for _ in range(2):
        attach_packages(app, work)

    assigned = [r for r in arm_writes(stack.state) if "/containers/packages/providers/" in r["path"]]
    codes = [event.code.value for event in app.deployments.events(step.deployment_id)]
    assert assigned
    assert codes.count("PackageAttached") == 1
    assert codes.count("PackageUnreadable") == 1
    assert template_state(app, step).status is TemplateStatus.SUCCEEDED


def test_portal_links_open_in_the_tenant_that_was_asked_for(app, accept):
    tenant = "00000000-0000-0000-0000-00000000000a"
    target = {"target": {"subscription": "00000000-0000-0000-0000-000000000001", "tenant": tenant}}
    step = accept(graph_bundle("twice-tenant", {"a": []}), **target)
    read_bundle(app, step)
    made = DecisionsInput(
        deployment_id=step.deployment_id,
        decisions=(Decision(name="a", status=TemplateStatus.RUNNING, attempt=1),),
    )

    record_decisions(app, made)

    assert f"#@{tenant}/" in template_state(app, step).portal_link
