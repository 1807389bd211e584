"""The proof of what existed before: what counts, and what does not."""

from datetime import UTC, datetime, timedelta

import pytest

from armature.surveying import (
    GroupSurvey,
    Proofs,
    Sighting,
    TargetSurvey,
    TemplateSurvey,
    group_of,
    is_deployment,
    is_group,
    is_top_level,
    owners_of,
    subscription_of,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SUBSCRIPTION = "/subscriptions/s-1"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net"
SUBNET = f"{NETWORK}/subnets/front"
ROLE = f"{NETWORK}/providers/Microsoft.Authorization/roleAssignments/r-1"


def seen(resource_id: str, existed: bool | None, seconds: int = 0) -> Sighting:
    mark = "before" if existed else None
    return Sighting(id=resource_id, existed=existed, fingerprint=mark, at=NOW + timedelta(seconds=seconds))


def survey(*sightings: Sighting, template: str = "t") -> TemplateSurvey:
    return TemplateSurvey(template=template, ids=tuple(one.id for one in sightings), sightings=sightings)


def target(*, existed: bool = True, resources: tuple[str, ...] = ()) -> TargetSurvey:
    return TargetSurvey(at=NOW, groups=(GroupSurvey(id=GROUP, existed=existed, resources=resources),))


def test_a_look_at_the_resource_itself_decides():
    proofs = Proofs(None, [survey(seen(NETWORK, True), seen(SUBNET, False))])

    assert proofs.existed(NETWORK.upper()) is True
    assert proofs.existed(SUBNET.lower()) is False


def test_of_two_looks_the_earlier_is_the_proof_whichever_template_it_was_for():
    made_by_us = Proofs(None, [survey(seen(NETWORK, True, 9), template="b"), survey(seen(NETWORK, False, 1))])
    gone_meanwhile = Proofs(None, [survey(seen(NETWORK, False, 9)), survey(seen(NETWORK, True, 1), template="b")])

    assert made_by_us.existed(NETWORK) is False
    assert gone_meanwhile.existed(NETWORK) is True


def test_what_was_seen_first_in_a_survey_stays_as_it_was_seen():
    first = survey(seen(NETWORK, False))

    later = first.with_sightings([seen(NETWORK.upper(), True, 60), seen(SUBNET, True, 60)])

    assert Proofs(None, [later]).existed(NETWORK) is False
    assert {sighting.id for sighting in later.sightings} == {NETWORK, SUBNET}


def test_a_survey_goes_on_with_what_nobody_has_looked_at():
    begun = TemplateSurvey(template="t", ids=(NETWORK, SUBNET), sightings=(seen(NETWORK.upper(), False),))

    assert begun.left == (SUBNET,)


@pytest.mark.parametrize("belonging", [SUBNET, ROLE, f"{SUBNET}/providers/Microsoft.Authorization/locks/l"])
def test_what_belongs_to_something_that_was_absent_was_absent_too(belonging):
    proofs = Proofs(None, [survey(seen(NETWORK, False))])

    assert proofs.existed(belonging) is False


def test_what_belongs_to_something_that_existed_is_not_judged_by_it():
    proofs = Proofs(target(resources=(NETWORK,)), [survey(seen(NETWORK, True))])

    assert proofs.existed(SUBNET, NOW + timedelta(days=1)) is None


def test_everything_in_a_group_that_was_not_there_is_new():
    proofs = Proofs(target(existed=False), [])

    assert proofs.existed(GROUP.upper()) is False
    assert proofs.existed(SUBNET) is False


def test_a_top_level_resource_is_new_when_the_list_did_not_hold_it_and_it_was_created_later():
    proofs = Proofs(target(), [])

    assert proofs.existed(NETWORK, NOW + timedelta(seconds=1)) is False
    assert proofs.existed(NETWORK, NOW - timedelta(seconds=1)) is None  # the list lags behind writes
    assert proofs.existed(NETWORK) is None


def test_what_the_list_held_existed_even_if_it_was_made_again():
    proofs = Proofs(target(resources=(NETWORK.upper(),)), [])

    assert proofs.existed(NETWORK, NOW + timedelta(seconds=1)) is True


def test_a_look_that_found_nothing_counts_for_nothing_against_a_list_or_the_deployment_before():
    """Reads of ARM can lag behind writes."""
    stale = survey(seen(NETWORK, False), seen(SUBNET, False))

    proofs = Proofs(target(resources=(NETWORK,)), [stale], earlier=[SUBNET.upper()])

    assert proofs.existed(NETWORK) is True
    assert proofs.existed(SUBNET) is True
    assert Proofs(target(existed=False), [], earlier=[NETWORK]).existed(GROUP) is True


def test_what_others_made_meanwhile_is_theirs_though_the_group_around_it_stays_ours():
    proofs = Proofs(target(existed=False), [survey(seen(NETWORK, False))], others=[NETWORK])

    assert proofs.existed(NETWORK) is True
    assert proofs.existed(GROUP) is False


def test_nothing_is_known_of_what_nobody_looked_at():
    proofs = Proofs(target(), [survey(seen(ROLE, None))])

    assert proofs.existed(ROLE) is None
    assert proofs.existed(f"{SUBSCRIPTION}/resourceGroups/other", NOW) is None
    assert Proofs(None, []).existed(NETWORK, NOW) is None


def test_the_owners_of_a_resource_are_those_it_is_deleted_with_the_nearest_first():
    assert list(owners_of(SUBNET)) == [NETWORK, GROUP]
    assert list(owners_of(f"{SUBNET}/PROVIDERS/Microsoft.Authorization/locks/l")) == [SUBNET, NETWORK, GROUP]
    assert list(owners_of(f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments/r")) == []
    assert list(owners_of(GROUP)) == []


def test_ids_tell_what_they_name():
    deployment = f"{GROUP}/providers/Microsoft.Resources/deployments/d"

    assert group_of(SUBNET) == GROUP
    assert group_of(f"{SUBSCRIPTION}/providers/Microsoft.Authorization/locks/l") is None
    assert subscription_of(SUBNET) == "s-1"
    assert subscription_of("/providers/Microsoft.Management/managementGroups/m") is None
    assert [is_group(each) for each in (GROUP, NETWORK)] == [True, False]
    assert [is_top_level(each) for each in (GROUP, NETWORK, SUBNET, ROLE)] == [False, True, False, False]
    assert [is_deployment(each) for each in (deployment, NETWORK)] == [True, False]
