"""What calls for approval, what is asked, and what an approval id stands for."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.approval import (
    ApprovalReason,
    ApprovalStatus,
    Findings,
    approval_id_of,
    asked_again,
    asking_words,
    is_target_pattern,
    protected_among,
    reasons_of,
)
from tests.armature.deployments import NOW

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-shop"
MANAGEMENT_GROUP = "/providers/Microsoft.Management/managementGroups/corp"
NOTHING = Findings()
DEADLINE = NOW + timedelta(days=1)


def asked(before=None, findings=NOTHING, run=1, reasons=(ApprovalReason.PROTECTED,), now=NOW):
    return asked_again(
        before,
        deployment_id="d-01",
        run=run,
        reasons=reasons,
        findings=findings,
        message="m",
        now=now,
        deadline=now + timedelta(days=1),
    )


@pytest.mark.parametrize(
    ("findings", "is_complete", "is_protected", "reasons"),
    [
        (Findings(), False, False, ()),
        (Findings(), True, False, ("complete",)),
        (Findings(doomed=3), False, False, ()),
        (Findings(deletions=1), False, False, ("deletions",)),
        (Findings(replacements=1), False, True, ("replacements", "protected")),
        (Findings(deletions=1, replacements=1), True, True, ("complete", "deletions", "replacements", "protected")),
    ],
)
def test_what_calls_for_approval(findings, is_complete, is_protected, reasons):
    assert reasons_of(findings, is_complete=is_complete, is_protected=is_protected) == reasons


@pytest.mark.parametrize(
    ("scope", "pattern", "is_protected"),
    [
        (GROUP, GROUP.lower(), True),
        (GROUP.upper(), GROUP.lower(), True),
        (GROUP, SUBSCRIPTION, True),
        (GROUP, "/subscriptions/*/resourcegroups/rg-*", True),
        (GROUP, "/subscriptions/*/resourcegroups/*op", True),
        (GROUP, "/subscriptions/*/resourcegroups/rg-sho", False),
        (GROUP, "/subscriptions/*/resourcegroups/*prod*", False),
        (GROUP, "/subscriptions/00000000-0000-0000-0000-000000000002", False),
        (GROUP, MANAGEMENT_GROUP.lower(), False),
        (GROUP, "/", False),
        (SUBSCRIPTION, GROUP.lower(), True),
        (MANAGEMENT_GROUP, MANAGEMENT_GROUP.lower(), True),
        (MANAGEMENT_GROUP, "/providers/microsoft.management/managementgroups/other", False),
        (MANAGEMENT_GROUP, SUBSCRIPTION, True),
        ("/", MANAGEMENT_GROUP.lower(), True),
        ("/", "/", True),
    ],
)
def test_a_protected_target_is_reached_from_itself_from_within_and_from_above(scope, pattern, is_protected):
    assert protected_among([scope], [pattern]) == ([scope] if is_protected else [])


@given(st.text("ab-*._()", min_size=1, max_size=12), st.text("ab-._()", min_size=1, max_size=12))
def test_a_star_stands_for_any_part_of_a_name_and_all_else_for_itself(pattern, name):
    def matches(wanted: str, found: str) -> bool:
        if not wanted:
            return not found
        if wanted[0] == "*":
            return matches(wanted[1:], found) or (bool(found) and matches(wanted, found[1:]))
        return bool(found) and wanted[0] == found[0] and matches(wanted[1:], found[1:])

    scope = f"{SUBSCRIPTION}/resourceGroups/{name}"

    assert bool(protected_among([scope], [f"/subscriptions/*/resourcegroups/{pattern}"])) is matches(pattern, name)


@pytest.mark.parametrize("pattern", ["/", SUBSCRIPTION, GROUP.lower(), "/subscriptions/*/resourcegroups/rg-*"])
def test_patterns_that_can_match_are_taken(pattern):
    assert is_target_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["rg-shop", "*", "/subscriptions", f"{GROUP.lower()}/x", "/resourcegroups/rg-*", ""]
)
def test_patterns_that_can_match_nothing_are_refused(pattern):
    assert not is_target_pattern(pattern)


findings = st.builds(
    Findings,
    deletions=st.integers(0, 3),
    replacements=st.integers(0, 3),
    doomed=st.integers(0, 3),
    list_id=st.none() | st.sampled_from(["l-1", "l-2"]),
    digest=st.sampled_from(["", "x"]),
)
asking = st.tuples(
    st.sampled_from(["d-01", "d-02"]),
    st.integers(1, 3),
    st.integers(1, 3),
    st.lists(st.sampled_from(ApprovalReason), unique=True).map(tuple),
    findings,
)


@given(asking, asking)
def test_an_approval_id_stands_for_exactly_what_is_asked(one, other):
    assert (approval_id_of(*one) == approval_id_of(*other)) is (one == other)


def test_asking_for_the_very_same_is_the_same_approval_with_the_deadline_that_it_got_first():
    first = asked()

    again = asked(first, now=NOW + timedelta(hours=1))

    assert again == first
    assert first.deadline == DEADLINE


def test_what_was_approved_stays_approved_until_something_else_is_asked():
    approved = asked().decided(ApprovalStatus.APPROVED, NOW, "ada")

    same = asked(approved)
    other = asked(approved, Findings(doomed=1, list_id="l-2"))

    assert same.status is ApprovalStatus.APPROVED
    assert (other.number, other.status, other.list_id) == (2, ApprovalStatus.WAITING, "l-2")
    assert other.approval_id != approved.approval_id


def test_a_further_run_asks_anew():
    rejected = asked().decided(ApprovalStatus.REJECTED, NOW)

    assert (asked(rejected, run=2).number, asked(rejected, run=2).status) == (2, ApprovalStatus.WAITING)


def test_the_first_word_counts():
    rejected = asked().decided(ApprovalStatus.REJECTED, NOW, "ada", "id-1", "no")

    assert rejected.decided(ApprovalStatus.APPROVED, NOW, "bob") == rejected
    assert (rejected.decided_by, rejected.decided_by_id, rejected.comment) == ("ada", "id-1", "no")


def test_what_is_asked_is_told_in_one_sentence_a_reason():
    found = Findings(deletions=2, replacements=1, doomed=3, holding_data=1, irreversible=1, locked=0)

    words = asking_words(tuple(ApprovalReason), found, [GROUP])

    assert words == (
        "Mode Complete would delete 3 resources, 1 with data, 1 not to be brought back by a rollback. "
        "Azure would delete 2 resources. Azure would replace 1 resource. "
        f"The target is protected, or holds what is: {GROUP}."
    )
    assert asking_words([ApprovalReason.COMPLETE], Findings(), []) == "Mode Complete finds nothing to delete."
    assert asking_words([ApprovalReason.PROTECTED], Findings(), list("abcde")).endswith("a, b, c and 2 more.")
    assert asking_words([ApprovalReason.PROTECTED], Findings(), ["/"]).endswith(": the tenant.")
