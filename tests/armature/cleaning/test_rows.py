"""The list in words: for a terminal, and for a pull request's comment."""

from armature.cleaning import CleanUpState, Foresight, Lock
from armature.cleaning.rows import heading_of, text_rows
from tests.armature.cleaning.world import ACCOUNT, PLAN, SITE, found, listed

LOCK = Lock(id="/locks/keep", scope=SITE, level="CanNotDelete")


def test_the_heading_counts_what_goes_what_loses_data_what_is_final_and_what_is_locked():
    state = CleanUpState.of(listed(found(SITE), found(PLAN), found(ACCOUNT), locks=(LOCK,), restorable=(PLAN,)))

    assert heading_of(state) == "2 resources to be deleted, 1 with data, 1 for good. 1 locked resource kept."
    assert heading_of(CleanUpState.of(listed())) == "Nothing is to be deleted."


def test_an_incomplete_list_says_so():
    foresight = Foresight(template="web", unforeseen="It needs an output.")

    assert "can't be foreseen" in heading_of(CleanUpState.of(listed(unforeseen=(foresight,))))


def test_a_row_tells_the_id_the_last_change_the_data_and_what_a_rollback_can_do():
    rows = list(text_rows(listed(found(SITE), found(ACCOUNT), locks=(LOCK,)).resources))

    assert rows[0] == f"{ACCOUNT} (last changed 2026-01-01 01:00 UTC, holds data, stays deleted)"
    assert rows[1].strip().startswith("No rollback restores it")
    assert rows[2] == f"{SITE} (last changed 2026-01-01 01:00 UTC, holds data, kept by a lock)"
    assert rows[3].strip() == "Kept by the lock /locks/keep."
