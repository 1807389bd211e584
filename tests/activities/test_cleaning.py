"""The activities of mode Complete on documents in memory, with an ARM that says what a test wants."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from activities.cleaning import foresee_writes, list_doomed
from activities.cleaning_deletions import delete_doomed, end_clean_up
from activities.standing import asked_of
from armature.approval import ApprovalState, ApprovalStatus
from armature.azure.cleaning import CleanUpStore
from armature.azure.deployments import DeploymentStore
from armature.azure.models import ArmResource, ManagementLock
from armature.azure.previews import PreviewStore
from armature.azure.rollbacks import RollbackStore
from armature.cleaning import KeptReason
from armature.cleaning.rows import text_rows
from armature.control import CancelRequest, ControlRequest, LineageRecord
from armature.errors import FailureClass, FailureError, Recovery, failure
from armature.messages import CleaningInput, CleanUpEndInput, ForesightInput, ListingInput
from armature.options import Mode, Options
from armature.plan import DeploymentScopeTarget, Lineage, Plan, PlannedTemplate
from armature.preview import ChangeKind, ResourceChange, TemplatePreview, TemplateVerdict
from armature.request import BundleReference, DeploymentRequest, Target
from armature.state import LineageState, Status, TemplateState, TemplateStatus
from armature.surveying import TemplateSurvey
from armature.transitions import accepted
from tests.memory import MemoryDocuments

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
MADE = datetime(2026, 1, 1, tzinfo=UTC)
BUSY = failure(FailureClass.RESOURCE_CONFLICT, "AnotherOperationInProgress", "It is in use.").model_copy(
    update={"recovery": Recovery.WAIT}
)
LOCKED = failure(FailureClass.AUTHORIZATION, "ScopeLocked", "The scope is locked.")
FORBIDDEN = failure(FailureClass.AUTHORIZATION, "AuthorizationFailed", "The app may not read locks.")
ODD = failure(FailureClass.UNKNOWN, "MethodNotAllowed", "It can't be deleted.")
AWAY = failure(FailureClass.TRANSIENT, "ConnectionError", "ARM can't be reached.")


class Arm:
    """A subscription with resources by id; deletions are `refused` by id, or take as long as `slow` says."""

    subscription = SUBSCRIPTION

    def __init__(self, group: str) -> None:
        self.group = group
        self.resources: dict[str, ArmResource] = {}
        self.documents: dict[str, dict[str, Any]] = {}
        self.locks: list[ManagementLock] = []
        self.refused: dict[str, Any] = {}
        self.slow: set[str] = set()
        self.deleted: list[str] = []
        self.failing: dict[str, Any] = {}

    def put(self, path: str, **parts: Any) -> str:
        provider, *names = path.split("/")
        kind = "/".join([provider, *names[::2]])
        id_ = f"{self.group}/providers/{path}"
        base = {"created_at": MADE, "changed_at": MADE + timedelta(hours=1)}
        self.resources[id_.lower()] = ArmResource(id=id_, type=kind, name="/".join(names[1::2]), **{**base, **parts})
        self.documents[id_.lower()] = {"id": id_, "tags": parts.get("tags", {}), "properties": {}}
        return id_

    def change(self, id_: str, **parts: Any) -> None:
        self.resources[id_.lower()] = self.resources[id_.lower()].model_copy(update=parts)

    def list_resources(self, name: str) -> tuple[ArmResource, ...]:
        self._may("list_resources")
        is_here = self.group.lower().endswith(f"/{name.lower()}")
        return tuple(self.resources.values()) if is_here else ()

    def list_locks(self) -> tuple[ManagementLock, ...]:
        self._may("list_locks")
        return tuple(self.locks)

    def read_resource(self, id_: str) -> dict[str, Any] | None:
        self._may("read_resource")
        return self.documents.get(id_.lower())

    def delete_resource(self, id_: str) -> bool:
        if id_ in self.refused:
            raise FailureError(self.refused[id_])
        self.deleted.append(id_)
        if id_ in self.slow:
            self.documents[id_.lower()]["properties"]["provisioningState"] = "Deleting"
            return False
        self.gone(id_)
        return True

    def gone(self, id_: str) -> None:
        for key in list(self.resources):
            if key == id_.lower() or key.startswith(f"{id_.lower()}/"):
                del self.resources[key], self.documents[key]

    def _may(self, call: str) -> None:
        if call in self.failing:
            raise FailureError(self.failing[call])


class World:
    """A deployment in mode Complete whose one template `web` deploys the site `shop`."""

    def __init__(self, documents: Any, **options: Any) -> None:
        self.id = f"cleaning-{uuid4().hex[:12]}"
        self.group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{self.id}"
        self.arm = Arm(self.group)
        self.app: Any = SimpleNamespace(
            deployments=DeploymentStore(documents),
            clean_ups=CleanUpStore(documents),
            previews=PreviewStore(documents),
            artifacts=SimpleNamespace(find=lambda *_: None),
            rollbacks=RollbackStore(documents),
            arm=lambda _: self.arm,
            app_name="starmature",
        )
        self.key = uuid4().hex[:16]
        self.kept = self.arm.put("Microsoft.Web/sites/shop")
        scope = DeploymentScopeTarget(subscription=SUBSCRIPTION, resource_group=f"rg-{self.id}")
        template = PlannedTemplate(name="web", path="web.json", tier=0, scope=scope, deployment_name=f"web.{self.id}")
        plan = Plan(
            deployment_id=self.id,
            lineage=Lineage(project="shop", environment="test", key=self.key),
            subscription=SUBSCRIPTION,
            location="eastus2",
            templates=(template,),
        )
        request = DeploymentRequest(
            bundle=BundleReference(id="bundle-1"),
            target=Target(subscription=SUBSCRIPTION),
            options=Options(mode=Mode.COMPLETE, **options),
        )
        state = accepted(request, self.id, None, datetime.now(UTC))
        shown = TemplateState.planned(template).model_copy(
            update={"status": TemplateStatus.SUCCEEDED, "resources": (self.kept.upper(),)}
        )
        lineage = LineageState(project="shop", environment="test", key=self.key)
        assert self.app.deployments.create_state(state.model_copy(update={"templates": (shown,), "lineage": lineage}))
        self.app.deployments.save_plan(plan)

    def listed(self, *, is_after_rollout: bool = True):
        work = ListingInput(deployment_id=self.id, is_after_rollout=is_after_rollout)
        return list_doomed(self.app, work)

    def approve(self, list_id: str) -> None:
        approval = ApprovalState(
            approval_id="a" * 16,
            status=ApprovalStatus.APPROVED,
            list_id=list_id,
            asked_at=MADE,
            deadline=MADE + timedelta(days=1),
        )
        self.app.deployments.update_state(self.id, lambda found: found.model_copy(update={"approval": approval}))

    def pass_(self, list_id: str, **parts: Any):
        work = {"deployment_id": self.id, "run": self.state.run, "list_id": list_id, **parts}
        return delete_doomed(self.app, CleaningInput(**work))

    def passes(self, list_id: str) -> None:
        """Passes as the orchestrator makes them, until nothing is left or nothing goes on."""
        is_stuck, stuck = False, 0
        while stuck < 2:
            answer = self.pass_(list_id, is_stuck=is_stuck)
            if not answer.left:
                return
            is_stuck = not (answer.settled or answer.under_way)
            stuck = stuck + 1 if is_stuck else 0

    def end(self, list_id: str, why: str = ""):
        run = self.state.run
        return end_clean_up(self.app, CleanUpEndInput(deployment_id=self.id, run=run, list_id=list_id, why=why))

    def entries(self, list_id: str) -> set[str]:
        found = self.app.clean_ups.listed(self.id, list_id)
        return {each.id for each in found.resources}

    @property
    def state(self):
        return self.app.deployments.state(self.id)

    def codes(self) -> list[str]:
        return [event.code.value for event in self.app.deployments.events(self.id)]


@pytest.fixture
def documents() -> MemoryDocuments:
    return MemoryDocuments()


@pytest.fixture
def world(documents) -> World:
    return World(documents, force=True)


def test_the_list_is_what_the_groups_hold_and_no_template_deploys_and_is_made_twice_alike(world):
    plan = world.arm.put("Microsoft.Web/serverfarms/stray")
    account = world.arm.put("Microsoft.Storage/storageAccounts/stray")

    first, second = world.listed(), world.listed()

    assert first == second
    assert world.entries(first.list_id) == {plan, account}
    assert (first.total, first.to_delete, first.unapproved, first.holding_data) == (2, 2, 2, 1)
    assert (world.state.clean_up.total, world.state.clean_up.list_id) == (2, first.list_id)
    assert world.codes() == ["CleanUpListed"]


def test_before_the_rollout_the_templates_are_foreseen_first(world):
    answer = world.listed(is_after_rollout=False)

    assert (answer.is_made, answer.templates) == (False, 1)
    told = foresee_writes(world.app, ForesightInput(deployment_id=world.id, index=0))
    assert told.failure is None
    assert world.listed(is_after_rollout=False).is_made


def test_what_can_not_be_foreseen_leaves_the_list_incomplete(world):
    stray = world.arm.put("Microsoft.Web/serverfarms/stray")
    work = ListingInput(deployment_id=world.id, takes_what_there_is=True)

    answer = list_doomed(world.app, work)

    assert (answer.is_made, answer.unforeseen) == (True, 1)
    assert world.entries(answer.list_id) == {stray}
    assert not world.state.clean_up.is_complete


def test_artifact_accounts_and_the_apps_own_storage_are_kept(world):
    tagged = world.arm.put("Microsoft.Storage/storageAccounts/armature1", tags={"armature-artifacts": "v1"})
    own = world.arm.put(f"Microsoft.Storage/storageAccounts/{world.app.app_name}")

    found = world.app.clean_ups.listed(world.id, world.listed().list_id)

    assert found.resources == ()
    assert {each.id for each in found.kept} == {tagged, own}


@pytest.mark.parametrize("home", ["Microsoft.Storage/storageAccounts/stArmature", "Microsoft.Web/sites/Func-Armature"])
def test_in_the_resource_group_of_the_app_itself_nothing_is_deleted(world, monkeypatch, home):
    monkeypatch.setenv("WEBSITE_SITE_NAME", "func-armature")
    theirs = [world.arm.put(f"Microsoft.{name}") for name in ("Web/serverfarms/plan", "Insights/components/logs")]
    before = world.app.clean_ups.listed(world.id, world.listed().list_id)
    own = world.arm.put(home)

    found = world.app.clean_ups.listed(world.id, world.listed().list_id)

    assert {each.id for each in before.resources} == set(theirs)
    assert found.resources == ()
    assert {each.id: each.reason for each in found.kept} == dict.fromkeys([*theirs, own], KeptReason.ARMATURE)


@pytest.mark.parametrize("which", ["completed", "latest"])
def test_what_another_lineage_has_deployed_is_kept_until_it_is_rolled_back(documents, world, which):
    stray = world.arm.put("Microsoft.Web/serverfarms/theirs")
    other = World(documents)
    other.app.deployments.update_state(
        other.id, lambda found: found.model_copy(update={"templates": (with_resources(found, stray),)})
    )
    record = LineageRecord(completed=(other.id,)) if which == "completed" else LineageRecord(latest=other.id)
    world.app.deployments.update_lineage(other.key, lambda _: record)

    kept = world.app.clean_ups.listed(world.id, world.listed().list_id)
    other.app.deployments.update_state(other.id, lambda found: found.model_copy(update={"status": Status.ROLLED_BACK}))
    listed = world.app.clean_ups.listed(world.id, world.listed().list_id)

    assert [(each.id, other.id in each.why) for each in kept.kept] == [(stray, True)]
    assert [each.id for each in listed.resources] == [stray]


def with_resources(state, *ids: str) -> TemplateState:
    return state.templates[0].model_copy(update={"resources": ids})


@pytest.mark.parametrize(("status", "is_kept"), [("deploying", True), ("failed", True), ("completed", False)])
def test_what_another_lineage_is_deploying_just_now_is_kept_before_its_template_has_ended(
    documents, world, status, is_kept
):
    theirs = world.arm.put("Microsoft.Web/serverfarms/theirs")
    other = World(documents)
    other.app.deployments.update_state(
        other.id, lambda found: found.model_copy(update={"status": Status(status), "templates": ()})
    )
    other.app.rollbacks.add_sightings(other.id, TemplateSurvey(template="plan", ids=(theirs.upper(),)))
    world.app.deployments.update_lineage(other.key, lambda _: LineageRecord(latest=other.id))

    listed = world.app.clean_ups.listed(world.id, world.listed().list_id)

    assert bool(listed.resources) is not is_kept
    assert [each.reason for each in listed.kept] == ([KeptReason.OTHER_LINEAGE] if is_kept else [])


def test_before_the_rollout_what_azure_foresees_of_a_template_without_an_output_is_not_listed(world):
    written = world.arm.put("Microsoft.Storage/storageAccounts/written")
    left = world.arm.put("Microsoft.Storage/storageAccounts/left")
    gone = world.arm.put("Microsoft.Web/serverfarms/gone")
    kinds = {written: ChangeKind.NO_CHANGE, left: ChangeKind.IGNORE, gone: ChangeKind.DELETE}
    changes = tuple(ResourceChange(id=id_, type="", name="", kind=kind) for id_, kind in kinds.items())
    part = TemplatePreview(template="web", verdict=TemplateVerdict.ACCEPTED, needs=("a.b",), run=1, changes=changes)
    world.app.previews.save_part(world.id, part)
    work = ListingInput(deployment_id=world.id, takes_what_there_is=True)

    before = world.entries(list_doomed(world.app, work).list_id)
    world.app.previews.save_part(world.id, part.model_copy(update={"run": 2}))
    of_another_run = world.entries(list_doomed(world.app, work).list_id)

    assert before == {left, gone}
    assert of_another_run == {written, left, gone}


def test_what_a_template_that_can_not_be_foreseen_deployed_before_is_listed_after_the_rollout_only(documents, world):
    before = World(documents)
    was = world.arm.put("Microsoft.Web/serverfarms/was")
    stray = world.arm.put("Microsoft.Web/serverfarms/stray")
    before.app.deployments.update_state(
        before.id, lambda found: found.model_copy(update={"templates": (with_resources(found, was),)})
    )
    world.app.deployments.update_lineage(world.key, lambda _: LineageRecord(completed=(before.id,)))
    work = ListingInput(deployment_id=world.id, takes_what_there_is=True)

    first = world.entries(list_doomed(world.app, work).list_id)
    after = world.entries(world.listed().list_id)

    assert first == {stray}
    assert after == {stray, was}


def test_what_something_that_is_deployed_refers_to_is_told_with_it(world):
    plan = world.arm.put("Microsoft.Web/serverfarms/stray")
    lone = world.arm.put("Microsoft.Web/serverfarms/lone")
    world.arm.documents[world.kept.lower()]["properties"]["serverFarmId"] = plan.upper().replace("/SUBS", "/subs")
    world.arm.documents[lone.lower()]["properties"]["other"] = lone

    found = world.app.clean_ups.listed(world.id, world.listed().list_id)

    assert {each.id: each.used_by for each in found.resources} == {plan: (world.kept,), lone: ()}
    [row] = [line for line in text_rows(found.resources) if "Used by" in line]
    assert row == f"    Used by {world.kept}."


def test_that_something_stays_in_a_group_to_which_no_template_goes_any_more_is_told(documents, world):
    before = World(documents)
    moved = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-Left/providers/Microsoft.Web/serverfarms/moved"
    here = world.arm.put("Microsoft.Web/serverfarms/here")
    before.app.deployments.update_state(
        before.id, lambda found: found.model_copy(update={"templates": (with_resources(found, moved, here),)})
    )
    world.app.deployments.update_lineage(world.key, lambda _: LineageRecord(completed=(before.id,)))
    world.app.artifacts.find = lambda *_: SimpleNamespace()
    world.app.artifacts.has_container = lambda *_: True

    listed = world.app.clean_ups.listed(world.id, world.listed().list_id)

    assert {each.id for each in listed.resources} == {here}
    assert listed.notes == (
        f"What {before.id} deployed to rg-left stays: no template goes to these resource groups any more.",
    )


def test_an_endpoints_interface_goes_with_it(world):
    endpoint = world.arm.put("Microsoft.Network/privateEndpoints/pe")
    card = world.arm.put("Microsoft.Network/networkInterfaces/pe.nic")
    world.arm.documents[card.lower()]["properties"] = {"privateEndpoint": {"id": endpoint}}
    answer = world.listed()
    found = {each.id: each for each in world.app.clean_ups.listed(world.id, answer.list_id).resources}

    world.arm.slow.add(endpoint)
    first = world.pass_(answer.list_id)
    world.arm.gone(endpoint)
    world.arm.gone(card)
    second = world.pass_(answer.list_id)

    assert found[card].goes_with == endpoint
    assert world.arm.deleted == [endpoint]
    assert (first.left, second.left, second.settled) == (2, 1, 1)
    assert world.pass_(answer.list_id).left == 0


def test_locks_that_may_not_be_read_are_told_and_stop_nothing(world):
    world.arm.put("Microsoft.Web/serverfarms/stray")
    world.arm.failing["list_locks"] = FORBIDDEN

    found = world.app.clean_ups.listed(world.id, world.listed().list_id)

    assert len(found.to_delete) == 1
    assert "could not be read" in found.notes[0]


@pytest.mark.parametrize("call", ["list_resources", "list_locks"])
def test_an_arm_that_is_away_makes_no_list(world, call):
    world.arm.failing[call] = AWAY

    with pytest.raises(FailureError):
        world.listed()
    assert world.state.clean_up is None


def test_one_that_is_cancelled_lists_nothing(world):
    cancel(world)

    assert world.listed().is_cancelled
    assert world.state.clean_up is None


def cancel(world: World) -> None:
    request = CancelRequest(run=1, at=datetime.now(UTC), by="ada")
    world.app.deployments.ask(world.id, lambda found: found.with_cancel(request))


def test_what_is_not_approved_exactly_so_is_not_deleted(documents):
    world = World(documents)
    plan, other = (world.arm.put(f"Microsoft.Web/serverfarms/{name}") for name in ("a", "b"))
    first = world.listed()
    world.approve(first.list_id)
    world.arm.change(other, changed_at=MADE + timedelta(hours=2))
    second = world.listed()

    world.passes(second.list_id)
    ending = world.end(second.list_id)

    assert (first.unapproved, second.unapproved) == (2, 1)
    assert world.arm.deleted == [plan]
    assert (ending.deleted, ending.kept, ending.left) == (1, 1, 0)
    assert [warning.code for warning in world.state.warnings] == ["UnapprovedResourcesKept"]
    world.approve(second.list_id)
    assert world.listed().unapproved == 0
    assert set(world.app.clean_ups.record(world.id).approved) == {first.list_id, second.list_id}


def test_children_go_first_and_a_second_pass_deletes_nothing_twice(world):
    site = world.arm.put("Microsoft.Web/sites/stray")
    slot = world.arm.put("Microsoft.Web/sites/stray/slots/blue")
    plan = world.arm.put("Microsoft.Web/serverfarms/stray")
    list_id = world.listed().list_id

    world.passes(list_id)
    again = world.pass_(list_id)

    assert world.arm.deleted == [slot, site, plan]
    assert (again.left, again.settled) == (0, 0)
    assert world.state.clean_up.deleted == 3
    assert world.codes().count("ResourceDeleted") == 3
    assert world.end(list_id) == world.end(list_id)
    assert world.codes().count("CleanUpEnded") == 1


def test_one_that_died_after_azure_had_deleted_goes_on(world):
    site = world.arm.put("Microsoft.Web/sites/stray")
    plan = world.arm.put("Microsoft.Web/serverfarms/stray")
    list_id = world.listed().list_id

    world.arm.gone(site)  # the pass that had asked for it did not live to write that down
    world.passes(list_id)

    assert world.arm.deleted == [plan]
    assert world.state.clean_up.deleted == 2


def test_what_azure_takes_its_time_for_is_only_looked_at(world):
    site = world.arm.put("Microsoft.Web/sites/stray")
    world.arm.slow.add(site)
    list_id = world.listed().list_id

    first, second = world.pass_(list_id), world.pass_(list_id)
    world.arm.gone(site)
    third = world.pass_(list_id)

    assert world.arm.deleted == [site]
    assert (first.under_way, second.under_way, third.left) == (1, 1, 0)


def test_what_somebody_is_using_yet_is_tried_again_and_holds_up_what_comes_after(world):
    site = world.arm.put("Microsoft.Web/sites/stray")
    plan = world.arm.put("Microsoft.Web/serverfarms/stray")
    world.arm.refused[site] = BUSY
    list_id = world.listed().list_id

    world.pass_(list_id)
    untouched = list(world.arm.deleted)
    del world.arm.refused[site]
    world.passes(list_id)

    assert untouched == []
    assert world.arm.deleted == [site, plan]


@pytest.mark.parametrize(
    "parts",
    [
        {"changed_at": MADE + timedelta(hours=5)},
        {"created_at": MADE + timedelta(hours=5)},
        {"managed_by": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm"},
        {"tags": {"needed": "yes"}},
    ],
)
def test_what_somebody_has_changed_since_is_kept_and_told(world, parts):
    stray = world.arm.put("Microsoft.Web/serverfarms/stray")
    list_id = world.listed().list_id
    world.arm.change(stray, **parts)

    world.passes(list_id)
    ending = world.end(list_id)

    assert world.arm.deleted == []
    assert (ending.deleted, ending.kept, ending.left) == (0, 1, 0)
    assert [warning.code for warning in world.state.warnings] == ["ChangedResourcesKept"]
    assert world.state.clean_up.leftovers[0].id == stray


def test_what_only_the_resource_itself_shows_yet_counts_too(world):
    stray = world.arm.put("Microsoft.Web/serverfarms/stray")
    list_id = world.listed().list_id
    later = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    world.arm.documents[stray.lower()]["systemData"] = {"lastModifiedAt": later}

    world.passes(list_id)

    assert world.arm.deleted == []


def test_what_its_own_deletions_change_is_deleted_all_the_same(world):
    machine = world.arm.put("Microsoft.Compute/virtualMachines/vm")
    disk = world.arm.put("Microsoft.Compute/disks/vm-os", managed_by=machine)
    world.arm.documents[machine.lower()]["properties"] = {"storageProfile": {"osDisk": {"managedDisk": {"id": disk}}}}
    list_id = world.listed().list_id

    world.pass_(list_id)
    world.arm.change(disk, managed_by=None, changed_at=MADE + timedelta(hours=9))
    world.passes(list_id)

    assert world.arm.deleted == [machine, disk]


def test_a_lock_keeps_what_it_is_on_before_and_after_it_was_listed(world):
    known = world.arm.put("Microsoft.Web/serverfarms/known")
    world.arm.locks = [ManagementLock(id=f"{known}/lock", scope=known, level="CanNotDelete")]
    late = world.arm.put("Microsoft.Web/serverfarms/late")
    world.arm.refused[late] = LOCKED
    answer = world.listed()

    world.passes(answer.list_id)
    ending = world.end(answer.list_id)

    assert (answer.total, answer.to_delete, answer.locked) == (2, 1, 1)
    assert world.arm.deleted == []
    assert (ending.kept, ending.left) == (2, 0)
    assert [warning.code for warning in world.state.warnings] == ["LockedResourcesKept"]


def test_what_is_refused_for_good_is_left_with_the_reason_and_the_rest_goes(world):
    odd = world.arm.put("Microsoft.Web/sites/odd")
    plan = world.arm.put("Microsoft.Web/serverfarms/stray")
    world.arm.refused[odd] = ODD
    list_id = world.listed().list_id

    world.passes(list_id)
    ending = world.end(list_id, "Nothing went on for 30 minutes.")

    assert world.arm.deleted == [plan]
    assert (ending.deleted, ending.left) == (1, 1)
    left = world.state.clean_up.leftovers[0]
    assert (left.id, left.reason) == (odd, "MethodNotAllowed: It can't be deleted.")
    assert "resume the deployment" in left.suggestion
    assert "ResourceLeftOver" in world.codes()


@pytest.mark.parametrize("stop", ["cancelled", "lock", "ended"])
def test_once_the_run_is_stopped_nothing_more_is_deleted(world, stop):
    world.arm.put("Microsoft.Web/serverfarms/stray")
    list_id = world.listed().list_id
    if stop == "cancelled":
        cancel(world)
    elif stop == "lock":
        taken = ControlRequest(run=1, at=datetime.now(UTC))
        world.app.deployments.ask(world.id, lambda found: found.with_lock_broken(taken))
    else:
        world.app.deployments.update_state(world.id, lambda s: s.model_copy(update={"status": Status.CANCELLED}))

    answer = world.pass_(list_id)

    assert world.arm.deleted == []
    assert (answer.is_cancelled, answer.is_lock_broken) == (stop == "cancelled", stop == "lock")
    assert asked_of(world.app, world.state).is_cancelled == (stop == "cancelled")


def test_a_pass_that_comes_when_a_further_run_has_begun_deletes_nothing_and_ends_nothing(world):
    world.arm.put("Microsoft.Web/serverfarms/stray")
    list_id = world.listed().list_id
    world.app.deployments.update_state(world.id, lambda found: found.model_copy(update={"run": 2}))

    world.pass_(list_id, run=1)
    with pytest.raises(FailureError, match="Run 1"):
        end_clean_up(world.app, CleanUpEndInput(deployment_id=world.id, run=1, list_id=list_id))

    assert world.arm.deleted == []
    assert "CleanUpEnded" not in world.codes()


def test_a_further_run_tries_again_what_an_earlier_one_gave_up(world):
    odd = world.arm.put("Microsoft.Web/sites/odd")
    world.arm.refused[odd] = ODD
    list_id = world.listed().list_id
    world.passes(list_id)
    del world.arm.refused[odd]
    world.app.deployments.update_state(world.id, lambda found: found.model_copy(update={"run": 2}))

    list_id = world.listed().list_id
    world.passes(list_id)

    assert world.arm.deleted == [odd]
    assert world.app.clean_ups.deleted(world.id) == {odd}


def test_hundreds_go_in_passes_and_the_state_stays_small(world):
    ids = {world.arm.put(f"Microsoft.Web/serverfarms/s{number:03}") for number in range(250)}
    list_id = world.listed().list_id

    world.passes(list_id)
    world.end(list_id)

    assert set(world.arm.deleted) == ids
    assert world.state.clean_up.deleted == 250
    assert len(world.state.model_dump_json()) < 30_000
