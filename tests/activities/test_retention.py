"""Retention removes all of what may go, in an order that can be cut off anywhere, and nothing of what is needed."""

import asyncio
from datetime import timedelta
from itertools import count

import pytest
from azure.durable_functions import OrchestrationRuntimeStatus as Runtime

from activities.removal import forget_deployment, purged, remove_deployment
from activities.retention import plan_retention, record_retention
from activities.unused import remove_unused
from armature.azure.records import content_of
from armature.errors import FailureClass, FailureError, failure
from armature.options import Mode, Options, Strategy
from armature.plan import PackageAttachment
from armature.retention import KeepReason, RetentionRule, reinstated, retired
from armature.retention_run import (
    RemovalInput,
    RetentionEnd,
    RetentionStep,
    RunStatus,
    Tally,
    UnusedInput,
    UnusedKind,
)
from armature.state import Purpose, Status
from armature.transitions import reopened
from tests.activities.retained_world import GROUP, LINKED, LONG_AGO, NOW, Died, World
from tests.armature.deployments import KEY

RULE = RetentionRule(cutoff=NOW - timedelta(days=30), keep_completed=1)


def lineage() -> World:
    """Four old deployments: two that completed and have successors, one that failed, and the latest."""
    world = World()
    world.ended("old-1", age=130)
    world.ended("bad-1", Status.FAILED, age=120)
    world.ended("old-2", age=110)
    world.ended("new-1", age=100)
    return world


def attach(world: World, deployment_id: str) -> None:
    """Have a site run from the package of a deployment."""
    plan = world.plan(deployment_id)
    attachment = PackageAttachment(package="api", function_app="api")
    templates = (plan.templates[0].model_copy(update={"attachments": (attachment,)}),)
    plan = plan.model_copy(update={"templates": templates})
    world.documents.put(f"plans/{deployment_id}.json", content_of(plan), {})


def test_everything_of_what_may_go_goes_and_nothing_of_what_is_needed():
    world = lineage()
    before = {name: world.left_of(name) for name in ("old-2", "new-1")}

    run = world.run()

    assert run.status is RunStatus.COMPLETED
    assert run.troubles == ()
    assert [removal.deployment_id for removal in run.removals] == ["old-1", "bad-1"]
    assert world.left_of("old-1") == world.left_of("bad-1") == []
    assert {name: world.left_of(name) for name in ("old-2", "new-1")} == before
    assert world.app.deployments.lineage(KEY).completed == ("old-2", "new-1")
    assert run.removed.deployments == run.removed.history_entries == run.removed.packages == 2
    assert run.removed.containers == 2
    assert run.removed.instances == 6


def test_previews_go_when_they_are_old_and_stand_for_no_deployment_of_their_lineage():
    world = lineage()
    only_told = Options(mode=Mode.WHAT_IF)
    for number in range(3):
        world.ended(f"told-{number}", age=90 - number, options=only_told)
    world.ended("told-now", age=1, options=only_told)

    run = world.run()

    gone = ["old-1", "bad-1", "told-0", "told-1", "told-2"]
    assert [removal.deployment_id for removal in run.removals] == gone
    assert all(world.left_of(deployment_id) == [] for deployment_id in gone)
    assert {kept.deployment_id: kept.reason for kept in run.kept} == {
        "old-2": KeepReason.PREDECESSOR,
        "new-1": KeepReason.LATEST,
        "told-now": KeepReason.YOUNG,
    }


def test_a_preview_that_goes_leaves_no_record_of_a_lineage_that_never_deployed():
    world = World()
    world.ended("told-1", age=90, options=Options(mode=Mode.WHAT_IF))

    world.run()

    assert world.left_of("told-1") == []
    assert world.app.deployments.lineage_keys() == []


def test_a_preview_does_not_release_the_packages_that_sites_still_run_from():
    world = World()
    world.ended("packaged-1", age=150)
    attach(world, "packaged-1")
    for number in range(3):
        world.ended(f"new-{number}", age=120 - number)
    world.ended("told-1", age=90, options=Options(mode=Mode.WHAT_IF))
    attach(world, "told-1")

    run = world.run()

    assert "packaged-1" in {kept.deployment_id for kept in run.kept if kept.reason is KeepReason.PACKAGES}
    assert "told-1" in {removal.deployment_id for removal in run.removals}


