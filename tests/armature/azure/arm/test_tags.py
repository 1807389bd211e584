"""Tags put beside those that are there, on the emulated ARM; and which types take any."""

import pytest

from armature.errors import FailureError
from tests.armature.azure.arm.conftest import Group, identity, network


def test_tags_are_put_beside_those_that_are_there_and_twice_is_harmless(group: Group) -> None:
    group.deploy("main", {**identity("id-a"), "tags": {"Own": "1", "shared": "template"}})
    resource = f"{group.id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a"

    for _ in range(2):
        group.arm.merge_tags(resource, {"SHARED": "option", "owner": "me"})

    document = group.arm.read_resource(resource)
    assert document is not None
    assert document["tags"] == {"Own": "1", "shared": "option", "owner": "me"}


def test_a_resource_group_takes_tags_too(group: Group) -> None:
    group.arm.merge_tags(group.id, {"owner": "me"})

    found = group.arm.get_resource_group(group.name)
    assert found is not None
    assert found.tags["owner"] == "me"


def test_a_provider_tells_which_of_its_types_take_tags(group: Group) -> None:
    group.deploy("main", network("vnet", subnet="web"))

    takes = {
        kind: group.arm.takes_tags(kind)
        for kind in (
            "Microsoft.Network/virtualNetworks",
            "microsoft.network/VIRTUALNETWORKS/subnets",
            "Microsoft.Resources/resourceGroups",
            "Microsoft.Network/nothingOfTheKind",
        )
    }

    assert list(takes.values()) == [True, False, True, None]
    with pytest.raises(FailureError):
        group.arm.merge_tags(f"{group.id}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/web", {"a": "b"})


def test_more_tags_than_a_resource_may_have_are_refused_by_name(group: Group) -> None:
    group.deploy("main", {**identity("id-a"), "tags": {f"t{number}": "x" for number in range(50)}})

    with pytest.raises(FailureError) as caught:
        group.arm.merge_tags(
            f"{group.id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a", {"one-more": "x"}
        )

    assert caught.value.failure.code == "TooManyTags"
