"""Goal 5: four hardships that look worse than they are; a deployment completes in spite of each."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from bench.faults.goal import Goal, Run, Verdict
from bench.faults.ground import Ground, ground, subscription_path, told
from bench.faults.worlds import calling_world
from tests.end_to_end.bundles import template
from tests.end_to_end.evidence import accepted_attempts, arm_requests

OUTAGE_SECONDS = 60
USUAL = {"pollIntervalSeconds": 5, "retryPolicy": {"firstIntervalSeconds": 5}}
"""The app's defaults: an outage of a minute is a real one."""


def measure(run: Run) -> Verdict:
    """Each hardship meets a deployment of its own; the outage of the identity meets two, at different moments."""
    outage = max(5, round(OUTAGE_SECONDS * min(1.0, run.share * 2)))
    with ground() as field:
        misses = []
        for name, meet in _HARDSHIPS.items():
            misses += [f"{name}: {found}" for found in meet(field)]
        misses += [f"identity: {found}" for found in _identity_down(field, outage)]
    count = len(_HARDSHIPS) + 1
    bad = len({miss.partition(":")[0] for miss in misses})
    return Verdict(
        done="answers lost after ARM did the work; DeploymentActive, said and real; SAS expired, and a download cut, "
        f"in the middle of a linked template; identity down for {outage} s while preparing and while deploying",
        measured=f"{count - bad} of {count} hardships overcome, nothing put twice",
        wanted="completed",
        is_met=not misses,
        misses=tuple(misses),
    )


def _completed(field: Ground, project: str, rules: list[Mapping[str, Any]], seconds: float = 90) -> list[str]:
    """Deploy while these rules are in place; what speaks against its having completed in spite of them."""
    field.load(1, rules)
    field.start(project, calling_world(project))
    state = field.ended([project], seconds)[project]
    field.stack.faults.clear()
    happened = {entry["rule"] for entry in field.stack.faults.happened()}
    found = [] if state.get("status") == "completed" else [f"{project}: {told(state)}"]
    found += [f"{project}: {rule['id']} did not happen" for rule in rules if rule["id"] not in happened]
    held = len(field.arm.inventory(f"rg-{project}").resources)
    return found + ([f"{project}: ARM holds {held} of 3 resources"] if held != 3 else [])


def _answers_lost(field: Ground) -> list[str]:
    rule = {"id": "lost", "service": "arm", "fault": "answerLost", "attempts": [1]}
    match = {"operation": ["PutDeployment", "PutGroup"], "resourceGroup": "rg-hard-lost"}
    found = _completed(field, "hard-lost", [{**rule, "match": match}])
    twice = [key for key, count in accepted_attempts(field.stack.state).items() if count > 1]
    return found + [f"{' attempt '.join(key)} was taken twice" for key in twice]


def _active_by_word(field: Ground) -> list[str]:
    rule = {"id": "active", "service": "arm", "fault": "deploymentActive", "attempts": [1]}
    match = {"operation": "PutDeployment", "resourceGroup": "rg-hard-active"}
    return _completed(field, "hard-active", [{**rule, "match": match}])


def _active_in_truth(field: Ground) -> list[str]:
    """Somebody else's deployment of the same name runs when ours is to start: it is seen before ARM has to refuse."""
    project = "hard-foreign"
    group = subscription_path(f"resourceGroups/rg-{project}")
    field.arm.ask("PUT", group, json={"location": "eastus2"})
    body = {"properties": {"mode": "Incremental", "template": template(_slow_resources(project))}}
    path = f"{group}/providers/Microsoft.Resources/deployments/base.{project}"
    field.arm.ask("PUT", path, version="2022-09-01", json=body)
    field.start(project, calling_world(project))
    state = field.ended([project], 90)[project]
    found = [] if state.get("status") == "completed" else [f"{project}: {told(state)}"]
    if not any("DeploymentActive" in event["message"] for event in field.caller.events(project)):
        found.append(f"{project}: nobody was told whom it waited for")
    asked = [one for one in arm_requests(field.stack.state) if one["method"] == "PUT" and one["path"] == path]
    refused = [one["status"] for one in asked if one["status"] >= 400]
    return found + [f"{project}: ARM had to refuse it ({status})" for status in refused]


def _slow_resources(project: str) -> list[dict[str, Any]]:
    """A SQL server and a database in it: two minutes of Azure's time."""
    server = {
        "type": "Microsoft.Sql/servers",
        "apiVersion": "2021-11-01",
        "name": f"sql-{project}",
        "location": "eastus2",
        "properties": {"administratorLogin": "somebody", "administratorLoginPassword": "A-long-1-Password"},
    }
    database = {
        "type": "Microsoft.Sql/servers/databases",
        "apiVersion": "2021-11-01",
        "name": f"sql-{project}/data",
        "location": "eastus2",
        "dependsOn": [f"[resourceId('Microsoft.Sql/servers', 'sql-{project}')]"],
    }
    return [server, database]


def _sas_expired(field: Ground) -> list[str]:
    rule = {"id": "sas", "service": "storage", "fault": "sasExpired", "attempts": [1]}
    match = {"operation": "GetBlob", "container": "templates-hard-sas", "name": "linked.json", "caller": "arm"}
    return _completed(field, "hard-sas", [{**rule, "match": match}])


def _download_cut(field: Ground) -> list[str]:
    rule = {"id": "cut", "service": "storage", "fault": "cutDownload", "attempts": [1]}
    match = {"operation": "GetBlob", "container": "templates-hard-cut", "name": "linked.json", "caller": "arm"}
    return _completed(field, "hard-cut", [{**rule, "match": match, "parameters": {"afterBytes": 40}}])


def _identity_down(field: Ground, seconds: int) -> list[str]:
    """The host has just started and holds no token when nothing listens any more at the identity endpoint."""
    names = ["hard-id-deploying", "hard-id-preparing"]
    field.load(1, [])
    field.start(names[0], calling_world(names[0]), **USUAL)
    _wait_for(lambda: field.state(names[0]).get("status") == "deploying")
    field.start(names[1], calling_world(names[1]), **USUAL)
    field.stack.kill_host()
    down = {"id": "down", "service": "identity", "fault": "down", "times": 1, "parameters": {"seconds": seconds}}
    field.load(1, [down])
    field.stack.start_host()
    states = field.ended(names, seconds + 150)
    field.stack.faults.clear()
    happened = any(entry["rule"] == "down" for entry in field.stack.faults.happened())
    found = [f"{name}: {told(state)}" for name, state in states.items() if state.get("status") != "completed"]
    return found if happened else [*found, "the identity was not down"]


def _wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited for {seconds:g} seconds")
        time.sleep(0.05)


_HARDSHIPS: dict[str, Callable[[Ground], list[str]]] = {
    "lost answers": _answers_lost,
    "active, it is said": _active_by_word,
    "active, really": _active_in_truth,
    "SAS expired": _sas_expired,
    "download cut": _download_cut,
}

GOAL = Goal(5, "hardships", measure)