def test_the_root_of_a_deployment_goes_with_the_deployments_that_it_held():
    world, root = World(), GROUP.deployment_id("old-1")
    world.ended("old-1", age=130, options=Options(strategy=Strategy.ROOT))
    world.ended("old-2", age=110)
    world.ended("new-1", age=100)
    world.arm.found[root] = world.entry(root, "correlation-old-1", "old-1")

    run = world.run()

    assert root not in world.arm.found
    assert run.removed.history_entries == 2


def test_the_document_tells_why_each_of_the_others_stays():
    run = lineage().run()

    assert {kept.deployment_id: kept.reason for kept in run.kept} == {
        "new-1": KeepReason.LATEST,
        "old-2": KeepReason.PREDECESSOR,
    }


def test_a_linked_deployment_whose_name_a_later_one_has_taken_stays():
    world = lineage()

    world.run()

    assert world.arm.found[LINKED].correlation_id == "correlation-new-1"


def test_a_linked_deployment_that_is_its_own_goes_with_it():
    world = lineage()
    world.arm.found[LINKED] = world.entry(LINKED, "correlation-old-1", None)

    world.run()

    assert LINKED not in world.arm.found


def test_an_entry_of_that_name_that_somebody_else_put_stays():
    world = lineage()
    theirs = GROUP.deployment_id("a.old-1")
    world.arm.found[theirs] = world.entry(theirs, "theirs", None)

    world.run()

    assert theirs in world.arm.found
    assert world.paths_of("old-1") == []


def test_a_dry_run_removes_nothing_and_tells_what_would_go():
    world = lineage()
    world.blobs.bundles.add("bundle-9")
    before = {name: world.left_of(name) for name in ("old-1", "bad-1", "old-2", "new-1")}

    run = world.run(dry_run=True)

    assert {name: world.left_of(name) for name in before} == before
    assert world.life.deletions == 0
    assert [removal.deployment_id for removal in run.removals] == ["old-1", "bad-1"]
    assert {(item.kind, item.name) for item in run.unused} == {
        (UnusedKind.PACKAGE, "old-1/api.zip"),
        (UnusedKind.PACKAGE, "bad-1/api.zip"),
        (UnusedKind.BUNDLE, "bundle-9"),
    }
    assert run.removed == Tally()
    assert run.message == "2 deployments would go, 2 stay."


def test_a_second_run_finds_nothing_left_to_do():
    world = lineage()
    world.run()
    deletions = world.life.deletions

    again = world.run()

    assert again.removals == ()
    assert again.removed == Tally()
    assert world.life.deletions == deletions


def test_whatever_deletion_a_run_dies_after_the_next_one_finishes():
    undisturbed = lineage()
    undisturbed.run()
    needed = {name: undisturbed.left_of(name) for name in ("old-2", "new-1")}
    deaths = 0

    for ends_at in count(1):
        world = lineage()
        world.life.ends_at = ends_at
        try:
            world.run()
            break
        except Died:
            deaths += 1
        assert {name: world.left_of(name) for name in needed} == needed
        run = world.run()
        assert run.status is RunStatus.COMPLETED
        assert run.troubles == ()
        assert world.left_of("old-1") == world.left_of("bad-1") == []
        assert {name: world.left_of(name) for name in needed} == needed

    assert deaths == undisturbed.life.deletions


def test_what_a_dead_run_has_begun_to_remove_goes_also_when_more_is_kept_since():
    world = lineage()
    world.life.ends_at = 2
    with pytest.raises(Died):
        world.run()
    world.app.settings.retention_keep_completed = 5

    world.run()

    assert world.left_of("old-1") == []
    assert "state/bad-1.json" not in world.paths_of("bad-1")


def test_a_run_that_died_is_told_as_abandoned_once_another_begins():
    world = lineage()
    world.life.ends_at = 1
    with pytest.raises(Died):
        world.run()

    world.run()

    assert world.app.retention.run("20260101-000000-00000001").status is RunStatus.ABANDONED
    assert world.app.retention.last_run().run == "20260101-000000-00000002"


