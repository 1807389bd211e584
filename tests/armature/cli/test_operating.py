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
from tests.armature.cli.fake_api import RETENTION_RUN, FakeApi

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


def a_run(**changes: Any) -> dict[str, Any]:
    return {
        "run": RETENTION_RUN,
        "dryRun": False,
        "status": "completed",
        "startedAt": "2026-11-24T02:30:00Z",
        "finishedAt": "2026-11-24T02:30:04Z",
        "removals": [{"deploymentId": "shop-1", "status": "failed", "changedAt": "2026-08-01T09:15:00Z"}],
        "unused": [
            {"kind": "package", "name": "a", "size": 1_500_000},
            {"kind": "package", "name": "b", "size": 500_000},
            {"kind": "templates", "name": "c"},
        ],
        "kept": [
            {"deploymentId": "shop-6", "reason": "predecessor", "neededBy": "shop-7"},
            {"deploymentId": "shop-7", "reason": "latest"},
        ],
        "removed": {"deployments": 1, "packages": 2, "size": 2_000_000},
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


def test_the_audit_of_a_lock_tells_who_took_it_away_and_why(api: FakeApi) -> None:
    api.audit = [
        {"at": "2026-11-24T09:15:00Z", "by": "ana", "reason": "the host is gone", "holder": "shop-7", "run": 1}
    ]

    told, document = on(api, "locks", "--audit", KEY), on(api, "locks", "--audit", KEY, "--json")
    api.audit = []
    untouched = on(api, "locks", "--audit", KEY)

    assert "2026-11-24 09:15:00  shop-7  ana  the host is gone" in told.stdout
    assert json.loads(document.stdout)["value"][0]["by"] == "ana"
    assert "never taken away" in untouched.stderr


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


@pytest.mark.parametrize(
    ("words", "sent"), [([], {}), (["--dry-run"], {"dryRun": True}), (["--no-dry-run"], {"dryRun": False})]
)
def test_retention_says_no_more_than_it_was_told(api: FakeApi, words: list[str], sent: dict[str, Any]) -> None:
    api.retention = [a_run()]

    assert on(api, "retention", *words).exit_code == ExitCode.COMPLETED
    assert api.of("POST", "/retention")[0].json == sent


def test_retention_is_watched_and_tells_what_went_and_what_stayed_and_why(api: FakeApi) -> None:
    api.retention = [a_run(status="running", finishedAt=None), a_run(message="1 deployment removed.")]

    result = on(api, "retention")

    assert [line.rstrip() for line in result.stdout.splitlines()] == [
        "To be removed  Status  Last change (UTC)",
        "shop-1         failed  2026-08-01 09:15",
        "",
        "To be removed, as nothing needs it: package, 2, 2.0 MB",
        "To be removed, as nothing needs it: templates, 1",
        "Kept    Because",
        "shop-6  A rollback of a deployment that is kept would deploy it again. (shop-7)",
        "shop-7  It was the last to have its lineage's turn: it can be resumed or rolled back.",
        "",
        "Retention completed in 4 s. Removed: 1 deployment, 2 packages; 2.0 MB.",
    ]


def test_a_dry_run_says_that_nothing_was_removed(api: FakeApi) -> None:
    api.retention = [a_run(dryRun=True, removed={})]

    result = on(api, "retention", "--dry-run")

    assert "a dry one: nothing is removed" in result.stderr
    assert "Would be removed" in result.stdout
    assert "Nothing was removed: it was a dry run." in result.stdout


def test_what_could_not_be_removed_is_told_with_the_reason(api: FakeApi) -> None:
    trouble = {"subject": "shop-1", "code": "AuthorizationFailed", "message": "The app may not."}
    api.retention = [
        a_run(status="failed", removed={}, troubles=[trouble], troublesFound=3, message="Storage was down.")
    ]

    result = on(api, "retention")

    assert result.exit_code == ExitCode.FAILED
    assert "not removed  shop-1\n    AuthorizationFailed: The app may not.\n… and 2 more." in result.stdout
    assert "Retention failed in 4 s. Removed: nothing. Storage was down." in result.stdout


def test_retention_without_waiting_tells_the_run_and_with_json_its_end(api: FakeApi) -> None:
    started = on(api, "retention", "--no-wait")
    api.retention = [a_run()]
    ended = on(api, "retention", "--json")

    assert started.stdout == f"{RETENTION_RUN} running\n"
    assert json.loads(ended.stdout) == a_run()
