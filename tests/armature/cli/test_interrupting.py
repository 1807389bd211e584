"""Ctrl+C while a deployment is watched: once asks to cancel what the command has started, twice leaves."""

import json
from pathlib import Path

import pytest

from armature.cli.client import ApiClient
from armature.cli.exits import ExitCode
from armature.cli.signals import Terminated
from tests.armature.cli.commands import deploy, on
from tests.armature.cli.fake_api import FakeApi
from tests.armature.cli.states import a_cancelled_state, a_completed_state, a_rolled_back_state, a_state, an_event

Pauses = list[BaseException | None]

ASKED = "Asked to cancel; Ctrl+C again stops watching and leaves it to end by itself."
CANCELLING = a_state(stop={"reason": "cancelled", "at": "2026-11-24T09:16:00Z"})


def test_the_first_ctrl_c_asks_to_cancel_and_the_watching_goes_on(api: FakeApi, bundle: Path, pauses: Pauses) -> None:
    api.states = [a_state()]
    api.after = {"cancel": [CANCELLING, a_rolled_back_state()]}
    pauses += [None, KeyboardInterrupt()]

    result = deploy(api, bundle, "--deployment-id", "shop-1")

    assert result.exit_code == ExitCode.ROLLED_BACK
    assert api.of("POST", "/deployments/shop-1/cancel")[0].json == {"comment": "Ctrl+C"}
    assert ASKED in result.stderr
    assert "shop-1 rolledBack" in result.stdout


def test_the_second_ctrl_c_leaves_and_tells_how_to_look_again(api: FakeApi, bundle: Path, pauses: Pauses) -> None:
    api.states = [a_state()]
    pauses += [KeyboardInterrupt(), KeyboardInterrupt()]

    result = deploy(api, bundle, "--deployment-id", "shop-1")

    assert result.exit_code == ExitCode.INTERRUPTED
    assert len(api.of("POST", "/deployments/shop-1/cancel")) == 1
    assert "No longer watching; shop-1 goes on by itself.\nLook again with: armature status shop-1 --watch\n" in (
        result.stderr
    )


def test_events_that_were_shown_before_ctrl_c_are_not_shown_again(api: FakeApi, bundle: Path, pauses: Pauses) -> None:
    api.states = [a_state()]
    api.after = {"cancel": [a_cancelled_state()]}
    api.event_log = [an_event(1, "One."), an_event(2, "Two.")]
    pauses += [KeyboardInterrupt()]

    result = deploy(api, bundle)

    assert result.stdout.count("One.") == result.stdout.count("Two.") == 1


def test_where_the_api_can_t_be_asked_it_is_told_how_to_and_the_watching_goes_on(
    api: FakeApi, bundle: Path, pauses: Pauses
) -> None:
    api.states = [a_state(), a_completed_state()]
    api.troubles = {"POST /deployments/shop-1/cancel": [503] * 5}
    pauses += [KeyboardInterrupt()]

    result = deploy(api, bundle, "--deployment-id", "shop-1")

    assert result.exit_code == ExitCode.COMPLETED
    assert "It could not be cancelled." in result.stderr
    assert "Cancel it with: armature cancel shop-1" in result.stderr


def test_what_can_t_be_cancelled_any_more_is_told_in_the_api_s_words(
    api: FakeApi, bundle: Path, pauses: Pauses
) -> None:
    api.states = [a_state(), a_completed_state()]
    api.troubles = {"POST /deployments/shop-1/cancel": [409]}
    reason = "Deployment shop-1 is being rolled back, and that is not stopped half-way."
    api.refusal = {"type": "https://x/already-rolling-back", "detail": reason, "deploymentId": "shop-1"}
    pauses += [KeyboardInterrupt()]

    result = deploy(api, bundle, "--deployment-id", "shop-1")

    assert f"It could not be cancelled. {reason}" in result.stderr


def test_ctrl_c_while_the_cancellation_is_asked_for_leaves(api: FakeApi, bundle: Path, pauses: Pauses) -> None:
    api.states = [a_state()]
    api.troubles = {"POST /deployments/shop-1/cancel": [503, 503]}
    pauses += [KeyboardInterrupt(), KeyboardInterrupt()]

    result = deploy(api, bundle, "--deployment-id", "shop-1")

    assert result.exit_code == ExitCode.INTERRUPTED


