"""Which sites a single fault is done to: found in a record, chosen by the seed, each another one."""

from typing import Any

import pytest

from bench.faults.sites import RECORDERS, Site, chosen, sites_of
from emulator.faults.model import read_rule

MARKS = {"project": "site-000", "bundle": "b-17", "package": "abcdef", "lineage": "0123456789abcdef"}


def record(service: str, operation: str, path: str, attempt: int = 1, **told: str) -> dict[str, Any]:
    return {"service": service, "attempt": attempt, "occasion": {"operation": operation, "path": path, **told}}


HAPPENED = [
    record("arm", "PutDeployment", "/subscriptions/1/resourceGroups/rg-site-000/deployments/base.site-000"),
    record("arm", "GetDeployment", "/subscriptions/1/resourceGroups/rg-site-000/deployments/base.site-000"),
    record("arm", "GetDeployment", "/subscriptions/1/resourceGroups/rg-site-000/deployments/base.site-000", 2),
    record("arm", "GetSubscription", "/subscriptions/1"),
    record("storage", "GetBlob", "/app/deployments/state/site-000.json", caller="app"),
    record("storage", "GetBlob", "/artifacts/templates-site-000/web.json", caller="arm"),
    record("storage", "PutBlob", "/app/locks/0123456789abcdef.json", caller="app"),
]


def test_what_differs_between_deployments_is_a_mark_and_is_filled_in_for_each() -> None:
    site = next(site for site in sites_of(HAPPENED, MARKS) if site.operation == "PutDeployment")

    rule = site.rule("mine", MARKS | {"project": "site-042"})

    assert site.path == "/subscriptions/1/resourceGroups/rg-<project>/deployments/base.<project>"
    assert rule["match"]["path"] == "/subscriptions/1/resourceGroups/rg-site-042/deployments/base.site-042"
    assert (rule["attempts"], rule["times"]) == ([1], 1)


def test_every_site_makes_a_rule_that_the_emulator_takes() -> None:
    sites = sites_of(HAPPENED, MARKS, ["log-site-000-base"])

    rules = [read_rule(site.rule(f"rule-{number}", MARKS)) for number, site in enumerate(sites)]

    assert {rule.service for rule in rules} == {"arm", "storage"}
    assert {rule.fault for rule in rules} >= {"answerLost", "sasExpired", "cutDownload", "resourceThrottled"}


def test_the_recorders_are_rules_that_the_emulator_takes_and_that_cost_no_time() -> None:
    rules = [read_rule(rule) for rule in RECORDERS]

    assert [rule.parameters for rule in rules] == [{"delaySeconds": 0}] * len(RECORDERS)


def test_answers_get_lost_only_where_something_is_written() -> None:
    sites = sites_of(HAPPENED, MARKS)

    assert {site.operation for site in sites if site.fault == "answerLost"} == {"PutDeployment", "PutBlob"}


def test_a_thing_that_all_deployments_ask_for_is_shared() -> None:
    sites = sites_of(HAPPENED, MARKS)

    assert {site.operation for site in sites if site.is_shared} == {"GetSubscription"}


@pytest.mark.parametrize("count", [1, 7, 20])
def test_chosen_sites_are_all_different(count: int) -> None:
    taken = chosen(sites_of(HAPPENED, MARKS), count, seed=1)

    assert len(set(taken)) == len(taken) == count


def test_the_seed_alone_decides_and_the_order_of_the_record_does_not() -> None:
    sites = sites_of(HAPPENED, MARKS)

    assert chosen(sites, 9, seed=1) == chosen(reversed(sites), 9, seed=1)
    assert chosen(sites, 9, seed=1) != chosen(sites, 9, seed=2)


def test_no_kind_of_request_is_left_out_for_one_that_comes_more_often() -> None:
    often = [
        record("storage", "GetBlob", "/app/deployments/state/site-000.json", number, caller="app")
        for number in range(1, 99)
    ]

    taken = chosen(sites_of([*HAPPENED, *often], MARKS), 5, seed=3)

    assert len({(site.service, site.operation) for site in taken}) == 5


def test_there_are_no_more_sites_than_there_are() -> None:
    sites = [Site("arm", "PutDeployment", "/<project>", 1, "", "connectionReset")]

    assert chosen(sites * 3, 10, seed=1) == sites
