"""audit, compare, lineages, drift."""

import json
from typing import Any

import pytest

from armature.cli.exits import ExitCode
from tests.armature.cli.commands import on
from tests.armature.cli.fake_api import FakeApi

KEY = "0123456789abcdef"
PREVIEW = {"at": "2026-11-24T09:15:00Z", "modifies": 2}


def an_entry(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "key": f"k-{number}",
        "at": f"2026-11-24T09:15:0{number}Z",
        "action": "cancel",
        "outcome": "asked",
        "by": "ada",
        "deploymentId": f"shop-{number}",
        "comment": "wrong bundle",
        **changes,
    }


def a_drift(**changes: Any) -> dict[str, Any]:
    return {
        "lineageKey": KEY,
        "deploymentId": "drift-1",
        "of": "shop-7",
        "at": "2026-11-24T09:15:00Z",
        "status": "completed",
        "message": "2 to modify.",
        **changes,
    }


def test_the_trail_tells_who_asked_for_what_and_why(api: FakeApi) -> None:
    ended = an_entry(2, action="end", outcome="rolledBack", by=None, comment="")
    api.trail = [[ended], [an_entry(1)]]

    result = on(api, "audit")

    heading, first, second = result.stdout.splitlines()
    assert heading.split() == ["When", "(UTC)", "Action", "Outcome", "By", "Deployment", "Why"]
    assert first.split() == ["2026-11-24", "09:15:02", "end", "rolledBack", "Armature", "shop-2"]
    assert second.split() == [*"2026-11-24 09:15:01 cancel asked ada shop-1 wrong bundle".split()]


def test_only_what_is_asked_for_is_read(api: FakeApi) -> None:
    on(api, "audit", "--deployment", "shop-1", "--action", "cancel", "--by", "ada", "--since", "2026-11-24")

    (asked,) = api.of("GET", "/audit")
    assert asked.query == {
        "deploymentId": "shop-1",
        "action": "cancel",
        "by": "ada",
        "since": "2026-11-24T00:00:00Z",
    }


@pytest.mark.parametrize(("limit", "pages"), [("1", 1), ("2", 2), ("9", 2)])
def test_no_more_is_read_than_is_shown(api: FakeApi, limit: str, pages: int) -> None:
    api.trail = [[an_entry(1)], [an_entry(2)]]

    found = json.loads(on(api, "audit", "--limit", limit, "--json").stdout)["value"]

    assert len(found) == min(int(limit), 2)
    assert len(api.of("GET", "/audit")) == pages


def test_what_a_deployment_changed_is_told_by_name(api: FakeApi) -> None:
    api.comparison = {
        "before": "shop-6",
        "after": "shop-7",
        "isSame": False,
        "unchanged": 3,
        "areFilesKnown": False,
        "templates": [
            {"name": "cache", "difference": "added"},
            {
                "name": "web",
                "difference": "changed",
                "isMoved": True,
                "isReordered": True,
                "files": [{"name": "web.json", "difference": "changed"}],
                "parameters": [{"name": "sku", "difference": "removed"}],
            },
        ],
        "packages": [{"name": "api", "difference": "changed"}],
        "options": [{"name": "timeout", "difference": "added"}],
    }

    result = on(api, "compare", "shop-7")

    assert result.stdout.splitlines() == [
        "From shop-6 to shop-7:",
        "  + template cache",
        "  ~ template web",
        "      ~ goes to another scope",
        "      ~ comes after other templates",
        "      ~ file web.json",
        "      - parameter sku",
        "  ~ package api",
        "  + option timeout",
        "  3 templates unchanged",
        "  What is in the files is not known of one of the two: an earlier version planned it.",
    ]


@pytest.mark.parametrize(("words", "query"), [(["shop-7"], {}), (["shop-7", "shop-1"], {"with": "shop-1"})])
def test_a_deployment_is_compared_with_the_one_before_or_another(api: FakeApi, words, query) -> None:
    api.comparison = {"before": "shop-6", "after": "shop-7", "unchanged": 1}

    result = on(api, "compare", *words)

    assert result.stdout.splitlines() == ["From shop-6 to shop-7:", "  nothing is different: 1 template alike."]
    assert api.of("GET", "/deployments/shop-7/compare")[0].query == query


def test_lineages_tell_what_they_hold_and_whether_it_has_drifted(api: FakeApi) -> None:
    look = {"deploymentId": "drift-1", "of": "shop-7", "at": "2026-11-24T09:15:00Z"}
    lineage = {"lineageKey": KEY, "project": "shop", "environment": "prod", "completed": "shop-7", "latest": "shop-8"}
    api.lineages = [{**lineage, "drift": look, "isDrifted": True}, lineage, {**lineage, "drift": look}]

    _, *rows = on(api, "lineages").stdout.splitlines()

    told = [row.split("shop-8")[1].split() for row in rows]
    assert told == [["drifted", "2026-11-24", "09:15"], ["not", "looked", "at"], ["unknown", "2026-11-24", "09:15"]]


@pytest.mark.parametrize(
    ("found", "words", "code"),
    [
        ({"isDrifted": False}, "Everything is as shop-7 deployed it.", ExitCode.COMPLETED),
        ({"isDrifted": True, "preview": PREVIEW}, "It has drifted from what shop-7 deployed. 2 to modify.", 1),
        ({"isDrifted": True, "preview": PREVIEW}, "armature preview drift-1  shows what deploying it again", 1),
        ({"status": "failed", "message": "The bundle is gone."}, "could not be told: The bundle is gone.", 1),
        ({"isDrifted": True, "isOtherBundle": True}, "is not what was deployed", 1),
    ],
)
def test_a_look_at_the_drift_ends_with_what_it_found(api: FakeApi, found, words, code) -> None:
    api.drift = [a_drift(status="pending"), a_drift(**found)]

    result = on(api, "drift", KEY)

    assert words in result.stdout
    assert result.exit_code == code
    assert len(api.of("POST", f"/lineages/{KEY}/drift")) == 1


def test_the_last_look_is_shown_without_another(api: FakeApi) -> None:
    api.drift = [a_drift(isDrifted=False)]

    document = json.loads(on(api, "drift", KEY, "--last", "--json").stdout)

    assert document["isDrifted"] is False
    assert api.of("POST", f"/lineages/{KEY}/drift") == []
