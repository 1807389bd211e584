"""What retention removes: nothing that is needed, and everything else that is old, whatever the history was."""

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from armature.control import LineageRecord
from armature.request import BundleReference, DeploymentRequest
from armature.retention import (
    BUNDLE_KEPT_FOR,
    KeepReason,
    Remembered,
    RetentionRule,
    Stored,
    bundle_cutoff,
    kept_deployments,
    needed_for,
    reinstated,
    retired,
    unused,
)
from armature.state import DeploymentState, Phase, Purpose, Status
from armature.transitions import accepted, reopened, with_phase

NOW = datetime(2026, 6, 1, tzinfo=UTC)
RULE = RetentionRule(cutoff=NOW - timedelta(days=30), keep_completed=2)
LINEAGE = "a1b2"


def remembered(deployment_id: str, status: Status = Status.COMPLETED, days_old: float = 100, **parts) -> Remembered:
    parts = {"lineage_key": LINEAGE, **parts}
    changed_at = NOW - timedelta(days=days_old)
    return Remembered(deployment_id=deployment_id, status=status, changed_at=changed_at, **parts)


def reasons(*deployments: Remembered, record: LineageRecord | None = None) -> dict[str, KeepReason]:
    lineages = {LINEAGE: record} if record else {}
    return {id_: kept.reason for id_, kept in kept_deployments(deployments, lineages, RULE).items()}


def history(count: int, *, latest: str | None = None, **changes: Remembered) -> dict[str, KeepReason]:
    """Why each of `count` old completed deployments c1, c2, … is kept, with some of them changed and some added."""
    ids = [f"c{number}" for number in range(1, count + 1)]
    chain = {
        id_: remembered(id_, days_old=200 - number, previous_deployment_id=ids[number - 1] if number else None)
        for number, id_ in enumerate(ids)
    } | changes
    completed = tuple(id_ for id_ in ids if chain[id_].status is Status.COMPLETED)
    return reasons(*chain.values(), record=LineageRecord(completed=completed, latest=latest or ids[-1]))


def test_the_last_completed_and_what_their_rollback_deploys_again_are_kept_and_older_ones_go():
    assert history(5) == {
        "c5": KeepReason.LATEST,
        "c4": KeepReason.LAST_COMPLETED,
        "c3": KeepReason.PREDECESSOR,
    }


def test_what_a_kept_deployment_is_needed_by_is_told():
    newer = remembered("newer", previous_deployment_id="older")

    kept = kept_deployments(
        [remembered("older", days_old=200), newer],
        {LINEAGE: LineageRecord(completed=("newer",), latest="newer")},
        RULE.model_copy(update={"keep_completed": 1}),
    )

    assert (kept["older"].reason, kept["older"].needed_by) == (KeepReason.PREDECESSOR, "newer")


def test_a_failed_latest_is_kept_with_what_it_can_be_rolled_back_to():
    failed = remembered("bad", Status.FAILED, previous_deployment_id="c1")

    kept = history(4, latest="bad", bad=failed)

    assert kept["bad"] is KeepReason.LATEST
    assert kept["c1"] is KeepReason.PREDECESSOR
    assert "c2" in kept  # of the last two that completed c3 needs it
    assert len(kept) == 5


def test_failed_cancelled_and_refused_deployments_that_are_old_go():
    others = {
        "failed": remembered("failed", Status.FAILED),
        "cancelled": remembered("cancelled", Status.CANCELLED),
        "undone": remembered("undone", Status.ROLLED_BACK),
        "refused": remembered("refused", Status.FAILED, lineage_key=None),
    }

    assert set(history(3, **others)) == {"c1", "c2", "c3"}


def test_what_has_not_ended_or_has_changed_lately_is_kept_however_it_stands():
    kept = history(
        5,
        queued=remembered("queued", Status.QUEUED, days_old=400, lineage_key=None),
        young=remembered("young", Status.FAILED, days_old=29),
    )

    assert kept["queued"] is KeepReason.NOT_FINAL
    assert kept["young"] is KeepReason.YOUNG


