"""Goal 1: a fifth of all calls of the app to ARM and storage, and of ARM's own downloads, fails and passes again."""

from typing import Any

from bench.faults.goal import Goal, Run, Verdict, counted, share
from bench.faults.ground import ground, status_of, told
from emulator.faults.operations import ARM_REQUESTS, STORAGE_REQUESTS
from tests.end_to_end.bundles import graph_bundle, layered_edges

DEPLOYMENTS = 40
TEMPLATES = 10
AT_ONCE = 10
FAILING = 0.2
WANTED = 0.99

_ARM_KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("serverError", {"status": 500}),
    ("serverError", {"status": 503, "body": "html"}),
    ("throttled", {"retryAfterSeconds": 1}),
    ("connectionReset", {}),
    ("answerLost", {}),
)
_STORAGE_KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("internalError", {}),
    ("serverBusy", {}),
    ("refused", {"status": 429, "code": "TooManyRequests", "message": "Too many requests."}),
    ("connectionReset", {}),
    ("answerLost", {}),
)


def storm(failing: float) -> list[dict[str, Any]]:
    """Rules by which each call fails with that probability, in one of five ways that are equally likely."""
    each = 1 - (1 - failing) ** (1 / len(_ARM_KINDS))
    rules: list[dict[str, Any]] = []
    for number, (fault, parameters) in enumerate(_ARM_KINDS):
        rules.append(_rule(f"arm-{number}", "arm", fault, parameters, each, {"operation": list(ARM_REQUESTS)}))
    for number, (fault, parameters) in enumerate(_STORAGE_KINDS):
        app = {"operation": list(STORAGE_REQUESTS), "caller": "app"}
        downloads = {"operation": "GetBlob", "caller": "arm"}
        rules.append(_rule(f"storage-{number}", "storage", fault, parameters, each, app))
        rules.append(_rule(f"download-{number}", "storage", fault, parameters, each, downloads))
    return rules


def _rule(
    id_: str, service: str, fault: str, parameters: dict[str, Any], probability: float, match: dict[str, Any]
) -> dict[str, Any]:
    return {
        "id": id_,
        "service": service,
        "fault": fault,
        "parameters": parameters,
        "probability": probability,
        "match": match,
    }


def measure(run: Run) -> Verdict:
    """Deploy while the storm goes on; ARM tells what then exists."""
    names = [f"storm-{number}" for number in range(run.of(DEPLOYMENTS))]
    bundles = {name: graph_bundle(name, layered_edges(TEMPLATES)) for name in names}
    with ground() as field:
        field.load(run.seed, storm(FAILING))
        states = field.deployed(bundles, AT_ONCE)
        field.stack.faults.clear()
        happened = len(field.stack.faults.happened())
        misses = [f"{name}: {told(state)}" for name, state in states.items() if state.get("status") != "completed"]
        for name in names:
            if states[name].get("status") == "completed":
                held = len(field.arm.inventory(f"rg-{name}").resources)
                misses += [f"{name}: ARM holds {held} of {TEMPLATES} resources"] if held != TEMPLATES else []
    completed = sum(state.get("status") == "completed" for state in states.values())
    part = share(completed, len(names))
    return Verdict(
        done=f"{FAILING:.0%} of all calls to ARM and storage and of ARM's downloads fail: 500, 503, 429, reset, lost "
        f"answer; {len(names)} deployments of {TEMPLATES} templates, {happened} calls failed",
        measured=f"{part:.1%} completed ({counted(status_of(state) for state in states.values())})",
        wanted=f"{WANTED:.0%}",
        is_met=part >= WANTED and not any("ARM holds" in miss for miss in misses),
        misses=tuple(misses),
    )


GOAL = Goal(1, "a storm of faults that pass", measure)
