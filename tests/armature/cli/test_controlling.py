"""cancel, rollback, resume: asked of the API, then watched to the end."""

import json
from typing import Any

import pytest

from armature.cli.exits import ExitCode
from tests.armature.cli.commands import on
from tests.armature.cli.fake_api import FakeApi
from tests.armature.cli.states import (
    a_cancelled_state,
    a_completed_state,
    a_failed_state,
    a_partial_state,
    a_rolled_back_state,
    a_state,
    an_event,
)

PROBLEMS = "https://armature.dev/problems/"


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        ([], {}),
        (["--comment", "wrong bundle"], {"comment": "wrong bundle"}),
        (["--rollback"], {"rollback": True}),
        (["--no-rollback"], {"rollback": False}),
    ],
)
def test_a_cancellation_says_no_more_than_it_was_told(api: FakeApi, words: list[str], sent: dict[str, Any]) -> None:
    api.after = {"cancel": [a_state(), a_cancelled_state()]}

    result = on(api, "cancel", "shop-1", *words)

    assert api.of("POST", "/deployments/shop-1/cancel")[0].json == sent
    assert "shop-1 cancelled" in result.stdout


@pytest.mark.parametrize("command", ["rollback", "resume"])
def test_a_rollback_and_a_resumption_take_a_comment(api: FakeApi, command: str) -> None:
    on(api, command, "shop-1", "--comment", "quota raised")

    assert api.of("POST", f"/deployments/shop-1/{command}")[0].json == {"comment": "quota raised"}


@pytest.mark.parametrize(
    ("command", "ended", "code"),
    [
        ("cancel", a_cancelled_state(), ExitCode.COMPLETED),
        ("cancel", a_rolled_back_state(), ExitCode.COMPLETED),
        ("cancel", a_partial_state(), ExitCode.FAILED),
        ("cancel", a_completed_state(), ExitCode.FAILED),
        ("rollback", a_rolled_back_state(), ExitCode.COMPLETED),
        ("rollback", a_partial_state(), ExitCode.FAILED),
        ("rollback", a_completed_state(message="The rollback was not begun."), ExitCode.FAILED),
        ("resume", a_completed_state(), ExitCode.COMPLETED),
        ("resume", a_failed_state(), ExitCode.FAILED),
        ("resume", a_rolled_back_state(), ExitCode.ROLLED_BACK),
        ("resume", a_cancelled_state(), ExitCode.CANCELLED),
    ],
)
def test_the_exit_code_says_whether_what_was_asked_for_came_about(
    api: FakeApi, command: str, ended: dict[str, Any], code: ExitCode
) -> None:
    api.after = {command: [a_state(), ended]}

    assert on(api, command, "shop-1").exit_code == code


def test_only_what_happens_from_then_on_is_told(api: FakeApi, pauses: list[BaseException | None]) -> None:
    api.event_log = [an_event(1, "Long ago.")]
    api.after = {"resume": [a_completed_state()]}

    result = on(api, "resume", "shop-1")

    assert "Long ago." not in result.stdout


@pytest.mark.parametrize(
    ("command", "said"),
    [("cancel", "Asked to cancel shop-1."), ("rollback", "Rolling back shop-1."), ("resume", "Resuming shop-1.")],
)
def test_without_waiting_it_is_only_asked_for(api: FakeApi, command: str, said: str) -> None:
    result = on(api, command, "shop-1", "--no-wait")

    assert result.exit_code == ExitCode.COMPLETED
    assert result.stdout == "shop-1 deploying\n"
    assert result.stderr.startswith(f"{said}\n")
    assert "armature status shop-1 --watch" in result.stderr
    assert [request.method for request in api.received] == ["POST"]


def test_with_json_the_end_is_a_document(api: FakeApi) -> None:
    api.after = {"rollback": [a_rolled_back_state()]}

    result = on(api, "rollback", "shop-1", "--json")

    assert json.loads(result.stdout) == a_rolled_back_state()


@pytest.mark.parametrize(
    ("command", "kind", "next_step"),
    [
        ("cancel", "not-running", "armature status shop-1"),
        ("rollback", "not-final", "armature status shop-1 --watch"),
        ("resume", "already-cancelled", "armature status shop-1"),
        ("rollback", "not-latest", "armature list"),
        ("rollback", "already-rolling-back", "armature status shop-1 --watch"),
        ("resume", "partially-rolled-back", "armature rollback shop-1"),
    ],
)
def test_what_is_not_possible_now_is_a_sentence_and_a_command_that_helps(
    api: FakeApi, command: str, kind: str, next_step: str
) -> None:
    api.troubles = {f"POST /deployments/shop-1/{command}": [409]}
    api.refusal = {"type": PROBLEMS + kind, "title": "No", "detail": "That is so.", "deploymentId": "shop-1"}

    result = on(api, command, "shop-1")

    assert result.exit_code == ExitCode.API
    assert result.stderr == f"That is so.\nTry: {next_step}\n"


def test_a_deployment_that_is_just_about_to_end_is_asked_again(api: FakeApi) -> None:
    api.troubles = {"POST /deployments/shop-1/rollback": [409]}
    api.refusal = {"type": f"{PROBLEMS}still-ending", "detail": "It has not quite ended.", "deploymentId": "shop-1"}
    api.after = {"rollback": [a_rolled_back_state()]}

    assert on(api, "rollback", "shop-1").exit_code == ExitCode.COMPLETED
