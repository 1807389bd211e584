"""Goal 6: what no retry helps against is told for what it is, with its cause and what to do, and rolled back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.faults.goal import Goal, Run, Verdict
from bench.faults.ground import State, ground, told
from bench.faults.rolling_back import faults_of_rollback, stand
from bench.faults.worlds import Change, broken_expression, last_resource, second_version

TIER = "mid"
FILE = f"{TIER}.json"


@dataclass(frozen=True)
class Refusal:
    """How a deployment is refused, and what a person must be told of it."""

    name: str
    failure_class: str
    code: str
    words: tuple[str, ...]
    suggestion: tuple[str, ...]
    fault: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def project(self) -> str:
        """The project of its deployment."""
        return f"refused-{self.name}"

    @property
    def bundle(self) -> bytes:
        """What is deployed: an expression that only ARM can tell to be wrong, or what a rule refuses."""
        if not self.fault:
            return broken_expression(self.project, TIER)
        return second_version(self.project, (Change.CHANGED, Change.ADDED), (TIER,))

    def rules(self) -> list[dict[str, Any]]:
        """The rule that refuses the last resource of the tier."""
        match = {"operation": "CreateResource", "name": last_resource(self.project, TIER)}
        rule = {"id": self.project, "service": "arm", "fault": self.fault, "match": match}
        return [{**rule, "parameters": dict(self.parameters)}] if self.fault else []


REFUSALS = (
    Refusal("quota", "quota", "QuotaExceeded", ("Cores quota",), ("Total Regional Cores",), "quotaExceeded"),
    Refusal("policy", "policy", "RequestDisallowedByPolicy", ("disallowed by policy",), ("Fault",), "policyDenied"),
    Refusal(
        "access",
        "authorization",
        "AuthorizationFailed",
        ("does not have authorization",),
        ("Microsoft.OperationalInsights/workspaces/write",),
        "forbidden",
    ),
    Refusal("template", "template", "InvalidTemplate", ("template",), (FILE,)),
    Refusal(
        "capacity",
        "quota",
        "AllocationFailed",
        ("sufficient capacity",),
        ("region",),
        "outOfCapacity",
        {"code": "AllocationFailed"},
    ),
    Refusal(
        "unknown",
        "unknown",
        "TeapotShort",
        ("The pot is too short.",),
        (),
        "provisioningFailure",
        {"status": 400, "code": "TeapotShort", "message": "The pot is too short.", "shape": "jsonInMessage"},
    ),
)


def measure(run: Run) -> Verdict:
    """One deployment a refusal, each of a lineage that stands in its first version."""
    with ground() as stage:
        before = stand(stage, [refusal.project for refusal in REFUSALS])
        stage.load(run.seed, [rule for refusal in REFUSALS for rule in refusal.rules()])
        names = {f"{refusal.project}-v2": refusal for refusal in REFUSALS}
        states = stage.each(names, len(names), lambda name: stage.start(name, names[name].bundle))
        wrong = {
            refusal.name: [
                *faults_of_telling(refusal, states[name]),
                *faults_of_rollback(stage, name, refusal.project, states[name], before[refusal.project]),
            ]
            for name, refusal in names.items()
        }
    right = sum(not found for found in wrong.values())
    return Verdict(
        done=f"{', '.join(refusal.name for refusal in REFUSALS)} in the second of three tiers, after a predecessor",
        measured=f"{right} of {len(wrong)}: class, leaf, next step and place are right, and ARM is as before",
        wanted="all",
        is_met=right == len(wrong),
        misses=tuple(f"{name}: {found}" for name, sentences in wrong.items() for found in sentences),
    )


def faults_of_telling(refusal: Refusal, state: State) -> list[str]:
    """What is wrong about how the failure is told, a sentence each."""
    failures = state.get("failures", [])
    if not failures:
        return ["no failure is told"]
    failure = failures[0]
    causes = failure.get("causes") or [failure]
    leaf = next((cause for cause in causes if cause.get("code") == refusal.code), None)
    found = []
    if failure["failureClass"] != refusal.failure_class:
        found.append(f"the class is {failure['failureClass']}, not {refusal.failure_class}")
    if leaf is None:
        found.append(f"the leaf {refusal.code} is not told: {told(state)}")
    elif missing := [words for words in refusal.words if words not in leaf["message"]]:
        found.append(f"the leaf's message lacks {missing}: {leaf['message'][:200]}")
    suggestion = failure.get("suggestion") or ""
    if not suggestion or any(words not in suggestion for words in refusal.suggestion):
        found.append(f"the next step does not tell {refusal.suggestion}: {suggestion[:300]!r}")
    if leaf is not None and not str(leaf.get("place") or "").startswith(FILE):
        found.append(f"the place is {leaf.get('place')!r}, not in {FILE}")
    return found


GOAL = Goal(6, "what can't pass", measure)
