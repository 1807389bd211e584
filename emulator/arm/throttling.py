"""Throttling: a token bucket for each kind of request, per principal and subscription, refilled as Azure's time passes.

Source: https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling. The emulator
is one region.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from emulator.arm.errors import ArmError

READ_BUDGET, READ_REFILL = 250, 25.0  # requests, requests a second
WRITE_BUDGET, WRITE_REFILL = 200, 10.0
_SIZES = {
    "reads": (READ_BUDGET, READ_REFILL),
    "writes": (WRITE_BUDGET, WRITE_REFILL),
    "deletes": (WRITE_BUDGET, WRITE_REFILL),
}
_KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}


class ThrottledError(ArmError):
    """A 429; `retry_after` are the real seconds until there is a token again."""

    def __init__(self, code: str, message: str, retry_after: int) -> None:
        super().__init__(429, code, message)
        self.retry_after = retry_after


@dataclass
class _Bucket:
    tokens: float
    when: float


class Budgets:
    """The buckets of everybody. `scale` is how long a second of Azure lasts; with 0 buckets are always full."""

    def __init__(self, scale: float, *, is_enforced: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        self._scale, self._is_enforced, self._clock = scale, is_enforced, clock
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}

    def spend(self, method: str, principal: str, subscription: str | None) -> tuple[str, int]:
        """Take a token; answers the header that tells what is left, and how much that is.

        Raises `ThrottledError`: SubscriptionRequestsThrottled, or TenantRequestsThrottled without a subscription.
        """
        kind = _KINDS.get(method, "writes")
        size, refill = _SIZES[kind]
        moment = self._clock()
        bucket = self._buckets.setdefault((kind, principal, (subscription or "").lower()), _Bucket(size, moment))
        passed = (moment - bucket.when) / self._scale if self._scale > 0 else math.inf
        bucket.tokens, bucket.when = min(float(size), bucket.tokens + passed * refill), moment
        if self._is_enforced and bucket.tokens < 1:
            raise self._refusal(kind, principal, subscription, (1 - bucket.tokens) / refill)
        bucket.tokens = max(0.0, bucket.tokens - 1)
        place = "subscription" if subscription else "tenant"
        return f"x-ms-ratelimit-remaining-{place}-{kind}", int(bucket.tokens)

    def _refusal(self, kind: str, principal: str, subscription: str | None, seconds: float) -> ThrottledError:
        wait = max(1, math.ceil(seconds * self._scale))
        place = f"subscription '{subscription}'" if subscription else "tenant"
        message = (
            f"Number of '{kind.removesuffix('s')}' requests for {place} actor '{principal}' exceeded. Please try again "
            f"after '{wait}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for "
            "additional information."
        )
        return ThrottledError(f"{'Subscription' if subscription else 'Tenant'}RequestsThrottled", message, wait)