def test_the_predecessor_of_a_deployment_that_runs_is_kept():
    runs = remembered("runs", Status.ROLLING_BACK, days_old=0, previous_deployment_id="c1")

    assert history(5, runs=runs, latest="runs")["c1"] is KeepReason.PREDECESSOR


def test_a_lineage_without_a_record_is_judged_by_its_states():
    kept = reasons(*(remembered(f"d{number}", days_old=200 - number) for number in range(4)))

    assert kept == {"d3": KeepReason.LATEST, "d2": KeepReason.LAST_COMPLETED}


def test_the_deployment_whose_packages_sites_still_run_from_is_kept_until_another_completes_the_template():
    first = remembered("c1", days_old=200, packaged=("api",))
    later = remembered("c2", days_old=199, packaged=("api", "web"))

    assert history(6, c1=first)["c1"] is KeepReason.PACKAGES
    assert "c1" not in history(6, c1=first, c2=later)
    assert history(6, c1=first, c2=later)["c2"] is KeepReason.PACKAGES


def test_a_failed_deployment_does_not_release_the_packages_that_sites_may_still_run_from():
    first = remembered("c1", days_old=200, packaged=("api",))
    half = remembered("half", Status.FAILED, days_old=150, packaged=("api",))
    undone = remembered("undone", Status.ROLLED_BACK, days_old=140, packaged=("api",))

    kept = history(6, c1=first, half=half, undone=undone)

    assert kept["c1"] is kept["half"] is KeepReason.PACKAGES
    assert "undone" not in kept


def test_what_an_earlier_run_has_begun_to_remove_is_not_kept_for_its_age_its_number_or_its_packages():
    half_gone = remembered("c2", days_old=1, packaged=("api",), is_leaving=True)

    kept = history(3, c2=half_gone)

    assert kept == {"c3": KeepReason.LATEST, "c1": KeepReason.LAST_COMPLETED, "c2": KeepReason.PREDECESSOR}
    assert "c2" not in history(5, c2=half_gone)


def needed_now(mine: Remembered, record: LineageRecord, *others: Remembered) -> KeepReason | None:
    known = {other.deployment_id: other for other in others}
    return needed_for(mine, record, known.get, RULE)


def test_right_before_it_goes_a_deployment_is_looked_at_as_its_lineage_stands_then():
    mine, other = remembered("mine"), remembered("other", days_old=90)
    heir = remembered("heir", Status.FAILED, days_old=0, previous_deployment_id="mine")

    assert needed_now(mine, LineageRecord(completed=("mine", "other"), latest="mine"), other) is KeepReason.LATEST
    assert needed_now(mine, LineageRecord(completed=("mine", "other"), latest="other"), mine, other) is (
        KeepReason.LAST_COMPLETED
    )
    undone = mine.model_copy(update={"status": Status.FAILED})
    assert needed_now(undone, LineageRecord(completed=("other",), latest="heir"), other, heir) is KeepReason.PREDECESSOR
    assert needed_now(
        mine, LineageRecord(completed=("mine", "gone", "other", "more"), latest="more"), other, other
    ) is (KeepReason.LAST_COMPLETED)


def test_a_lineage_that_no_record_tells_of_can_not_come_to_need_anything():
    assert needed_now(remembered("mine"), LineageRecord()) is None
    assert needed_now(remembered("mine", lineage_key=None), LineageRecord(latest="mine")) is None


def state(status: Status = Status.FAILED, days_old: float = 100) -> DeploymentState:
    body = {"bundle": {"id": "bundle-1"}, "target": {"subscription": "00000000-0000-0000-0000-000000000001"}}
    then = NOW - timedelta(days=days_old)
    begun = accepted(DeploymentRequest.model_validate(body), "d-01", None, then)
    return with_phase(begun, sequence=1, status=status, phase=Phase.FINISHED, message="m", now=then)