def test_with_json_it_is_the_same_and_the_end_is_a_document(api: FakeApi, bundle: Path, pauses: Pauses) -> None:
    api.states = [a_state()]
    api.after = {"cancel": [a_cancelled_state()]}
    pauses += [KeyboardInterrupt()]

    cancelled = deploy(api, bundle, "--json", "--deployment-id", "shop-1")

    assert cancelled.exit_code == ExitCode.CANCELLED
    assert json.loads(cancelled.stdout) == a_cancelled_state()
    assert ASKED in cancelled.stderr


def test_with_json_leaving_is_a_document_too(api: FakeApi, bundle: Path, pauses: Pauses) -> None:
    api.states = [a_state()]
    pauses += [KeyboardInterrupt(), KeyboardInterrupt()]

    left = deploy(api, bundle, "--json")

    assert json.loads(left.stdout)["error"]["exitCode"] == left.exit_code == ExitCode.INTERRUPTED


def test_sigterm_asks_to_cancel_once_and_leaves(api: FakeApi, bundle: Path, pauses: Pauses) -> None:
    api.states = [a_state()]
    api.troubles = {"POST /deployments/shop-1/cancel": [503]}
    pauses += [Terminated()]

    result = deploy(api, bundle, "--deployment-id", "shop-1")

    assert result.exit_code == ExitCode.INTERRUPTED
    assert [request.json for request in api.of("POST", "/deployments/shop-1/cancel")] == [{"comment": "SIGTERM"}]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, Terminated])
@pytest.mark.parametrize("words", [["status", "shop-1", "--watch"], ["cancel", "shop-1"], ["rollback", "shop-1"]])
def test_what_a_command_has_not_started_it_does_not_cancel(
    api: FakeApi, pauses: Pauses, words: list[str], interruption: type[KeyboardInterrupt]
) -> None:
    api.states = [a_state()]
    pauses += [interruption()]

    result = on(api, *words)

    assert result.exit_code == ExitCode.INTERRUPTED
    assert api.of("POST", "/deployments/shop-1/cancel") == [] or words[0] == "cancel"
    assert all(b"Ctrl+C" not in request.body for request in api.received)
    assert "armature status shop-1 --watch" in result.stderr


def test_a_start_that_is_interrupted_is_cancelled_for_it_may_have_arrived(
    api: FakeApi, bundle: Path, pauses: Pauses
) -> None:
    api.troubles = {"POST /deployments": [503]}
    api.after = {"cancel": [a_cancelled_state()]}
    pauses += [KeyboardInterrupt()]

    result = deploy(api, bundle, "--deployment-id", "shop-1")

    assert result.exit_code == ExitCode.CANCELLED
    assert len(api.of("POST", "/deployments/shop-1/cancel")) == 1


def test_a_start_that_did_not_arrive_before_ctrl_c_is_told_so(api: FakeApi, bundle: Path, pauses: Pauses) -> None:
    api.troubles = {"POST /deployments": [503], "POST /deployments/shop-1/cancel": [404]}
    pauses += [KeyboardInterrupt()]

    result = deploy(api, bundle, "--deployment-id", "shop-1")

    assert result.exit_code == ExitCode.INTERRUPTED
    assert "nothing was started" in result.stderr
    assert "armature status shop-1" in result.stderr


def test_without_waiting_ctrl_c_at_the_start_cancels_and_leaves(api: FakeApi, bundle: Path, pauses: Pauses) -> None:
    api.troubles = {"POST /deployments": [503]}
    pauses += [KeyboardInterrupt()]

    result = deploy(api, bundle, "--no-wait", "--deployment-id", "shop-1")

    assert result.exit_code == ExitCode.INTERRUPTED
    assert len(api.of("POST", "/deployments/shop-1/cancel")) == 1


def test_ctrl_c_in_a_command_that_starts_nothing_just_ends_it(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ApiClient, "deployments", interrupted)

    result = on(api, "list")

    assert (result.exit_code, result.stderr) == (ExitCode.INTERRUPTED, "Interrupted.\n")
