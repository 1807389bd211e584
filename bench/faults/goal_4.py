"""Goal 4: whatever fails, and in whichever tier: after the rollback ARM holds what it held before."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.faults.goal import Goal, Run, Verdict
from bench.faults.ground import Ground, State, ground, subscription_path, told
from bench.faults.inventory import Snapshot
from bench.faults.rolling_back import failing, faults_of_rollback, stand
from bench.faults.worlds import TIERS, WORKSPACES, Change, second_version

AT_ONCE = 8
CHANGES: tuple[tuple[Change, ...], ...] = (*((change,) for change in Change), tuple(Change))


@dataclass(frozen=True)
class Case:
    """One deployment that fails in a tier, after the tiers before it were done."""

    project: str
    tier: str
    changes: tuple[Change, ...]
    has_predecessor: bool
    has_foreign: bool = False

    @property
    def bundle(self) -> bytes:
        """What is deployed and fails."""
        return second_version(self.project, self.changes, TIERS[: TIERS.index(self.tier) + 1])

    @property
    def told(self) -> str:
        """The case in words."""
        changes = "+".join(self.changes) if len(self.changes) < len(Change) else "everything"
        after = "after a predecessor" if self.has_predecessor else "without a predecessor"
        return f"{changes} in {self.tier}, {after}{', beside what others made' if self.has_foreign else ''}"


def cases() -> list[Case]:
    """Every tier with every change after a predecessor; without one into a new group and into one of others."""
    found = [
        Case(f"exact-{tier}-{number}", tier, changes, has_predecessor=True)
        for tier in TIERS
        for number, changes in enumerate(CHANGES)
    ]
    added = (Change.ADDED, Change.LINKED)
    found += [Case(f"first-{tier}", tier, added, has_predecessor=False) for tier in TIERS]
    found += [Case(f"beside-{tier}", tier, added, has_predecessor=False, has_foreign=True) for tier in TIERS]
    return found


def measure(run: Run) -> Verdict:
    """All cases on one stack, several at a time; then one that can't be put back wholly, and is told so."""
    every = cases()[:: max(1, round(1 / run.share))]
    with ground() as field:
        before = stand(field, [case.project for case in every if case.has_predecessor])
        for case in every:
            if case.has_foreign:
                _make_foreign(field, case.project, "log-of-others")
            if not case.has_predecessor:
                before[case.project] = field.snapshot(f"rg-{case.project}")
        before["taken"] = _make_taken(field)
        field.load(run.seed, [*(failing(case.project, case.tier) for case in every), failing("taken", "low")])
        begin = _starter(field, {case.project: case.bundle for case in every})
        states = field.each([case.project for case in every], AT_ONCE, begin)
        wrong = {
            case.told: faults_of_rollback(field, case.project, case.project, states[case.project], before[case.project])
            for case in every
        }
        partial = _partial(field, before["taken"])
        held_names = _names_held(field)
    equal = sum(not found for found in wrong.values())
    return Verdict(
        done=f"{len(every)} cases: failure in each of {len(TIERS)} tiers, with and without predecessor; changed, "
        "added, removed, tags, linked, and all at once; children of resources in each",
        measured=f"ARM as before in {equal} of {len(every)}; what can't be put back is told as partial: "
        f"{'no' if partial else 'yes'}; names still held by deleted vaults: {len(held_names)}",
        wanted="all equal",
        is_met=bool(every) and equal == len(every) and not partial and not held_names,
        misses=(
            *(f"{case}: {found}" for case, sentences in wrong.items() for found in sentences),
            *partial,
            *(f"the name of the deleted vault {name} is still held" for name in held_names),
        ),
    )


def _names_held(field: Ground) -> list[str]:
    """The names of vaults that were deleted and not purged: a next deployment could not make them."""
    path = subscription_path("providers/Microsoft.KeyVault/deletedVaults")
    return [each["name"] for each in field.arm.ask("GET", path, version="2023-07-01").json()["value"]]


def _starter(field: Ground, bundles: dict[str, bytes]) -> Callable[[str], None]:
    return lambda name: field.start(name, bundles[name])


def _make_foreign(field: Ground, project: str, name: str, retention: int = 30) -> None:
    """A group with a resource in it that no deployment of ours made."""
    group = subscription_path(f"resourceGroups/rg-{project}")
    field.arm.ask("PUT", group, json={"location": "eastus2", "tags": {"owner": "others"}})
    path = f"{group}/providers/{WORKSPACES}/{name}"
    body = {"location": "eastus2", "tags": {"owner": "others"}, "properties": {"retentionInDays": retention}}
    field.arm.ask("PUT", path, version="2023-09-01", json=body)
    while field.arm.ask("GET", path, version="2023-09-01").json()["properties"]["provisioningState"] != "Succeeded":
        time.sleep(0.05)


def _make_taken(field: Ground) -> Snapshot:
    """A group whose one resource the first deployment of a lineage is going to change."""
    _make_foreign(field, "taken", "log-taken-low", retention=90)
    return field.snapshot("rg-taken")


def _partial(field: Ground, before: Snapshot) -> list[str]:
    """What was changed and has no earlier version is left over by its id, and all else is put back."""
    field.start("taken", second_version("taken", (Change.CHANGED, Change.ADDED), ("low",)))
    state: State = field.ended(["taken"])["taken"]
    left = [each["id"].lower() for each in (state.get("rollback") or {}).get("leftovers", [])]
    changed = [each for each in before.differences(field.snapshot("rg-taken")) if not each.startswith("changed: ")]
    if state.get("status") == "failed" and len(left) == 1 and left[0].endswith("/log-taken-low") and not changed:
        return []
    return [f"what can't be put back: {told(state)}; left over: {left}; {changed}"]


GOAL = Goal(4, "rollback exactness", measure)