def test_only_what_is_final_and_old_is_marked_and_the_mark_can_be_taken_back():
    marked = retired(state(), RULE, NOW)

    assert marked.retired_at == NOW
    assert retired(marked, RULE, NOW + timedelta(days=1)) == marked
    assert reinstated(marked) == state()
    assert retired(state(days_old=1), RULE, NOW).retired_at is None
    assert retired(state(Status.DEPLOYING), RULE, NOW).retired_at is None


def test_no_further_run_begins_on_what_is_marked():
    marked = retired(state(), RULE, NOW)

    assert reopened(marked, run=1, purpose=Purpose.DEPLOY, message="again", now=NOW) == marked


def test_what_is_unused_is_named_by_nobody_and_was_not_touched_since():
    stored = [
        Stored(name=name, changed_at=NOW - timedelta(days=days)) for name, days in [("a", 40), ("b", 40), ("c", 1)]
    ]

    assert [item.name for item in unused(stored, ["a"], RULE.cutoff)] == ["b"]


def test_a_bundle_has_a_day_to_be_deployed_even_with_a_retention_of_nothing():
    rule_of_nothing = RetentionRule(cutoff=NOW, keep_completed=1)

    assert bundle_cutoff(rule_of_nothing, NOW) == NOW - BUNDLE_KEPT_FOR
    assert bundle_cutoff(RULE, NOW) == RULE.cutoff


def test_a_bundle_is_known_by_its_id_also_when_it_is_named_by_its_address():
    assert BundleReference(id="bundle-1").stored_id == "bundle-1"
    assert BundleReference(uri="https://app.blob.core.windows.net/bundles/bundle-1.zip").stored_id == "bundle-1"
    assert BundleReference(uri="https://elsewhere.example/My%20bundle.zip").stored_id is None


LINEAGES = st.sampled_from("xxxy")
PACKAGED = st.sets(st.sampled_from("ab"), max_size=1)
ENDINGS = st.sampled_from([Status.COMPLETED, Status.COMPLETED, Status.FAILED])


