"""What mode Complete would delete: all that the groups hold and nothing keeps; and what is said of it before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.cleaning import CleanUpState, Foresight, KeptReason, Lock, Owner
from armature.cleaning.data import holds_data, types_that_hold_data, what_is_lost
from armature.cleaning.model import SHOWN, list_id_of
from armature.surveying import owners_of
from tests.armature.cleaning.world import (
    ACCOUNT,
    CARD,
    CHANGED,
    DISK,
    ENDPOINT,
    GROUP,
    MACHINE,
    MASTER,
    NETWORK,
    ORDERS,
    PLAN,
    SERVER,
    SITE,
    SLOT,
    doomed_ids,
    found,
    listed,
)


def kept(of) -> dict[str, KeptReason]:
    return {each.id: each.reason for each in of.kept}


def test_what_no_template_deploys_is_listed_over_all_groups():
    found_list = listed(found(SITE), found(PLAN), found(ACCOUNT), ours=(PLAN,))

    assert doomed_ids(found_list) == {SITE, ACCOUNT}


def test_letter_case_tells_no_two_resources_apart():
    assert doomed_ids(listed(found(SITE), found(ACCOUNT), ours=(SITE.upper(), ACCOUNT.lower()))) == set()


def test_a_parent_of_what_a_template_deploys_is_kept_and_a_child_that_none_deploys_is_not():
    found_list = listed(found(SERVER), found(ORDERS), found(SITE), found(SLOT), ours=(ORDERS, SITE))

    assert doomed_ids(found_list) == {SLOT}


def test_a_parent_is_kept_for_a_child_that_no_list_shows():
    subnet = f"{NETWORK}/subnets/web"

    assert doomed_ids(listed(found(NETWORK), ours=(subnet,))) == set()


def test_what_another_lineage_has_deployed_is_kept_and_told():
    owner = Owner(deployment_id="data-7", project="data", environment="prod")
    found_list = listed(found(SERVER), found(ORDERS), others={ORDERS.lower(): owner})

    assert doomed_ids(found_list) == set()
    assert kept(found_list) == {SERVER: KeptReason.OTHER_LINEAGE, ORDERS: KeptReason.OTHER_LINEAGE}
    assert found_list.kept[0].why == "It is of the deployment data-7 (project data, environment prod)."


def test_what_is_armatures_own_is_kept():
    found_list = listed(found(ACCOUNT), own={ACCOUNT.lower(): "It is Armature's own storage account."})

    assert kept(found_list) == {ACCOUNT: KeptReason.ARMATURE}


def test_what_something_kept_manages_is_kept_and_so_is_what_that_manages():
    below = f"{GROUP}/providers/Microsoft.Compute/snapshots/s"
    machine, disk, snapshot = found(MACHINE), found(DISK, managed_by=MACHINE.upper()), found(below, managed_by=DISK)

    assert kept(listed(snapshot, disk, machine, ours=(MACHINE,))) == {
        DISK: KeptReason.MANAGED,
        below: KeptReason.MANAGED,
    }
    assert doomed_ids(listed(snapshot, disk, machine)) == {MACHINE, DISK, below}


def test_a_system_database_and_an_endpoints_interface_stay_with_what_they_come_with():
    function = f"{SITE}/functions/hello"
    resources = (found(SERVER), found(MASTER), found(ENDPOINT), found(CARD, part_of=ENDPOINT), found(function))

    assert doomed_ids(listed(*resources, ours=(SERVER, ENDPOINT, SITE))) == set()


def test_they_go_with_it_and_not_by_themselves():
    resources = (found(SERVER), found(MASTER), found(ENDPOINT), found(CARD, part_of=ENDPOINT))

    found_list = listed(*resources)

    assert {each.id: each.goes_with for each in found_list.resources} == {
        SERVER: None,
        MASTER: SERVER,
        ENDPOINT: None,
        CARD: ENDPOINT,
    }


def test_what_the_platform_makes_by_itself_is_kept():
    watcher = f"{GROUP}/providers/Microsoft.Network/networkWatchers/NetworkWatcher_eastus2"
    group = f"{GROUP}/providers/microsoft.insights/actionGroups/Application Insights Smart Detection"

    assert kept(listed(found(watcher), found(group))) == {watcher: KeptReason.PLATFORM, group: KeptReason.PLATFORM}


def test_what_application_insights_makes_and_what_is_linked_goes_by_its_component():
    component = f"{GROUP}/providers/Microsoft.Insights/components/shop"
    rule = f"{GROUP}/providers/microsoft.alertsmanagement/smartDetectorAlertRules/Failure Anomalies - shop"
    web_test = f"{GROUP}/providers/Microsoft.Insights/webtests/ping"
    resources = (found(component), found(rule), found(web_test, tags={f"hidden-link:{component}": "Resource"}))

    assert doomed_ids(listed(*resources, ours=(component,))) == set()
    assert doomed_ids(listed(*resources)) == {component, rule, web_test}


@pytest.mark.parametrize(
    ("scope", "locked"),
    [
        (SITE, {SITE, SLOT}),
        (SLOT, {SITE, SLOT}),
        (GROUP, {SITE, SLOT, PLAN}),
        ("/subscriptions/s-1", {SITE, SLOT, PLAN, ACCOUNT}),
        (f"{SITE}-two", set()),
        ("/subscriptions/s-2", set()),
    ],
)
def test_a_lock_keeps_what_it_is_on_what_is_in_that_and_what_holds_it(scope, locked):
    lock = Lock(id=f"{scope}/providers/Microsoft.Authorization/locks/keep", scope=scope.upper(), level="CanNotDelete")

    found_list = listed(found(SITE), found(SLOT), found(PLAN), found(ACCOUNT), locks=(lock,))

    assert {each.id for each in found_list.locked} == locked
    assert {each.id for each in found_list.to_delete} == {SITE, SLOT, PLAN, ACCOUNT} - locked
    assert all(each.locked_by == lock.id for each in found_list.locked)


def test_a_lock_keeps_what_the_locked_manages_and_one_without_a_level_keeps_nothing():
    lock = Lock(id="lock", scope=MACHINE, level="ReadOnly")
    resources = (found(MACHINE), found(DISK, managed_by=MACHINE))

    assert len(listed(*resources, locks=(lock,)).locked) == 2
    assert len(listed(*resources, locks=(lock.model_copy(update={"level": "NotSpecified"}),)).locked) == 0


def test_it_says_what_holds_data_and_what_a_rollback_brings_back():
    found_list = listed(found(SITE), found(PLAN), found(ACCOUNT), restorable=(PLAN.upper(), ACCOUNT), previous="d-0")

    told = {each.id: (each.holds_data, each.comes_back) for each in found_list.resources}
    assert told == {SITE: (True, False), PLAN: (False, True), ACCOUNT: (True, False)}
    why = {each.id: each.why for each in found_list.resources}
    assert why[PLAN] == "A rollback deploys it again as in d-0."
    assert why[ACCOUNT].startswith(
        "A rollback deploys it again as in d-0, without its data. It can be recovered by hand"
    )
    assert why[SITE].startswith("No rollback restores it")


def test_the_types_that_hold_data_are_told_with_what_becomes_of_it():
    assert holds_data("Microsoft.KeyVault/Vaults")
    assert not holds_data("Microsoft.Web/serverfarms")
    assert "az keyvault recover --name kv1" in what_is_lost("Microsoft.KeyVault/vaults", "kv1")
    assert all(what_is_lost(kind, "x") and "{" not in what_is_lost(kind, "x") for kind in types_that_hold_data())


def test_the_list_is_told_apart_by_what_is_changed_locked_or_tagged_and_by_no_order():
    site, plan = found(SITE), found(PLAN)
    first = listed(site, plan)

    assert listed(plan, site).list_id == first.list_id
    others = [
        listed(site),
        listed(site.model_copy(update={"changed_at": CHANGED.replace(minute=1)}), plan),
        listed(site.model_copy(update={"created_at": CHANGED}), plan),
        listed(site.model_copy(update={"tags": {"owner": "ada"}}), plan),
        listed(site, plan, locks=(Lock(id="lock", scope=PLAN, level="CanNotDelete"),)),
    ]
    assert len({first.list_id, *(other.list_id for other in others)}) == 6


def test_only_what_is_the_same_was_approved():
    first = listed(found(SITE), found(PLAN))
    marks = [each.mark for each in first.to_delete]
    later = listed(found(SITE, changed_at=CHANGED.replace(minute=1)), found(PLAN), found(ACCOUNT))

    assert {each.id for each in later.unapproved(marks)} == {SITE, ACCOUNT}
    assert first.unapproved(marks) == ()


def test_what_was_locked_when_it_was_approved_is_not_approved_without_its_lock():
    lock = Lock(id="lock", scope=PLAN, level="CanNotDelete")
    marks = [each.mark for each in listed(found(PLAN), locks=(lock,)).resources]

    assert len(listed(found(PLAN)).unapproved(marks)) == 1


def test_templates_that_nobody_can_foresee_make_it_incomplete():
    foresight = Foresight(template="web", unforeseen="It needs network.subnetId, which is not there yet.")

    state = CleanUpState.of(listed(found(SITE), unforeseen=(foresight,)))

    assert not state.is_complete
    assert CleanUpState.of(listed(found(SITE))).is_complete


def test_the_state_shows_the_first_of_thousands_and_counts_all():
    many = [found(f"{GROUP}/providers/Microsoft.Web/sites/s{n:04}") for n in range(3000)]

    state = CleanUpState.of(listed(*many))

    assert (state.total, state.to_delete, state.holding_data, len(state.shown)) == (3000, 3000, 3000, SHOWN)
    assert len(state.model_dump_json()) < 20_000


NAMES = st.sampled_from("abcdef")
IDS = st.builds(
    lambda group, kind, names: (
        f"/subscriptions/s-1/resourceGroups/{group}/providers/Microsoft.Test/"
        + "/".join(f"{kind if not depth else 'parts'}/{name}" for depth, name in enumerate(names))
    ),
    st.sampled_from(["rg-a", "rg-b"]),
    st.sampled_from(["things", "others"]),
    st.lists(NAMES, min_size=1, max_size=3),
)


@given(st.lists(IDS, max_size=25, unique=True), st.lists(IDS, max_size=8), st.lists(IDS, max_size=4), st.data())
def test_nothing_that_is_kept_is_listed_nor_what_holds_it_and_everything_else_is(ids, ours, others, data):
    managers = {id_: data.draw(st.one_of(st.none(), st.sampled_from(ids))) for id_ in ids}
    resources = [found(id_, managed_by=managers[id_]) for id_ in ids]
    owners = {id_.lower(): Owner(deployment_id="o-1") for id_ in others}

    found_list = listed(*resources, ours=tuple(id_.swapcase() for id_ in ours), others=owners)

    protected = {id_.lower() for id_ in (*ours, *others)}
    protected |= {owner.lower() for id_ in protected.copy() for owner in owners_of(id_)}
    going = {each.id.lower() for each in found_list.resources}
    assert not going & protected
    assert not any((managers[each.id] or "").lower() in protected for each in found_list.resources)
    for id_ in ids:
        if id_.lower() not in going and id_.lower() not in protected:
            reasons = {each.id.lower(): each for each in found_list.kept}
            assert reasons[id_.lower()].reason is KeptReason.MANAGED
    assert found_list.list_id == list_id_of(reversed(found_list.resources))
