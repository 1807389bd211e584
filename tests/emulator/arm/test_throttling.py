"""Token buckets."""

from pathlib import Path

import pytest

from emulator.arm.throttling import READ_BUDGET, WRITE_BUDGET, Budgets, ThrottledError
from emulator.certificates import Certificates
from tests.emulator.arm.running import SUBSCRIPTION, running_arm


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def emptied(clock: Clock, scale: float, method: str = "GET") -> Budgets:
    budgets = Budgets(scale, clock=clock)
    for _ in range(READ_BUDGET if method == "GET" else WRITE_BUDGET):
        budgets.spend(method, "p", "s")
    return budgets


def test_what_is_left_is_told() -> None:
    budgets = Budgets(1, clock=Clock())

    assert budgets.spend("GET", "p", "s") == ("x-ms-ratelimit-remaining-subscription-reads", 249)
    assert budgets.spend("DELETE", "p", "s") == ("x-ms-ratelimit-remaining-subscription-deletes", 199)
    assert budgets.spend("POST", "p", None) == ("x-ms-ratelimit-remaining-tenant-writes", 199)


@pytest.mark.parametrize(("method", "kind"), [("GET", "read"), ("PUT", "write"), ("DELETE", "delete")])
def test_more_than_the_bucket_holds_is_refused(method: str, kind: str) -> None:
    budgets = emptied(Clock(), 1, method)

    with pytest.raises(ThrottledError) as refusal:
        budgets.spend(method, "p", "s")

    assert (refusal.value.status, refusal.value.code) == (429, "SubscriptionRequestsThrottled")
    assert f"Number of '{kind}' requests for subscription 's' actor 'p' exceeded" in refusal.value.message
    assert refusal.value.retry_after == 1


def test_others_have_buckets_of_their_own() -> None:
    budgets = emptied(Clock(), 1)

    assert budgets.spend("GET", "other", "s")[1] == 249
    assert budgets.spend("GET", "p", "t")[1] == 249
    assert budgets.spend("PUT", "p", "s")[1] == 199


@pytest.mark.parametrize(("scale", "seconds"), [(1, 1.0), (0.05, 0.05), (2, 2.0)])
def test_buckets_refill_as_azures_time_passes(scale: float, seconds: float) -> None:
    clock = Clock()
    budgets = emptied(clock, scale)

    clock.now += seconds

    assert budgets.spend("GET", "p", "s")[1] == 24


def test_when_nothing_takes_time_buckets_are_full() -> None:
    assert emptied(Clock(), 0).spend("GET", "p", "s")[1] >= READ_BUDGET - 2


def test_without_limits_nothing_is_refused() -> None:
    budgets = Budgets(1, is_enforced=False, clock=Clock())

    left = [budgets.spend("PUT", "p", "s")[1] for _ in range(WRITE_BUDGET + 5)]

    assert left[-1] == 0


async def test_the_emulators_own_paths_are_never_throttled(certificates: Certificates, tmp_path: Path) -> None:
    async with running_arm(certificates, tmp_path, scale=1000, throttle=True) as arm:
        for _ in range(WRITE_BUDGET):
            await arm.request("DELETE", "/tenants")

        throttled, answer = await arm.request("DELETE", "/tenants")
        url = f"{arm.url}/emulator/records/quota/{SUBSCRIPTION}/eastus2/cores"
        async with arm.http.delete(url) as free:
            assert free.status == 204

    assert (throttled, answer["error"]["code"]) == (429, "TenantRequestsThrottled")


async def test_what_is_left_and_when_to_come_again_is_told_in_headers(
    certificates: Certificates, tmp_path: Path
) -> None:
    async with running_arm(certificates, tmp_path, scale=1000, throttle=True) as arm:
        path, parameters = f"{arm.url}/subscriptions/{SUBSCRIPTION}", {"api-version": "2022-12-01"}
        async with arm.http.get(path, params=parameters) as first:
            left = first.headers["x-ms-ratelimit-remaining-subscription-reads"]
        for _ in range(READ_BUDGET - 1):
            await arm.http.get(path, params=parameters)
        async with arm.http.get(path, params=parameters) as last:
            after = int(last.headers["Retry-After"])

    assert (left, last.status) == ("249", 429)
    assert 1 <= after <= 40  # a read is given back every 40 seconds, for a second of Azure's lasts 1000 here