def removal(deployment_id: str) -> RemovalInput:
    return RemovalInput(deployment_id=deployment_id, rule=RULE)


def test_each_step_of_a_removal_is_harmless_when_it_runs_twice():
    world = lineage()

    first = remove_deployment(world.app, removal("old-1"))
    second = remove_deployment(world.app, removal("old-1"))
    forgotten = forget_deployment(world.app, removal("old-1"))
    again = forget_deployment(world.app, removal("old-1"))
    late = remove_deployment(world.app, removal("old-1"))

    assert first.is_going
    assert second.is_going
    assert second.removed == Tally()
    assert forgotten.removed.deployments == 1
    assert again.removed == Tally()
    assert (late.is_going, late.removed) == (False, Tally())


def test_what_has_come_to_be_needed_since_it_was_decided_stays_whole():
    world = lineage()
    before = world.left_of("bad-1")
    world.app.deployments.update_lineage(KEY, lambda record: record.begun_by("bad-1"))

    answer = remove_deployment(world.app, removal("bad-1"))

    assert answer.kept_for is KeepReason.LATEST
    assert world.left_of("bad-1") == before
    assert world.app.deployments.state("bad-1").retired_at is None


def test_what_was_begun_again_since_it_was_decided_stays_whole():
    world = lineage()
    before = world.left_of("bad-1")
    world.app.deployments.update_state(
        "bad-1", lambda state: reopened(state, run=1, purpose=Purpose.DEPLOY, message="Again.", now=NOW)
    )

    answer = remove_deployment(world.app, removal("bad-1"))

    assert answer.kept_for is KeepReason.NOT_FINAL
    assert world.left_of("bad-1") == before


def test_an_id_that_was_used_anew_is_left_alone_by_a_step_that_comes_late():
    world = lineage()
    remove_deployment(world.app, removal("old-1"))
    forget_deployment(world.app, removal("old-1"))
    world.ended("old-1", age=0)
    before = world.left_of("old-1")

    remove_deployment(world.app, removal("old-1"))
    asyncio.run(purged(world.app, removal("old-1"), world.client))
    forget_deployment(world.app, removal("old-1"))

    assert world.left_of("old-1") == before


def test_a_removal_stops_when_the_id_is_used_anew_in_the_middle_of_it():
    world = lineage()

    def used_anew() -> None:
        if "outputs/old-1/a.json" not in world.paths_of("old-1"):
            world.life.meanwhile = None
            world.app.deployments.update_state("old-1", reinstated)

    world.life.meanwhile = used_anew

    answer = remove_deployment(world.app, removal("old-1"))

    assert not answer.is_going
    assert {"plans/old-1.json", "events/old-1.jsonl", "control/old-1.json"} <= set(world.paths_of("old-1"))


def test_a_deployment_whose_id_begins_with_that_of_one_that_goes_loses_nothing():
    world = lineage()
    world.ended("old-1-again", Status.DEPLOYING, age=0)
    before = world.left_of("old-1-again")

    world.run()

    assert world.left_of("old-1-again") == before
    assert [path for path in world.paths_of("old-1") if "old-1-again" not in path] == []


def test_an_orchestration_that_still_runs_keeps_the_state_and_is_told():
    world = lineage()
    world.client.instances["old-1:rollout"] = Runtime.Running

    run = world.run()

    assert [(trouble.subject, trouble.code) for trouble in run.troubles] == [("old-1", "OrchestrationRuns")]
    assert world.app.deployments.state("old-1") is not None
    assert world.left_of("bad-1") == []
    world.client.instances["old-1:rollout"] = Runtime.Terminated
    world.run()
    assert world.left_of("old-1") == []


def test_an_entry_that_arm_does_not_let_go_stands_in_nobodys_way():
    world = lineage()
    own = GROUP.deployment_id("a.old-1")
    world.arm.refuses[own] = FailureError(failure(FailureClass.AUTHORIZATION, "AuthorizationFailed", "No right."))

    run = world.run()

    assert [trouble.code for trouble in run.troubles] == ["AuthorizationFailed"]
    assert world.left_of("old-1") == ["history"]


