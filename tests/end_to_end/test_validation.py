"""What was deployed is checked: it warms up, passes, warns, or fails and is rolled back; nothing private is called."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.stack import Stack, StackOptions
from tests.clouds import CLOUD, LOCATION
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import Caller, zipped
from tests.end_to_end.https_server import Page, served
from tests.running import ROOT
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def open_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose app may call endpoints on this machine."""
    settings = {"ARMATURE_POLL_INTERVAL_SECONDS": "0.2", "ARMATURE_ENDPOINT_ALLOWED_NETWORKS": "127.0.0.0/8"}
    state = tmp_path_factory.mktemp("stack")
    options = StackOptions(state=state, app_root=ROOT, scale=0.01, extra_settings=settings, cloud=CLOUD.name)
    with Stack(options) as running:
        yield running


def bundle(project: str, url: str = "", **validation: Any) -> bytes:
    """A workspace, and these checks."""
    log = f"log-{project}"
    outputs = {
        "url": {"type": "string", "value": url or "none"},
        "id": {"type": "string", "value": f"[resourceId('Microsoft.OperationalInsights/workspaces', '{log}')]"},
    }
    items = [{"name": "web", "path": "web.json"}]
    files = {"web.json": template([workspace(log)], outputs)}
    return zipped({"manifest.json": manifest(project, items, validation=validation), **files})


def checks_of(state: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {check["subject"]: (check["result"], check["message"]) for check in state["validation"]["checks"]}


def test_what_is_deployed_is_checked_until_it_is_warm(open_stack: Stack) -> None:
    caller = Caller(open_stack)
    pages = {
        "/healthz": Page([503, 503, 200], body='{"status": "up", "secret": "hidden-body"}'),
        "/moved": Page([302], location="/landed"),
        "/landed": Page([200]),
    }
    with served(open_stack, pages) as site:
        endpoints = [
            {
                "output": "web.url",
                "path": "/healthz",
                "expect": 200,
                "contains": '"up"',
                "matches": '"status":\\s*"up"',
            },
            {"uri": site.url("/moved"), "tlsDaysLeft": 365, "warmUpSeconds": 5},
        ]
        resources = [
            {"output": "web.id", "property": "properties.retentionInDays", "equals": 30},
            {
                "template": "web",
                "type": "Microsoft.OperationalInsights/workspaces",
                "name": "log-checked",
                "property": "/location",
                "equals": LOCATION,
            },
        ]
        deployment = caller.start(
            bundle("checked", site.url(), endpoints=endpoints, resources=resources), options={"force": True}
        )
        state = caller.ended(deployment)

    assert state["status"] == "completed", json.dumps(state["failures"])
    found = state["validation"]
    assert (found["total"], found["passed"], found["warned"], found["failed"]) == (6, 5, 1, 0)
    assert site.asked.count("/healthz") == 3
    by_subject = {check["subject"]: check for check in found["checks"]}
    assert by_subject["web.url/healthz"]["attempts"] == 3
    assert by_subject["web.url/healthz"]["latencyMilliseconds"] >= 0
    [warning] = [warning for warning in state["warnings"] if warning["code"] == "CheckWarned"]
    assert "certificate is valid until" in warning["message"]
    assert "validating" in state["phases"]
    everything = caller.get(f"deployments/{deployment}/checks").json()
    assert len(everything["value"]) == 6
    assert "hidden-body" not in json.dumps([state, everything, caller.events(deployment)])


def test_what_fails_a_check_is_rolled_back(open_stack: Stack) -> None:
    caller = Caller(open_stack)
    pages = {
        "/gone": Page([404]),
        "/metadata": Page([302], location="https://169.254.169.254/metadata/identity/oauth2/token"),
        "/plain": Page([301], location="http://127.0.0.1/"),
    }
    with served(open_stack, pages) as site:
        endpoints = [{"uri": site.url(path), "warmUpSeconds": 0} for path in pages]
        resources = [{"output": "web.id", "property": "properties.retentionInDays", "equals": 90}]
        request = bundle("unchecked", endpoints=endpoints, resources=resources, warmUpSeconds=0)
        deployment = caller.start(request, options={"force": True})
        state = caller.ended(deployment)

    assert state["status"] == "rolledBack", state["message"]
    [why] = state["failures"]
    assert why["code"] == "ValidationFailed"
    assert {cause["code"] for cause in why["causes"]} == {"endpoint", "property"}
    found = checks_of(state)
    assert found[site.url("/gone")] == ("fail", "It answers 404, not 2xx.")
    assert found[site.url("/metadata")][0] == "fail"
    assert "refused: kept by the platform" in found[site.url("/metadata")][1]
    assert "only https://" in found[site.url("/plain")][1]
    assert found["web.id: properties.retentionInDays"] == ("fail", "It is 30, not 90.")
    assert [item for item in state["rollback"]["deleted"] if "log-unchecked" in item]
    assert [event for event in caller.events(deployment) if event["code"] == "CheckFailed"]


def test_what_lies_on_private_addresses_is_not_called(stack: Stack) -> None:
    caller = Caller(stack)
    with served(stack, {"/": Page([200])}) as site:
        endpoints = [
            {"uri": site.url("/")},
            {"uri": site.url("/", host="localhost")},
            {"uri": site.url("/", host="[::ffff:127.0.0.1]")},
            {"uri": "https://169.254.169.254/metadata/instance?api-version=2021-02-01"},
        ]
        options = {"force": True, "rollbackOnFailure": False}
        state = caller.ended(caller.start(bundle("private", endpoints=endpoints), options=options))

    assert state["status"] == "failed"
    assert site.asked == []
    refused = [check for check in state["validation"]["checks"] if check["result"] == "fail"]
    assert len(refused) == 4
    assert all("leads to an address that is refused" in check["message"] for check in refused)


def test_what_warms_up_can_be_cancelled_and_resumed(open_stack: Stack) -> None:
    caller = Caller(open_stack)
    page = Page([503])
    with served(open_stack, {"/": page}) as site:
        endpoints = [{"uri": site.url("/"), "warmUpSeconds": 600}]
        deployment = caller.start(bundle("cold", endpoints=endpoints), options={"force": True})
        wait_until(lambda: site.asked.count("/") >= 2)
        waiting = caller.state(deployment)
        asked = caller.session.post(
            f"{caller.api}/deployments/{deployment}/cancel", json={"rollback": False}, timeout=30
        )
        cancelled = caller.ended(deployment)
        page.statuses = [200]
        resumed = caller.session.post(f"{caller.api}/deployments/{deployment}/resume", json={}, timeout=30)
        wait_until(lambda: caller.state(deployment)["status"] not in ("cancelled",))
        state = caller.ended(deployment)

    assert (waiting["status"], waiting["phase"]) == ("validating", "validating")
    assert (asked.status_code, cancelled["status"]) == (202, "cancelled")
    result, message = checks_of(cancelled)[site.url("/")]
    assert (result, message) == ("skipped", "Not made again: the deployment was cancelled. It answers 503, not 2xx.")
    assert resumed.status_code == 202
    assert (state["status"], state["validation"]["run"], state["validation"]["failed"]) == ("completed", 2, 0)
