"""In which order a list is deleted: children first, users before what they use, every resource once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.cleaning import DoomedResource, Lock, deletions_of
from armature.surveying import owners_of
from tests.armature.cleaning.test_listing import IDS
from tests.armature.cleaning.world import (
    CARD,
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
    found,
    listed,
)


def levels(*resources, **facts) -> dict[str, int]:
    return {each.id: each.level for each in deletions_of(listed(*resources, **facts).resources)}


def provider(kind: str) -> str:
    return f"{GROUP}/providers/{kind}/x"


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (SLOT, SITE),
        (ORDERS, SERVER),
        (SITE, PLAN),
        (MACHINE, CARD),
        (CARD, NETWORK),
        (NETWORK, provider("Microsoft.Network/networkSecurityGroups")),
        (CARD, provider("Microsoft.Network/publicIPAddresses")),
        (ENDPOINT, NETWORK),
        (SITE, NETWORK),
        (provider("Microsoft.Network/connections"), provider("Microsoft.Network/virtualNetworkGateways")),
        (provider("Microsoft.Network/virtualNetworkGateways"), provider("Microsoft.Network/publicIPAddresses")),
        (provider("Microsoft.App/containerApps"), provider("Microsoft.App/managedEnvironments")),
        (provider("Microsoft.Insights/metricAlerts"), provider("Microsoft.Insights/actionGroups")),
        (provider("Microsoft.Insights/components"), provider("Microsoft.OperationalInsights/workspaces")),
        (SITE, provider("Microsoft.ManagedIdentity/userAssignedIdentities")),
    ],
)
def test_what_uses_goes_before_what_is_used(first, then):
    found_levels = levels(found(then), found(first))

    assert found_levels[first] < found_levels[then]


def test_what_is_managed_goes_after_its_manager():
    found_levels = levels(found(DISK, managed_by=MACHINE), found(MACHINE))

    assert found_levels[MACHINE] < found_levels[DISK]


def test_two_that_manage_each_other_are_deleted_all_the_same():
    found_levels = levels(found(DISK, managed_by=MACHINE), found(MACHINE, managed_by=DISK))

    assert set(found_levels) == {DISK, MACHINE}


def test_what_goes_with_something_stands_at_its_level_and_holds_nothing_up():
    found_levels = levels(found(SERVER), found(MASTER), found(ORDERS))

    assert found_levels[ORDERS] < found_levels[SERVER] == found_levels[MASTER]


def test_what_is_locked_is_not_deleted():
    lock = Lock(id="lock", scope=PLAN, level="CanNotDelete")

    assert set(levels(found(SITE), found(PLAN), locks=(lock,))) == {SITE}


@given(st.lists(IDS, max_size=25, unique_by=str.lower), st.data())
def test_every_resource_once_and_children_before_all_that_holds_them(ids, data):
    managers = {id_: data.draw(st.one_of(st.none(), st.sampled_from(ids))) for id_ in ids}
    doomed = [DoomedResource(id=id_, type="Microsoft.Test/things", name="n", managed_by=managers[id_]) for id_ in ids]

    deletions = deletions_of(doomed)

    found_levels = {each.id.lower(): each.level for each in deletions}
    assert sorted(found_levels) == sorted(id_.lower() for id_ in ids)
    assert [each.level for each in deletions] == sorted(each.level for each in deletions)
    for id_ in ids:
        for owner in owners_of(id_):
            if owner.lower() in found_levels:
                assert found_levels[id_.lower()] < found_levels[owner.lower()]