def test_a_package_that_is_touched_after_it_was_listed_stays():
    world = lineage()
    world.blobs.touched_while_listed = "old-1/api.zip"

    world.run()

    assert "old-1/api.zip" in world.blobs.packages
    assert "bad-1/api.zip" not in world.blobs.packages


def test_a_package_that_a_kept_plan_names_too_stays():
    world = lineage()
    plan = world.plan("new-1")
    shared = plan.artifacts[0].model_copy(update={"sha256": "old-1"})
    world.documents.put("plans/new-1.json", plan.model_copy(update={"artifacts": (shared,)}).model_dump_json().encode())

    world.run()

    assert "old-1/api.zip" in world.blobs.packages
    assert "new-1/api.zip" not in world.blobs.packages


def test_in_an_account_that_another_app_uses_too_only_what_is_our_own_goes():
    world = lineage()
    world.blobs.noted.add("other")
    world.blobs.containers.add("theirs-1")

    run = world.run()

    assert world.left_of("old-1") == ["package"]
    assert "theirs-1" in world.blobs.containers
    assert [(trouble.subject, trouble.code) for trouble in run.troubles] == [("artifacts", "ArtifactStorageShared")]


def test_a_bundle_goes_with_the_last_deployment_that_names_it():
    world = lineage()  # all of them name bundle-1
    world.blobs.bundles |= {"bundle-1", "bundle-2"}

    world.run()

    assert world.blobs.bundles == {"bundle-1"}


def test_what_is_left_of_a_deployment_without_a_state_goes():
    world = lineage()
    world.documents.delete("state/old-2.json")
    world.documents.delete("state/old-1.json")

    run = world.run()

    assert run.removed.deployments == 1
    assert world.paths_of("old-2") == []
    assert "old-2" not in world.blobs.containers


def test_a_deployment_whose_state_can_not_be_read_keeps_everything():
    world = lineage()
    world.documents.put("state/old-1.json", b'{"of": "a later version"}', {})
    world.blobs.bundles.add("bundle-2")
    before = world.left_of("old-1")

    world.run()

    assert world.left_of("old-1") == before
    assert world.blobs.bundles == {"bundle-2"}


def test_a_state_without_an_index_is_read_itself():
    world = lineage()
    before = world.left_of("new-1")
    for path in ("state/old-1.json", "state/new-1.json"):  # as an earlier version of the app wrote them
        document = world.documents.read(path)
        world.documents.put(path, document.content, {"status": "failed"})

    run = world.run()

    assert "old-1" in [gone.deployment_id for gone in run.removals]
    assert world.left_of("new-1") == before


def test_turns_of_deployments_that_are_over_are_given_up():
    world = lineage()
    plan = world.plan("new-1")
    world.ended("runs", Status.DEPLOYING, age=0)
    world.app.deployments.locks.take(plan.lineage, "runs", LONG_AGO)
    world.app.deployments.locks.take(plan.lineage, "gone", NOW)
    assert [waiter.deployment_id for waiter in world.app.deployments.locks.get(KEY).queue] == ["gone"]

    world.run()

    lock = world.app.deployments.locks.get(KEY)
    assert (lock.owner, lock.queue) == ("runs", ())


def test_the_first_plan_of_a_run_and_its_end_stand():
    world = lineage()
    work = world.begin()

    first = plan_retention(world.app, RetentionStep(run=work.run))
    world.ended("old-3", age=90)
    second = plan_retention(world.app, RetentionStep(run=work.run))
    record_retention(world.app, RetentionEnd(run=work.run, removed=Tally(deployments=2)))
    record_retention(world.app, RetentionEnd(run=work.run, removed=Tally(deployments=9)))

    assert first == second
    assert world.app.retention.run(work.run).removed.deployments == 2


def test_removing_what_is_unused_twice_removes_it_once():
    world = lineage()
    world.blobs.bundles.add("bundle-2")
    work = UnusedInput(run=world.begin().run, rule=RULE)

    assert remove_unused(world.app, work).removed == Tally(bundles=1, size=100)
    assert remove_unused(world.app, work).removed == Tally()


def test_a_mark_survives_so_that_the_next_run_goes_on_with_it():
    world = lineage()
    world.app.deployments.update_state("old-1", lambda state: retired(state, RULE, NOW))

    world.run()

    assert world.left_of("old-1") == []
