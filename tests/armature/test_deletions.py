"""Deletions, pass by pass: what is tried when, what an answer means, what is left in the end."""

from hypothesis import given
from hypothesis import strategies as st

from armature.deletions import MAX_LOOKS, DeletionProgress, DeletionState, DeletionStatus
from armature.errors import FailureClass, failure
from armature.rollback import Deletion

GROUP = "/subscriptions/s-1/resourceGroups/rg"
SITE = f"{GROUP}/providers/Microsoft.Web/sites/shop"
SLOT = f"{SITE}/slots/blue"
PLAN = f"{GROUP}/providers/Microsoft.Web/serverfarms/plan"

REMOVALS = (Deletion(id=SLOT, level=0), Deletion(id=SITE, level=1), Deletion(id=PLAN, level=2))
NOT_YET = failure(FailureClass.RESOURCE_CONFLICT, "AnotherOperationInProgress", "The site is busy.")
LOCKED = failure(FailureClass.AUTHORIZATION, "ScopeLocked", "The scope is locked.")
ODD = failure(FailureClass.UNKNOWN, "MethodNotAllowed", "It can't be deleted.")


def with_states(*states: DeletionState) -> DeletionProgress:
    return DeletionProgress().with_states(states)


def gone(resource_id: str) -> DeletionState:
    return DeletionState(id=resource_id, status=DeletionStatus.GONE)


def ids(deletions) -> list[str]:
    return [deletion.id for deletion in deletions]


def test_a_wave_waits_for_the_one_before():
    assert ids(DeletionProgress().next(REMOVALS, is_stuck=False)) == [SLOT]
    assert ids(with_states(gone(SLOT)).next(REMOVALS, is_stuck=False)) == [SITE]


def test_what_is_not_yet_deleted_holds_up_the_next_wave():
    progress = with_states(DeletionState(id=SLOT).after(NOT_YET))

    assert ids(progress.next(REMOVALS, is_stuck=False)) == [SLOT]
    assert progress.state(REMOVALS[0]).status is DeletionStatus.WAITING


def test_when_nothing_goes_on_everything_that_is_left_is_tried():
    progress = with_states(DeletionState(id=SLOT).after(NOT_YET))

    assert ids(progress.next(REMOVALS, is_stuck=True)) == [SLOT, SITE, PLAN]


def test_what_a_person_locked_is_given_up_at_once_with_the_next_step():
    progress = with_states(DeletionState(id=SLOT).after(LOCKED))

    assert ids(progress.next(REMOVALS, is_stuck=False)) == [SITE]
    leftover = progress.leftovers(REMOVALS[:1], "")[0]
    assert leftover.reason == "ScopeLocked: The scope is locked."
    assert leftover.suggestion == "Remove the lock that the message names. Then ask for the rollback again."


def test_what_can_not_be_deleted_by_itself_holds_up_nothing_and_goes_with_what_it_belongs_to():
    progress = with_states(DeletionState(id=SLOT).after(ODD))
    assert ids(progress.next(REMOVALS, is_stuck=False)) == [SLOT, SITE]

    done = progress.with_states([gone(SITE)]).with_owned(REMOVALS)

    assert done.gone(REMOVALS) == (SLOT, SITE)


def test_a_group_that_stays_full_is_given_up_and_tells_what_it_holds():
    group = DeletionState(id=GROUP)
    for _ in range(MAX_LOOKS):
        assert group.status is DeletionStatus.WAITING
        group = group.after_look([SITE])

    assert group.status is DeletionStatus.LEFT
    assert SITE in group.reason


def test_a_group_is_empty_when_it_was_seen_so_again_and_again():
    once = DeletionState(id=GROUP).after_look([])
    twice = once.after_look([])
    not_in_a_row = once.after_look([SITE]).after_look([])

    assert [once.is_empty, twice.is_empty, not_in_a_row.is_empty] == [False, True, False]


def test_what_is_gone_stays_gone_and_what_was_given_up_may_turn_out_to_be_gone():
    progress = with_states(gone(SLOT), DeletionState(id=SITE, status=DeletionStatus.LEFT))

    again = progress.with_states([DeletionState(id=SLOT), DeletionState(id=SITE)])

    assert again == progress
    assert progress.with_states([gone(SITE)]).gone(REMOVALS) == (SLOT, SITE)


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from([None, NOT_YET, LOCKED, ODD])), max_size=30))
def test_every_deletion_is_done_or_told_and_passes_always_have_something_to_try(answers):
    progress = DeletionProgress()
    for number, refusal in answers:
        state = progress.state(REMOVALS[number])
        progress = progress.with_states([state.after(refusal) if refusal else gone(state.id)]).with_owned(REMOVALS)

    told = [leftover.id for leftover in progress.leftovers(REMOVALS, "Not in time.")]
    assert sorted([*told, *progress.gone(REMOVALS)]) == sorted(ids(REMOVALS))
    assert all(leftover.reason and leftover.suggestion for leftover in progress.leftovers(REMOVALS, "Not in time."))
    assert bool(progress.open(REMOVALS)) == bool(progress.next(REMOVALS, is_stuck=False))
