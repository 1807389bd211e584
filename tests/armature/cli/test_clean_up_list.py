"""The list of mode Complete on the command line: all of it, and the first of it before somebody approves."""

import io
from typing import Any

import pytest
import requests
from rich.console import Console

from armature.cleaning import CleanUpState, CleanUpView, Foresight, Lock, Owner
from armature.cleaning.showing import shown_entries
from armature.cli.clean_up_list import clean_up_lines, print_clean_up, print_not_deleted
from armature.cli.client import ApiClient
from armature.deletions import DeletionProgress, DeletionState, LeftCause
from armature.leftovers import Leftover
from tests.armature.cleaning.world import ACCOUNT, GROUP, PLAN, SERVER, SITE, found, listed

LOCK = Lock(id="/locks/keep", scope=SERVER, level="CanNotDelete")
LISTED = listed(
    found(SITE),
    found(PLAN),
    found(SERVER),
    found(ACCOUNT),
    locks=(LOCK,),
    others={ACCOUNT.lower(): Owner(deployment_id="data-7")},
    restorable=(PLAN,),
    previous="d-00",
    unforeseen=(Foresight(template="web", unforeseen="It needs net.id, which is not there yet."),),
)


def printed(show: Any) -> str:
    console = Console(file=io.StringIO(), width=300)
    show(console)
    return console.file.getvalue()


def view(**parts: Any) -> CleanUpView:
    left = DeletionState(id=PLAN).given_up(LeftCause.CHANGED, "It has other tags than when it was listed.", "")
    entries = shown_entries(LISTED, DeletionProgress().with_states([left]))
    base = {"deployment_id": "d-01", "list_id": "l-1", "at": LISTED.at, "total": 3, "value": entries}
    return CleanUpView(**{**base, "kept": LISTED.kept, "unforeseen": LISTED.unforeseen, **parts})


def test_all_of_it_is_shown_with_what_is_lost_and_what_is_kept():
    text = printed(lambda console: print_clean_up(console, view(is_approved=True)))

    rows = {line.split()[1]: line for line in text.splitlines() if line.startswith("Microsoft")}
    assert "rg-shop" in rows["shop"]
    assert all(words in rows["shop"] for words in ("holds data", "stays deleted", "waiting"))
    assert all(words in rows["plan"] for words in ("comes back", "left"))
    assert "kept by a lock" in rows["sql"]
    assert "It has other tags than when it was listed." in text
    assert "What web deploys can't be foreseen: It needs net.id, which is not there yet." in text
    assert f"  {ACCOUNT}\n    It is of the deployment data-7." in text
    assert "3 resources on the list l-1. Approved." in text


def test_an_empty_list_says_so():
    text = printed(lambda console: print_clean_up(console, view(value=(), total=0, kept=(), unforeseen=())))

    assert "Nothing is to be deleted." in text


def test_whoever_approves_is_shown_the_first_with_what_can_not_come_back_and_where_the_rest_is():
    many = listed(*(found(f"{GROUP}/providers/Microsoft.Cache/redis/r{number:02}") for number in range(30)))

    lines = list(clean_up_lines("d-01", CleanUpState.of(many)))

    assert lines[0] == "30 resources to be deleted, 30 with data, 30 for good."
    assert "No rollback restores it" in lines[2]
    assert lines[-1] == "  and 10 more: armature cleanup d-01"
    assert len(lines) == 1 + 2 * 20 + 1


def test_what_is_left_is_shown_with_its_reason_and_the_next_step():
    left = CleanUpState(left=2, leftovers=(Leftover(id=SITE, reason="It is in use.", suggestion="Stop it."),))

    text = printed(lambda console: print_not_deleted(console, "d-01", left))

    assert "Not deleted: 2 resources" in text
    assert "It is in use." in text
    assert "→ Stop it." in text
    assert "and 1 more: armature cleanup d-01" in text


@pytest.mark.parametrize("is_changed", [False, True])
def test_the_client_reads_page_after_page_and_begins_anew_with_a_newer_list(monkeypatch, is_changed):
    entries = view().value
    first = view(value=entries[:2], next=2)
    second = view(value=entries[2:], list_id="l-2" if is_changed else "l-1")
    newer = view(list_id="l-2")
    pages = [first, second, newer]
    asked: list[Any] = []

    def answer(_self: ApiClient, _method: str, path: str, **options: Any) -> requests.Response:
        asked.append((path, options.get("params")))
        response = requests.Response()
        response.status_code, response._content = 200, pages.pop(0).model_dump_json(by_alias=True).encode()
        return response

    monkeypatch.setattr(ApiClient, "_call", answer)

    whole = ApiClient("http://127.0.0.1:7071/api").clean_up("d-01")

    assert whole.value == entries
    assert whole.list_id == ("l-2" if is_changed else "l-1")
    assert asked[:2] == [("/deployments/d-01/cleanup", None), ("/deployments/d-01/cleanup", {"after": "2"})]
    assert len(asked) == (3 if is_changed else 2)
