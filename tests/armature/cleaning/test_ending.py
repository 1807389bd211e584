"""How the deletions of a list end, and what a rollback says of them later."""

from armature.cleaning import Lock
from armature.cleaning.ending import clean_up_ending, type_of, words_after_rollback
from armature.cleaning.showing import shown_entries
from armature.deletions import DeletionProgress, DeletionState, DeletionStatus, LeftCause
from armature.errors import FailureClass, failure
from tests.armature.cleaning.world import ACCOUNT, GROUP, MACHINE, ORDERS, PLAN, SERVER, SITE, SLOT, found, listed

LOCK = Lock(id="/locks/keep", scope=PLAN, level="CanNotDelete")
LISTED = listed(found(SITE), found(PLAN), found(ACCOUNT), found(SERVER), found(MACHINE), locks=(LOCK,))
PROGRESS = DeletionProgress().with_states(
    [
        DeletionState(id=SITE, status=DeletionStatus.GONE),
        DeletionState(id=ACCOUNT).given_up(LeftCause.CHANGED, "It has other tags.", "Look at it."),
        DeletionState(id=SERVER).after(failure(FailureClass.AUTHORIZATION, "ScopeLocked", "It is locked.")),
    ]
)


def test_what_is_gone_locked_changed_and_refused_is_told_apart():
    ending = clean_up_ending(LISTED, PROGRESS, "The deployment's time was over.")

    assert ending.deleted == 1
    assert {each.id for each in ending.locked} == {PLAN, SERVER}
    assert [(each.id, each.reason) for each in ending.changed] == [(ACCOUNT, "It has other tags.")]
    assert [each.id for each in ending.refused] == [MACHINE]
    assert ending.refused[0].reason == "It was not deleted in time. The deployment's time was over."
    assert ending.message == (
        "Mode Complete: 1 resource deleted, 2 kept by locks, 1 kept, since changed after the approval, "
        "1 could not be deleted."
    )
    assert set(ending.warnings) == {"LockedResourcesKept", "ChangedResourcesKept"}
    assert ending.leftovers[0].id == MACHINE


def test_what_nobody_approved_is_told_as_that():
    progress = DeletionProgress().with_states([DeletionState(id=SITE).given_up(LeftCause.UNAPPROVED, "Nobody.", "")])

    ending = clean_up_ending(listed(found(SITE)), progress, "")

    assert ending.message == "Mode Complete: nothing deleted, 1 kept, since not approved."
    assert set(ending.warnings) == {"UnapprovedResourcesKept"}


def test_of_many_that_are_left_the_first_are_shown_and_a_few_are_named():
    many = listed(
        *(found(f"{GROUP}/providers/Microsoft.Web/serverfarms/s{n}") for n in range(50)),
        locks=(Lock(id="lock", scope=GROUP, level="ReadOnly"),),
    )

    ending = clean_up_ending(many, DeletionProgress(), "")

    assert (len(ending.all_left), len(ending.leftovers)) == (50, 20)
    assert "and 47 more" in ending.warnings["LockedResourcesKept"]


def test_each_entry_shows_what_became_of_it():
    shown = {each.id: each.status for each in shown_entries(LISTED, PROGRESS)}

    assert shown == {SITE: "deleted", PLAN: "locked", ACCOUNT: "left", SERVER: "left", MACHINE: "waiting"}


def test_a_rollback_tells_what_stays_deleted_and_what_came_back_empty():
    words = words_after_rollback([SITE, SERVER, PLAN], restored=[PLAN.upper(), SERVER])

    assert words == (
        f"What mode Complete had deleted is not restored: {SITE}. "
        f"Deployed again, without the data that it held: {SERVER}."
    )
    assert words_after_rollback([], [PLAN]) == ""
    assert words_after_rollback([PLAN], [PLAN]) == ""


def test_the_type_of_an_id():
    assert type_of(ORDERS) == "Microsoft.Sql/servers/databases"
    assert type_of(SLOT) == "Microsoft.Web/sites/slots"
    assert type_of(GROUP) == ""
