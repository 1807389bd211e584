"""Goal 9: a rollback of fifty resources, in minutes of Azure's time."""

from datetime import datetime

from bench.faults.goal import Goal, Run, Verdict
from bench.faults.ground import Ground, State, ground, told
from bench.faults.inventory import Snapshot
from bench.faults.rolling_back import FAILURE, faults_of_rollback
from bench.faults.worlds import last_resource, many_resources

SCALE = 0.5
USUAL = {"pollIntervalSeconds": 5 * SCALE, "retryPolicy": {"firstIntervalSeconds": 5 * SCALE}}
"""The app's defaults, in the emulator's time."""

PARTS, EACH = 5, 10
WANTED_MINUTES = 1.0
_OPTIONS = {**USUAL, "maxConcurrency": PARTS}


def measure(run: Run) -> Verdict:
    """Without a predecessor fifty deletions; after one, of half of them, redeployments as well. Side by side."""
    with ground(scale=SCALE) as field:
        states = field.deployed({"fifty-v1": many_resources("fifty", PARTS, EACH // 2, with_last=False)}, 1, **_OPTIONS)
        if states["fifty-v1"].get("status") != "completed":
            raise RuntimeError(f"the first version could not be deployed: {told(states['fifty-v1'])}")
        before = {project: field.snapshot(f"rg-{project}") for project in ("fifty", "alone")}
        field.load(run.seed, [_failing(project) for project in before])
        for project in before:
            field.start(f"{project}-v2", many_resources(project, PARTS, EACH, with_last=True), **_OPTIONS)
        ended = field.ended([f"{project}-v2" for project in before])
        results = {
            project: _minutes(field, project, snapshot, ended[f"{project}-v2"]) for project, snapshot in before.items()
        }
    misses = [miss for _, found in results.values() for miss in found]
    alone, after = results["alone"][0], results["fifty"][0]
    return Verdict(
        done=f"rollback of {PARTS * EACH} resources in {PARTS} templates, from the failure in ARM to the final status, "
        f"at scale {SCALE} with the default poll interval",
        measured=f"{alone:.2f} simulated minutes without a predecessor ({PARTS * EACH} deletions), {after:.2f} after "
        f"one ({PARTS * EACH // 2} deletions, {PARTS} templates deployed again)",
        wanted=f"under {WANTED_MINUTES:g}",
        is_met=not misses and max(alone, after) < WANTED_MINUTES,
        misses=tuple(misses),
    )


def _minutes(field: Ground, project: str, before: Snapshot, state: State) -> tuple[float, list[str]]:
    """Minutes of Azure's time from the failure to the end, and what speaks against the rollback."""
    name = f"{project}-v2"
    found = faults_of_rollback(field, name, project, state, before)
    failed_at = next((each.get("finishedAt") for each in state.get("templates", []) if each["name"] == "end"), None)
    if not failed_at or not state.get("finishedAt"):
        return 0.0, [*found, f"{name}: it is not told when it failed and ended"]
    span = datetime.fromisoformat(str(state["finishedAt"])) - datetime.fromisoformat(failed_at)
    return span.total_seconds() / SCALE / 60, found


def _failing(project: str) -> dict[str, object]:
    return {
        "id": f"fails-{project}",
        "service": "arm",
        "fault": "provisioningFailure",
        "match": {"operation": "CreateResource", "name": last_resource(project, "end")},
        "parameters": FAILURE,
    }


GOAL = Goal(9, "rollback of fifty resources", measure)
