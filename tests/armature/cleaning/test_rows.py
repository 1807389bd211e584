"""The list in words: for a terminal, and for a pull request's comment."""

from armature.cleaning import CleanUpState, Foresight, Lock, Owner
from armature.cleaning.rows import heading_of, markdown_of, text_rows
from tests.armature.cleaning.world import ACCOUNT, GROUP, PLAN, SERVER, SITE, found, listed

LOCK = Lock(id="/locks/keep", scope=SITE, level="CanNotDelete")


def test_the_heading_counts_what_goes_what_loses_data_what_is_final_and_what_is_locked():
    state = CleanUpState.of(listed(found(SITE), found(PLAN), found(ACCOUNT), locks=(LOCK,), restorable=(PLAN,)))

    assert heading_of(state) == "2 resources to be deleted, 1 with data, 1 for good. 1 locked resource kept."
    assert heading_of(CleanUpState.of(listed())) == "Nothing is to be deleted."


def test_an_incomplete_list_says_so():
    foresight = Foresight(template="web", unforeseen="It needs an output.")

    assert "can't be foreseen" in heading_of(CleanUpState.of(listed(unforeseen=(foresight,))))
    assert "What web deploys can't be foreseen: It needs an output." in markdown_of(listed(unforeseen=(foresight,)))


def test_a_row_tells_the_id_the_last_change_the_data_and_what_a_rollback_can_do():
    rows = list(text_rows(listed(found(SITE), found(ACCOUNT), locks=(LOCK,)).resources))

    assert rows[0] == f"{ACCOUNT} (last changed 2026-01-01 01:00 UTC, holds data, stays deleted)"
    assert rows[1].strip().startswith("No rollback restores it")
    assert rows[2] == f"{SITE} (last changed 2026-01-01 01:00 UTC, holds data, locked: kept)"
    assert rows[3].strip() == "Kept by the lock /locks/keep."


def test_markdown_has_a_table_with_data_first_and_escapes_what_others_named():
    odd = f"{GROUP}/providers/Microsoft.Web/serverfarms/a|b<i>"
    text = markdown_of(
        listed(found(odd), found(SITE), found(SERVER), others={SERVER.lower(): Owner(deployment_id="o")})
    )

    lines = [line for line in text.splitlines() if line.startswith("| Microsoft")]
    assert lines[0].startswith("| Microsoft.Web/sites | shop | 2026-01-01 01:00 | holds data | stays deleted |")
    assert "a\\|b\\<i\\>" in lines[1]
    assert "It is of the deployment o." in text


def test_of_thousands_the_first_are_shown_and_the_others_counted():
    many = [found(f"{GROUP}/providers/Microsoft.Web/serverfarms/s{number}") for number in range(1000)]

    text = markdown_of(listed(*many), limit=10)

    assert text.count("| Microsoft.Web/serverfarms |") == 10
    assert "…and 990 more." in text
