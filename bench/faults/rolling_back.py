"""What several goals do: bring a lineage to its first version, and let a second one fail where it is wanted."""

from collections.abc import Iterable, Mapping
from typing import Any

from bench.faults.ground import Ground, State, is_final, told
from bench.faults.inventory import Snapshot
from bench.faults.worlds import first_version, last_resource

FAILURE = {"after": 0.5, "status": 400, "code": "WorkspaceRefused", "message": "The workspace can't be made."}
"""What a provider says that no retry helps against; its class is unknown."""


def failing(project: str, tier: str) -> dict[str, Any]:
    """A rule by which the last resource of a project's tier fails, whenever it is tried."""
    return {
        "id": f"fails-{project}",
        "service": "arm",
        "fault": "provisioningFailure",
        "match": {"operation": "CreateResource", "name": last_resource(project, tier)},
        "parameters": FAILURE,
    }


def stand(field: Ground, projects: Iterable[str], at_once: int = 10, **options: Any) -> dict[str, Snapshot]:
    """Deploy the first version of each project; what then stands. Raises RuntimeError when one can't be deployed."""
    bundles = {f"{project}-v1": first_version(project) for project in projects}
    states = field.deployed(bundles, at_once, **options)
    failed = [f"{name}: {told(state)}" for name, state in states.items() if state.get("status") != "completed"]
    if failed:
        raise RuntimeError(f"the first version could not be deployed: {failed[0]}")
    return {name.removesuffix("-v1"): field.snapshot(f"rg-{name.removesuffix('-v1')}") for name in bundles}


def faults_of_rollback(field: Ground, name: str, project: str, state: State, before: Snapshot) -> list[str]:
    """What speaks against that deployment having put everything back, a sentence each."""
    held = field.arm.inventory(f"rg-{project}")
    found = [f"{name}: {told(state)}"] if state.get("status") != "rolledBack" else []
    found += [f"{name}: {difference}" for difference in before.differences(held.snapshot())]
    return found + still_running(name, state, held.under_way())


def still_running(name: str, state: State, under_way: list[str]) -> list[str]:
    """What still goes on in ARM, or in the state of a deployment that has ended."""
    found = [f"{name}: still under way in ARM: {each}" for each in under_way]
    running = [each["name"] for each in _templates(state) if each["status"] in ("running", "retrying", "waiting")]
    if is_final(state) and running:
        found.append(f"{name}: has ended, and its state shows as unfinished: {', '.join(running)}")
    return found


def _templates(state: State) -> list[Mapping[str, Any]]:
    return list(state.get("templates", []))
