"""approve and reject: what is asked is shown, somebody is asked whether they mean it, and exactly that is decided."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from armature.cli.exits import ExitCode
from tests.armature.cli.commands import deploy, on
from tests.armature.cli.fake_api import FakeApi
from tests.armature.cli.states import SITE_ID, STARTED, a_cancelled_state, a_completed_state, a_state

ID = "0123456789abcdef"
APPROVAL = {
    "approvalId": ID,
    "status": "waiting",
    "reasons": ["complete"],
    "message": "Mode Complete would delete 1 resource, 1 with data.",
    "listId": "l-1",
    "askedAt": STARTED,
    "deadline": "2026-11-25T09:15:00Z",
}
DOOMED = {
    "id": SITE_ID,
    "type": "Microsoft.Web/sites",
    "name": "shop",
    "holdsData": True,
    "changedAt": "2026-11-01T08:00:00Z",
}


def a_waiting_state(**changes: Any) -> dict[str, Any]:
    return a_state(
        status="awaitingApproval",
        phase="awaitingApproval",
        approval=APPROVAL,
        initiatedBy="ada@contoso.com",
        options={"mode": "Complete"},
        cleanUp={"listId": "l-1", "total": 3, "shown": [DOOMED]},
        preview={"at": STARTED, "creates": 2, "deletions": 1, "templates": 2},
        **changes,
    )


def a_person(monkeypatch: pytest.MonkeyPatch, *, answers: bool) -> None:
    """Somebody sits at the terminal, and says yes or no."""
    terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("armature.cli.confirming.sys", terminal)
    monkeypatch.setattr("armature.cli.confirming.typer.confirm", lambda *_, **__: answers)


@pytest.mark.parametrize(
    ("command", "ended", "code"),
    [
        ("approve", a_completed_state(), ExitCode.COMPLETED),
        ("approve", a_cancelled_state(), ExitCode.CANCELLED),
        ("reject", a_cancelled_state(), ExitCode.COMPLETED),
        ("reject", a_completed_state(), ExitCode.FAILED),
    ],
)
def test_a_decision_names_what_it_is_on_and_its_end_is_watched(
    api: FakeApi, command: str, ended: dict[str, Any], code: ExitCode
) -> None:
    api.states, api.after = [a_waiting_state()], {command: [ended]}

    result = on(api, command, "shop-1", "--yes", "--comment", "reviewed")

    assert api.of("POST", f"/deployments/shop-1/{command}")[0].json == {"approvalId": ID, "comment": "reviewed"}
    assert result.exit_code == code


def test_all_that_whoever_decides_should_have_seen_is_shown(api: FakeApi) -> None:
    api.states, api.after = [a_waiting_state()], {"approve": [a_completed_state()]}

    shown = on(api, "approve", "shop-1", "--yes").stderr

    assert "shop-1, mode Complete, asked for by ada@contoso.com." in shown
    assert "Mode Complete would delete 1 resource, 1 with data." in shown
    assert "What-if: 2 to create, 1 to delete; 2 templates." in shown
    assert "armature preview shop-1" in shown
    assert SITE_ID in shown
    assert f"Approval {ID}, until 2026-11-25 09:15 UTC." in shown


@pytest.mark.parametrize("command", ["approve", "reject"])
def test_nothing_is_decided_by_who_does_not_mean_it_or_where_nobody_can_be_asked(
    api: FakeApi, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.states = [a_waiting_state()]

    nobody = on(api, command, "shop-1")
    a_person(monkeypatch, answers=False)
    unwilling = on(api, command, "shop-1")

    assert (nobody.exit_code, unwilling.exit_code) == (ExitCode.USAGE, ExitCode.INTERRUPTED)
    assert not api.of("POST", f"/deployments/shop-1/{command}")


def test_who_approves_one_thing_does_not_approve_another(api: FakeApi) -> None:
    api.states = [a_waiting_state()]

    result = on(api, "approve", "shop-1", "--yes", "--approval-id", "f" * 16)

    assert result.exit_code == ExitCode.API
    assert "not for ffffffffffffffff" in result.stderr
    assert not api.of("POST", "/deployments/shop-1/approve")


def test_what_waits_for_nothing_is_not_approved(api: FakeApi) -> None:
    api.states = [a_state()]

    result = on(api, "approve", "shop-1", "--yes")

    assert result.exit_code == ExitCode.API
    assert "shop-1 does not wait for approval: it is deploying." in result.stderr


def test_the_same_decision_again_is_left_to_the_api(api: FakeApi) -> None:
    api.states = [a_state(approval={**APPROVAL, "status": "approved"})]
    api.after = {"approve": [a_completed_state()]}

    assert on(api, "approve", "shop-1", "--yes", "--approval-id", ID).exit_code == ExitCode.COMPLETED


def test_a_token_says_who_is_calling(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    api.states = [a_completed_state()]
    on(api, "status", "shop-1")
    monkeypatch.setenv("ARMATURE_ACCESS_TOKEN", "t-1")
    on(api, "status", "shop-1")

    sent = [request.headers.get("Authorization") for request in api.received]
    assert sent == [None, "Bearer t-1"]


def test_whoever_deploys_is_told_once_that_it_waits_and_what_to_type(api: FakeApi, bundle: Path) -> None:
    api.states = [a_waiting_state(), a_waiting_state(), a_completed_state()]
    api.states[1]["updatedAt"] = "2026-11-24T09:16:00Z"

    result = deploy(api, bundle, "--deployment-id", "shop-1")

    assert result.stderr.count("waits for approval until 2026-11-25 09:15 UTC") == 1
    assert "armature approve shop-1" in result.stderr
    assert result.exit_code == ExitCode.COMPLETED
