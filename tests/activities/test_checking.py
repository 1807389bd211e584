"""The activities of the checks: each made twice, late, and against an ARM that refuses."""

import dataclasses
import sys
from collections.abc import Callable
from typing import Any

import pytest

from activities import sights
from activities.checking import plan_checks, run_checks, tally_checks
from activities.matching import PatternTooSlowError, is_found
from activities.prepare import read_bundle
from armature.azure.provisioning import ArtifactAccount
from armature.azure.services import Services
from armature.checks.facts import HealthFacts, SiteFacts
from armature.errors import FailureClass, FailureError, failure
from armature.messages import BatchInput, ChecksInput, DeploymentStep, TallyInput
from armature.outbound import OutboundAnswer, OutboundError, OutboundFault
from armature.releases import SiteRelease
from armature.state import DeploymentState, Status
from tests.activities.fake_arm import FakeArm, with_arm
from tests.clouds import LOCATION
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, zipped

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-checking"
SITE = f"{GROUP}/providers/Microsoft.Web/sites/func-checking"
LOGS = tuple(f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-{n}" for n in range(4))
OTHER = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-other/providers/Microsoft.Web/sites/secret"


class CheckedArm(FakeArm):
    """ARM as it tells of what was deployed."""

    def __init__(self, **refusals: Any) -> None:
        super().__init__(**refusals)
        self.listed: dict[str, str] = {}
        self.sites: dict[str, SiteFacts] = {}
        self.health: tuple[HealthFacts, ...] = ()
        self.last: str | None = None

    def provisioning_states(self, group: str) -> dict[str, str]:
        self._asked("provisioning_states", group)
        return {id_.lower(): state for id_, state in self.listed.items()}

    def site_facts(self, site_id: str) -> SiteFacts | None:
        self._asked("site_facts", site_id)
        return self.sites.get(site_id.lower())

    def last_release(self, site_id: str) -> str | None:
        self._asked("last_release", site_id)
        return self.last

    def health_of_group(self, group_id: str) -> tuple[HealthFacts, ...]:
        self._asked("health_of_group", group_id)
        return self.health


Deployed = Callable[..., ChecksInput]


@pytest.fixture
def deployed(app: Services, accept: Callable[..., DeploymentStep]) -> Deployed:
    """A deployment whose template has reported these resources, with these declared checks."""

    def made(*resources: str, **validation: Any) -> ChecksInput:
        outputs = {"url": {"type": "string", "value": "x"}}
        files = {"web.json": template([workspace("log-0")], outputs)}
        items = [{"name": "web", "path": "web.json"}]
        step = accept(zipped({"manifest.json": manifest("checking", items, validation=validation), **files}))
        assert read_bundle(app, step).failure is None
        app.deployments.save_outputs(step.plan_id, "web", {"url": "https://shop.example"})

        def with_resources(state: DeploymentState) -> DeploymentState:
            [web] = state.templates
            return state.model_copy(update={"templates": (web.model_copy(update={"resources": resources}),)})

        app.deployments.update_state(step.deployment_id, with_resources)
        return ChecksInput(deployment_id=step.deployment_id)

    return made


def batch(step: ChecksInput, number: int, seconds: float = 0, *, is_last: bool = False) -> BatchInput:
    return BatchInput(**step.model_dump(), batch=number, seconds=seconds, is_last=is_last)


def tally(step: ChecksInput, why_over: str = "") -> TallyInput:
    return TallyInput(**step.model_dump(), why_over=why_over)


def results(app: Services, step: ChecksInput) -> dict[str, tuple[str, str]]:
    state = app.deployments.state(step.deployment_id)
    assert state is not None
    assert state.validation is not None
    return {check.subject: (check.result.value, check.message) for check in state.validation.checks}


def codes(app: Services, step: ChecksInput) -> list[str]:
    return [event.code for event in app.deployments.events(step.deployment_id) if event.code.startswith("Check")]


def made(app: Services, step: ChecksInput, *, is_last: bool = True) -> dict[str, tuple[str, str]]:
    """All of it, once."""
    plan = plan_checks(app, step)
    for number in range(plan.batches):
        run_checks(app, batch(step, number, is_last=is_last))
    tally_checks(app, tally(step))
    return results(app, step)


def test_planned_twice_the_first_plan_stands(app: Services, deployed: Deployed) -> None:
    step = deployed(*LOGS)

    first = plan_checks(app, step)
    app.deployments.update_state(step.deployment_id, lambda state: state.model_copy(update={"templates": ()}))
    second = plan_checks(app, step)

    assert first == second
    assert (first.checks, first.batches, first.longest_warm_up) == (5, 2, 300)
    assert codes(app, step) == ["ChecksPlanned"]


def test_many_resources_of_a_group_are_listed_and_only_doubts_are_read(app: Services, deployed: Deployed) -> None:
    arm = CheckedArm()
    arm.listed = dict.fromkeys(LOGS[:2], "Succeeded") | {LOGS[2]: "Updating"}
    arm.resources = {LOGS[2].lower(): {"properties": {"provisioningState": "Succeeded"}}}
    step = deployed(*LOGS)

    found = made(with_arm(app, arm), step)

    assert arm.called("provisioning_states") == ["rg-checking"]
    assert arm.called("read_resource") == [LOGS[2], LOGS[3]]
    assert [found[f"Microsoft.OperationalInsights/workspaces log-{n}"][0] for n in range(4)] == [*["pass"] * 3, "fail"]


def test_a_check_is_made_again_until_it_has_a_result_which_then_stays(app: Services, deployed: Deployed) -> None:
    arm = CheckedArm()
    services = with_arm(app, arm)
    step = deployed(LOGS[0], resourceHealth="off")
    plan_checks(services, step)

    first = run_checks(services, batch(step, 0))
    for _ in range(2):
        tally_checks(services, tally(step))
    arm.resources = {LOGS[0].lower(): {"properties": {"provisioningState": "Succeeded"}}}
    second = run_checks(services, batch(step, 0, 5))
    arm.resources = {}
    late = run_checks(services, batch(step, 0, 400, is_last=True))
    tally_checks(services, tally(step))
    twice = tally_checks(services, tally(step))

    assert (first.waiting, second.waiting, late.failed) == (1, 0, 0)
    assert len(arm.called("read_resource")) == 2
    assert (twice.total, twice.done, twice.verdict) == (1, 1, None)
    state = app.deployments.state(step.deployment_id)
    assert state is not None
    assert state.validation is not None
    assert state.validation.checks[0].attempts == 2
    assert codes(app, step) == ["ChecksPlanned", "CheckWaits", "ChecksEnded"]


def test_what_waits_when_its_warm_up_is_over_has_failed(app: Services, deployed: Deployed) -> None:
    services = with_arm(app, CheckedArm())
    step = deployed(LOGS[0], resourceHealth="off", warmUpSeconds=10)
    plan_checks(services, step)

    early = run_checks(services, batch(step, 0, 9.9))
    over = run_checks(services, batch(step, 0, 10))
    verdict = tally_checks(services, tally(step)).verdict

    assert (early.waiting, over.failed) == (1, 1)
    assert verdict is not None
    assert verdict.code == "ValidationFailed"
    assert [cause.code for cause in verdict.causes] == ["resource"]
    assert codes(app, step) == ["ChecksPlanned", "CheckFailed", "ChecksEnded"]


def test_what_is_not_waited_for_is_skipped_with_the_reason(app: Services, deployed: Deployed) -> None:
    services = with_arm(app, CheckedArm())
    step = deployed(LOGS[0], resourceHealth="off")
    plan_checks(services, step)
    run_checks(services, batch(step, 0))

    over = tally_checks(services, tally(step, "another check has failed"))

    assert (over.done, over.total, over.verdict) == (1, 1, None)
    [(result, message)] = results(app, step).values()
    assert result == "skipped"
    assert message.startswith("Not made again: another check has failed.")


@pytest.mark.parametrize("act", [plan_checks, run_checks, tally_checks])
def test_once_the_run_has_ended_nothing_is_done(app: Services, deployed: Deployed, act: Any) -> None:
    step = deployed(LOGS[0])
    plan_checks(app, step)
    arm = CheckedArm()
    app.deployments.update_state(
        step.deployment_id, lambda state: state.model_copy(update={"status": Status.ROLLED_BACK})
    )
    work = {plan_checks: step, run_checks: batch(step, 0), tally_checks: tally(step)}[act]

    with pytest.raises(FailureError) as late:
        act(with_arm(app, arm), work)

    assert late.value.failure.code == "RunEnded"
    assert arm.calls == []


def test_what_may_not_be_read_is_a_warning_told_once(app: Services, deployed: Deployed) -> None:
    refused = failure(FailureClass.AUTHORIZATION, "AuthorizationFailed", "The client may not read.")
    services = with_arm(app, CheckedArm(read_resource=refused))
    step = deployed(LOGS[0], resourceHealth="off")

    made(services, step)
    tally_checks(services, tally(step))

    state = app.deployments.state(step.deployment_id)
    assert state is not None
    assert [warning.code for warning in state.warnings] == ["CheckWarned"]


def test_an_app_and_the_health_of_its_group_are_judged(app: Services, deployed: Deployed) -> None:
    arm = CheckedArm()
    arm.sites = {SITE.lower(): SiteFacts(kind="functionapp", state="Running", host_state="Running", functions=("a",))}
    arm.resources = {SITE.lower(): {"properties": {}}}
    arm.health = (
        HealthFacts(resource_id=SITE, state="Unavailable", reason="Unplanned", summary="It is down."),
        HealthFacts(resource_id=OTHER, state="Unavailable", reason="Unplanned", summary="not ours"),
    )
    step = deployed(SITE, functionApps=[{"name": "func-checking", "functions": ["a", "b"]}])

    found = made(with_arm(app, arm), step)

    assert found["Microsoft.Web/sites func-checking"] == ("pass", "It is there.")
    assert found["func-checking"] == ("fail", "It does not list b; it lists a.")
    assert found["resource group rg-checking"] == ("fail", "Unavailable: func-checking (It is down.).")


def test_nothing_but_what_the_deployment_deploys_is_told_of(app: Services, deployed: Deployed) -> None:
    arm = CheckedArm()
    arm.resources = {
        OTHER.lower(): {"properties": {"key": "value"}},
        f"{GROUP}/providers/a.b/c/d".lower(): {"properties": {"key": "value"}},
    }
    wanted = {"property": "properties.key", "equals": "value"}
    resources = [{"id": OTHER, **wanted}, {"id": f"{GROUP}/providers/A.B/c/d", **wanted}]
    step = deployed(resources=resources)

    found = made(with_arm(app, arm), step)

    assert found["Microsoft.Web/sites secret: properties.key"][0] == "fail"
    assert found["A.B/c d: properties.key"] == ("pass", "It is 'value'.")
    assert arm.called("read_resource") == [f"{GROUP}/providers/A.B/c/d"]


def test_what_can_not_be_asked_about_costs_no_other_check_its_result(app: Services, deployed: Deployed) -> None:
    class Strict(CheckedArm):
        def read_resource(self, resource_id: str) -> dict[str, Any] | None:
            if "/odd" in resource_id:
                raise ValueError(resource_id)
            return {"properties": {}}

    step = deployed(f"{GROUP}/odd", LOGS[0], resourceHealth="off")

    found = made(with_arm(app, Strict()), step)

    assert found["odd"][0] == "warn"
    assert found["Microsoft.OperationalInsights/workspaces log-0"] == ("pass", "It is there.")


def test_an_endpoint_is_called_at_its_outputs_address_within_the_operators_limits(
    app: Services, deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def send(request: Any, policy: Any) -> OutboundAnswer:
        asked.append((request, policy))
        if request.uri.endswith("/refused"):
            raise OutboundError(
                OutboundFault.ADDRESS_REFUSED, "shop.example leads to an address that is refused: private."
            )
        return OutboundAnswer(200, b"s3cret up", False, 0.1, sights.datetime.max.replace(tzinfo=sights.UTC), 0)

    monkeypatch.setattr(sights, "send", send)
    endpoints = [
        {"output": "web.url", "path": "/healthz", "headers": {"Accept": "text/plain"}, "matches": r"\bup$"},
        {"output": "web.url", "path": "/refused"},
    ]
    step = deployed(endpoints=endpoints)

    found = made(with_arm(app, CheckedArm()), step, is_last=False)

    assert found["web.url/healthz"] == ("pass", "It answers 200 after 100 ms.")
    assert found["web.url/refused"][0] == "fail"
    [request] = [request for request, _ in asked if request.uri == "https://shop.example/healthz"]
    assert (request.method, dict(request.headers)) == ("GET", {"Accept": "text/plain"})
    policy = asked[0][1]
    assert (policy.allowed_networks, policy.max_redirects, policy.timeout_seconds) == ((), sights.MAX_REDIRECTS, 20)
    events = app.deployments.events(step.deployment_id)
    assert "s3cret" not in f"{found}{events}"


def test_a_pattern_is_found_or_not_and_one_that_takes_for_ever_is_ended() -> None:
    assert is_found(r"^\{.*\}$", '{"a": 1}')
    assert not is_found("x", "y\udcff")
    with pytest.raises(PatternTooSlowError):
        is_found("(a+)+$", "a" * 64 + "!", seconds=0.5)


def test_a_pattern_is_looked_for_without_the_apps_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def run(command: list[str], **options: Any) -> Any:
        seen.update(options, command=command)
        raise PatternTooSlowError

    monkeypatch.setattr("activities.matching.subprocess.run", run)
    with pytest.raises(PatternTooSlowError):
        is_found("a", "a")

    assert seen["env"] == {}
    assert seen["command"][0] == sys.executable


class Kept:
    """The artifact storage, and what was handed to sites on Flex Consumption."""

    def __init__(self, release: SiteRelease | None) -> None:
        self.release = release

    def find(self, *_: Any) -> ArtifactAccount:
        return ArtifactAccount(name="a", resource_id="/a", blob_endpoint="https://a.example", is_ready=True)

    def blob_uri(self, account: ArtifactAccount, container: str, name: str) -> str:
        return f"{account.blob_endpoint}/{container}/{name}"

    def last(self, _: str) -> SiteRelease | None:
        return self.release


@pytest.mark.parametrize(
    ("change", "last", "result"),
    [
        ({}, "d-1", "pass"),
        ({}, "d-2", "fail"),
        ({"number": None}, None, "pass"),
        ({"package": "other.zip"}, "d-1", "fail"),
        ({"container": "https://st.example/before"}, "d-1", "fail"),
        ({"link": "https://arm.example/operations/1"}, "d-1", "fail"),
        (None, None, "fail"),
    ],
)
def test_an_app_on_flex_consumption_runs_from_what_was_last_handed_to_it(
    app: Services, accept: Callable[..., DeploymentStep], change: dict[str, Any] | None, last: str | None, result: str
) -> None:
    artifacts = {"functionPackages": [{"packagePath": "f.zip", "functionAppName": "func-checking"}]}
    worker = {"name": "Worker", "templatePath": "w.json", "artifacts": artifacts}
    site = {"type": "Microsoft.Web/sites", "apiVersion": "2023-12-01", "name": "func-checking"}
    site |= {"kind": "functionapp,linux", "location": LOCATION, "properties": {"functionAppConfig": {}}}
    files = {"w.json": template([site]), "f.zip": zipped({"host.json": {}})}
    bundle = zipped({"manifest.json": {"version": "2.0.0", "stacks": {"Worker": worker}}, **files})
    step = accept(bundle, target={"subscription": SUBSCRIPTION, "resourceGroup": "rg-checking"})
    assert read_bundle(app, step).failure is None
    plan = app.deployments.plan(step.deployment_id)
    known = SiteRelease(
        site_id=SITE,
        package=plan.package(plan.templates[0].attachments[0].package).blob_name,
        container="https://st.example/app",
        asked_by="d-1:1",
        began_at=sights.datetime.now(sights.UTC),
        number="d-1",
    )
    kept = Kept(None if change is None else known.model_copy(update=change))
    arm = CheckedArm()
    arm.last = last
    facts = {"state": "Running", "host_state": "Running", "functions": ("greet",)}
    arm.sites = {SITE.lower(): SiteFacts(kind="functionapp,linux", deployment_container=known.container, **facts)}
    state = app.deployments.update_state(
        step.deployment_id,
        lambda found: found.model_copy(
            update={"templates": (found.templates[0].model_copy(update={"resources": (SITE,)}),)}
        ),
    )
    assert state is not None

    services = with_arm(dataclasses.replace(app, artifacts=kept, releases=kept), arm)
    found = made(services, ChecksInput(deployment_id=step.deployment_id))["func-checking"]

    assert found[0] == result, found
    assert ("its package mounted" in found[1]) == (result == "pass")
