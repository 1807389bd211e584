"""locks, unlock, retention."""

import json
import os
import pty
import subprocess
import sys
from typing import Any

import pytest

from armature.cli.exits import ExitCode
from tests.armature.cli.commands import armature, on
from tests.armature.cli.fake_api import FakeApi

KEY = "0123456789abcdef"


def a_lock(**changes: Any) -> dict[str, Any]:
    return {
        "lineageKey": KEY,
        "project": "shop",
        "environment": "prod",
        "holder": "shop-7",
        "since": "2026-11-24T09:15:00Z",
        "queue": [
            {"deploymentId": "shop-8", "createdAt": "2026-11-24T09:16:00Z", "since": "2026-11-24T09:16:02Z"},
            {"deploymentId": "shop-9", "createdAt": "2026-11-24T09:17:00Z", "since": "2026-11-24T09:17:02Z"},
        ],
        **changes,
    }


def test_locks_tell_who_has_the_turn_and_who_waits(api: FakeApi) -> None:
    api.locks = [a_lock()]

    result = on(api, "locks")

    assert result.exit_code == ExitCode.COMPLETED
    assert [line.rstrip() for line in result.stdout.splitlines()] == [
        "Lineage           Project  Environment  Holder  Since (UTC)       Waiting",
        f"{KEY}  shop     prod         shop-7  2026-11-24 09:15  shop-8 since 09:16",
        "                                                                  shop-9 since 09:17",
    ]


def test_no_locks_are_told_in_words_and_in_json_as_none(api: FakeApi) -> None:
    words, document = on(api, "locks"), on(api, "locks", "--json")

    assert "Nobody holds a lock" in words.stderr
    assert json.loads(document.stdout) == {"value": []}


def test_a_lock_is_broken_once_it_was_told_what_that_does(api: FakeApi) -> None:
    api.locks = [a_lock()]

    result = on(api, "unlock", KEY, "--reason", "the host is gone", "--yes")

    assert result.exit_code == ExitCode.COMPLETED
    assert api.of("POST", f"/locks/{KEY}/break")[0].json == {"reason": "the host is gone"}
    assert "shop-7 has the turn of shop/prod, since 2026-11-24 09:15 UTC." in result.stderr
    assert "neither" in result.stderr
    assert "cancelled nor rolled back" in result.stderr
    assert "Next is shop-8" in result.stderr
    assert "armature cancel shop-7" in result.stderr
    assert result.stdout == f"The lock of {KEY} is taken away from shop-7.\n"


def test_where_nobody_can_be_asked_a_lock_is_not_broken(api: FakeApi) -> None:
    api.locks = [a_lock()]

    result = on(api, "unlock", KEY, "--reason", "why")

    assert result.exit_code == ExitCode.USAGE
    assert "--yes" in result.stderr
    assert api.of("POST", f"/locks/{KEY}/break") == []


@pytest.mark.parametrize(("typed", "is_broken"), [(b"y\n", True), (b"n\n", False), (b"\n", False)])
def test_in_a_terminal_it_is_asked_whether_that_is_meant(api: FakeApi, typed: bytes, is_broken: bool) -> None:
    api.locks = [a_lock()]
    ours, theirs = pty.openpty()
    os.write(ours, typed)

    ended = subprocess.run(
        [sys.executable, "-m", "armature.cli", "unlock", KEY, "--reason", "why", "--api", api.address],
        stdin=theirs,
        capture_output=True,
        timeout=60,
        check=False,
    )

    os.close(ours)
    os.close(theirs)
    assert b"Take the lock away? [y/N]" in ended.stderr
    assert ended.returncode == (ExitCode.COMPLETED if is_broken else ExitCode.INTERRUPTED)
    assert bool(api.of("POST", f"/locks/{KEY}/break")) == is_broken


@pytest.mark.parametrize("locks", [[], [a_lock(holder=None)], [a_lock(lineageKey="f" * 16)]])
def test_a_lock_that_nobody_holds_is_not_broken(api: FakeApi, locks: list[dict[str, Any]]) -> None:
    api.locks = locks

    result = on(api, "unlock", KEY, "--reason", "why", "--yes")

    assert result.exit_code == ExitCode.API
    assert f"Nobody holds the lock of {KEY}." in result.stderr


def test_a_lock_is_not_broken_without_a_reason(api: FakeApi) -> None:
    assert armature("unlock", KEY, "--yes", "--api", api.address).exit_code == ExitCode.USAGE
