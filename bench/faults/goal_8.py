"""Goal 8: ten deployments of one lineage are asked for at once; ARM sees one at a time, in the order of acceptance.

The first turn is that of whose bundle is read first, for before that nobody knows the lineage; the others wait by then.
"""

from concurrent.futures import ThreadPoolExecutor

from bench.faults.goal import Goal, Run, Verdict, counted
from bench.faults.ground import Ground, State, ground, status_of, told
from bench.faults.inventory import overlapping
from bench.faults.worlds import Change, first_version, last_resource, second_version

COUNT = 10
PROJECT = "turns"
FAILING = 3
"""The place of the one that fails: the lock goes on, and its rollback is done before the next one begins."""


def measure(run: Run) -> Verdict:
    """All at once; one of them fails and is rolled back within its turn."""
    names = [f"turns-{number:02}" for number in range(run.of(COUNT, 3))]
    failing = names[min(FAILING, len(names) - 1)]
    with ground() as field:
        field.load(run.seed, [_failing(failing)])
        bundles = {name: first_version(PROJECT) for name in names}
        bundles[failing] = second_version(PROJECT, (Change.CHANGED, Change.ADDED), ("mid",))
        with ThreadPoolExecutor(len(names)) as pool:
            list(pool.map(lambda name: field.start(name, bundles[name]), names))
        states = field.ended(names)
        misses = faults_of_turns(field, states, failing)
    return Verdict(
        done=f"{len(names)} deployments of one lineage at once, one of which fails",
        measured=f"{counted(status_of(state) for state in states.values())}; "
        f"{'one at a time, in the order of acceptance' if not misses else f'{len(misses)} faults'}",
        wanted="strictly one at a time, in order, each status right",
        is_met=not misses,
        misses=tuple(misses),
    )


def faults_of_turns(field: Ground, states: dict[str, State], failing: str) -> list[str]:
    """What speaks against their having taken turns, by when ARM worked for each."""
    inventory = field.arm.inventory(f"rg-{PROJECT}")
    intervals = {name: interval for name in states if (interval := inventory.interval(name))}
    found = [f"{name}: ARM never worked for it" for name in states if name not in intervals]
    found += overlapping(intervals.items())
    began = sorted(intervals, key=lambda name: intervals[name][0])
    waited = sorted(began[1:], key=lambda name: states[name].get("createdAt", ""))
    if began[1:] != waited:
        found.append(f"accepted in the order {waited}, begun in the order {began[1:]}")
    for name, state in states.items():
        wanted = "rolledBack" if name == failing else "completed"
        if state.get("status") != wanted:
            found.append(f"{name}: {told(state)}, not {wanted}")
    return found + [f"still under way: {each}" for each in inventory.under_way()]


def _failing(name: str) -> dict[str, object]:
    return {
        "service": "arm",
        "fault": "provisioningFailure",
        "match": {"operation": "CreateResource", "name": last_resource(PROJECT, "mid"), "deployment": f"mid.{name}"},
        "parameters": {"after": 0.5, "status": 400, "code": "WorkspaceRefused"},
    }


GOAL = Goal(8, "turns of a lineage", measure)