class Histories(RuleBasedStateMachine):
    """Lineages that deploy, fail, resume and roll back, while a run of retention removes one deployment after another.

    The run can stop anywhere, and a new one be planned: what a run does not finish the next one finds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.deployments: dict[str, Remembered] = {}
        self.records: dict[str, LineageRecord] = {}
        self.removals: list[str] = []

    @initialize(keep=st.integers(1, 3), days=st.sampled_from([0, 10, 30]))
    def choose(self, keep: int, days: int) -> None:
        self.keep, self.days = keep, timedelta(days=days)

    @property
    def retention_rule(self) -> RetentionRule:
        return RetentionRule(cutoff=self.now - self.days, keep_completed=self.keep)

    def change(self, deployment_id: str, **update) -> None:
        self.now += timedelta(minutes=1)
        found = self.deployments[deployment_id]
        self.deployments[deployment_id] = found.model_copy(update={**update, "changed_at": self.now})

    def running(self, lineage: str) -> str | None:
        mine = (d for d in self.deployments.values() if d.lineage_key == lineage and not d.status.is_final)
        return next((d.deployment_id for d in mine), None)

    @initialize(lineages=st.lists(st.tuples(LINEAGES, PACKAGED, ENDINGS), min_size=4, max_size=10))
    def have_a_past(self, lineages: list[tuple[str, set[str], Status]]) -> None:
        for lineage, packaged, ending in lineages:
            self.begin(lineage, packaged)
            self.end(lineage, ending)
            self.wait(5)

    @rule(lineage=LINEAGES, packaged=PACKAGED)
    def begin(self, lineage: str, packaged: set[str]) -> None:
        if self.running(lineage) is not None:
            return
        self.now += timedelta(minutes=1)
        deployment_id = f"d{int(self.now.timestamp())}"
        record = self.records.get(lineage, LineageRecord())
        self.deployments[deployment_id] = Remembered(
            deployment_id=deployment_id,
            status=Status.DEPLOYING,
            changed_at=self.now,
            lineage_key=lineage,
            previous_deployment_id=record.predecessor_of(deployment_id),
            packaged=tuple(sorted(packaged)),
        )
        self.records[lineage] = record.begun_by(deployment_id)

    @rule(lineage=LINEAGES, ending=ENDINGS)
    def end(self, lineage: str, ending: Status) -> None:
        deployment_id = self.running(lineage)
        if deployment_id is not None:
            self.change(deployment_id, status=ending)
            if ending is Status.COMPLETED:
                self.records[lineage] = self.records[lineage].completed_by(deployment_id)

    @rule(lineage=LINEAGES)
    def roll_back(self, lineage: str) -> None:
        latest = self.records.get(lineage, LineageRecord()).latest
        if latest is None or self.running(lineage) is not None:
            return
        found = self.deployments[latest]
        if found.status is not Status.ROLLED_BACK:
            self.change(latest, status=Status.ROLLED_BACK)
            self.records[lineage] = self.records[lineage].undone(latest)

    @rule(lineage=LINEAGES)
    def resume(self, lineage: str) -> None:
        latest = self.records.get(lineage, LineageRecord()).latest
        if latest is not None and self.deployments[latest].status is Status.FAILED:
            self.change(latest, status=Status.DEPLOYING)

    @rule(days=st.integers(1, 40))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    def plan(self) -> None:
        kept = kept_deployments(self.deployments.values(), self.records, self.retention_rule)
        self.removals = [id_ for id_ in self.deployments if id_ not in kept]
        self.planned_rule = self.retention_rule

    @precondition(lambda self: self.removals)
    @rule()
    def remove_one(self) -> None:
        self.remove(self.removals.pop())

    def remove(self, deployment_id: str) -> None:
        found = self.deployments[deployment_id].model_copy(update={"packaged": ()})  # a state does not tell
        if not found.status.is_final or found.changed_at > self.planned_rule.cutoff:
            return
        record = self.records[found.lineage_key or ""]
        if needed_for(found, record, self.deployments.get, self.planned_rule) is None:
            del self.deployments[deployment_id]
            self.records[found.lineage_key or ""] = record.undone(deployment_id)

    def needed(self) -> set[str]:
        """Told anew, deployment by deployment: what runs, the last, and what a rollback of those deploys again."""
        found: set[str] = set()
        for lineage, record in self.records.items():
            mine = sorted(
                (d for d in self.deployments.values() if d.lineage_key == lineage), key=lambda d: d.changed_at
            )
            heads = {
                record.latest,
                *record.completed[-self.keep :],
                *(d.deployment_id for d in mine if d.status is Status.DEPLOYING),
            }
            found |= {id_ for id_ in heads if id_ is not None}
            found |= {d.previous_deployment_id for d in mine if d.deployment_id in heads and d.previous_deployment_id}
            for place, deployment in enumerate(mine):
                released = {name for d in mine[place + 1 :] if d.status is Status.COMPLETED for name in d.packaged}
                if deployment.status in (Status.COMPLETED, Status.FAILED) and set(deployment.packaged) - released:
                    found.add(deployment.deployment_id)
        return found

    @invariant()
    def nothing_that_is_needed_is_missing(self) -> None:
        for record in self.records.values():
            latest = self.deployments[record.latest or ""]
            if latest.status is not Status.ROLLED_BACK and latest.previous_deployment_id is not None:
                assert latest.previous_deployment_id in self.deployments
            assert set(record.completed[-self.keep :]) <= set(self.deployments)

    @rule()
    def finish(self) -> None:
        needed = self.needed() & set(self.deployments)
        self.plan()
        while self.removals:
            self.remove(self.removals.pop())

        assert needed <= set(self.deployments)
        left = {id_ for id_, d in self.deployments.items() if d.changed_at <= self.retention_rule.cutoff}
        assert left <= needed
        self.plan()
        assert self.removals == []


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
