"""How long something that failed is waited for before it is tried again, and when that is given up.

    patience = Patience()                                  # at the first attempt
    found = patience.after(Recovery.BACK_OFF, policy, seed)
    found.seconds, found.patience                          # the wait, and what is left; None when it is given up

Failures that ask for the same again count as attempts of the policy. What only has to be waited for (somebody else is
at it, something can't be reached at all) does not count, and is bounded by time instead: by the seconds that were
waited in all, so that whatever happens in between, every sequence of failures ends.

Pure and deterministic: the jitter is made from a hash, so that an orchestrator that is replayed waits as it did.
"""

import hashlib

from armature.errors import Recovery
from armature.models import Model
from armature.options import RetryPolicy

MAX_WAIT_SECONDS = 300.0
"""No single wait is longer: a service's Retry-After beyond it is cut, so that a cancelled deployment is noticed."""

JITTER = 0.2
"""Share of a wait by which it is made longer at most, so that what failed together does not come back together."""

LONGEST_UNCOUNTED_WAIT_SECONDS = 30.0
"""What does not count as an attempt is looked at again that often: people wait for its end."""

UNCOUNTED_GROWTH = 0.5
"""Each such wait is this share of all waited so far: quick at first, patient later."""

OUTWAIT_MINUTES = 15
"""How long a service that can't be reached at all is waited for: regional hand-overs and name servers take ten."""

WAIT_MINUTES = 30
"""How long the work of somebody else is waited for: what takes longer than that is told to the person who waits."""

REGISTRATION_MINUTES = 15
"""A resource provider registers within a minute or two; some take ten (Resource providers and types, 2025)."""

PRUNING_MINUTES = 10
"""Deletions of old entries of a deployment history are done by ARM in the background, within minutes."""

_PATIENCE_SECONDS = {
    Recovery.OUTWAIT: OUTWAIT_MINUTES * 60.0,
    Recovery.WAIT: WAIT_MINUTES * 60.0,
    Recovery.REGISTER_PROVIDER: REGISTRATION_MINUTES * 60.0,
    Recovery.PRUNE_HISTORY: PRUNING_MINUTES * 60.0,
}

UNCOUNTED = frozenset(_PATIENCE_SECONDS)
"""What is done about a failure by waiting, without counting it as an attempt."""


class Patience(Model):
    """What was spent so far on one thing that is tried again: `attempt` is the number of the present attempt.

    `tries` also counts what is no attempt; `waited` are the seconds of waits that did not count, by what was waited
    for; `had_fresh_sas` that it was tried again at once with a new SAS, which helps once.
    """

    attempt: int = 1
    tries: int = 1
    waited: dict[Recovery, float] = {}
    had_fresh_sas: bool = False

    def after(
        self, recovery: Recovery, policy: RetryPolicy, seed: str, retry_after_seconds: float | None = None
    ) -> "Wait | None":
        """What to do after a failure: wait that long and try again, or (None) give up.

        `seed` names what is tried, such as the orchestration's instance id and the activity. None also for what waiting
        does not help: `afterProgress`, `treatAsDone` and `fail`.
        """
        if recovery in UNCOUNTED:
            return self._uncounted(recovery, policy, seed, retry_after_seconds)
        if recovery not in (Recovery.BACK_OFF, Recovery.FRESH_SAS) or self.attempt >= policy.max_attempts:
            return None
        seconds = retry_wait(policy, self.attempt, retry_after_seconds, self._seed(seed))
        if recovery is Recovery.FRESH_SAS and not self.had_fresh_sas:
            seconds = 0.0
        update = {
            "attempt": self.attempt + 1,
            "tries": self.tries + 1,
            "had_fresh_sas": self.had_fresh_sas or recovery is Recovery.FRESH_SAS,
        }
        return Wait(seconds=seconds, patience=self.model_copy(update=update))

    def _uncounted(
        self, recovery: Recovery, policy: RetryPolicy, seed: str, retry_after_seconds: float | None
    ) -> "Wait | None":
        waited = self.waited.get(recovery, 0.0)
        if waited >= _PATIENCE_SECONDS[recovery]:
            return None
        grown = max(policy.first_interval_seconds, waited * UNCOUNTED_GROWTH)
        seconds = _jittered(min(grown, LONGEST_UNCOUNTED_WAIT_SECONDS), retry_after_seconds, self._seed(seed))
        update = {"tries": self.tries + 1, "waited": {**self.waited, recovery: waited + seconds}}
        return Wait(seconds=seconds, patience=self.model_copy(update=update))

    def _seed(self, seed: str) -> str:
        return f"{seed}|{self.tries}"


class Wait(Model):
    """Seconds to wait before something is tried again, and the patience that is left after that."""

    seconds: float
    patience: Patience


def retry_wait(policy: RetryPolicy, attempt: int, retry_after_seconds: float | None = None, seed: str = "") -> float:
    """Seconds to wait after attempt number `attempt` failed: the policy's back-off, or what the service asked for when
    that is longer; lengthened by up to `JITTER`, which `seed` decides."""
    return _jittered(
        policy.first_interval_seconds * policy.backoff_multiplier ** (attempt - 1), retry_after_seconds, seed
    )


def _jittered(seconds: float, retry_after_seconds: float | None, seed: str) -> float:
    asked = max(seconds, retry_after_seconds or 0.0)
    return min(asked * (1 + JITTER * fraction_of(seed)), MAX_WAIT_SECONDS)


def fraction_of(seed: str) -> float:
    """A number from 0 up to 1 that looks random and is the same for the same seed."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:6]) / 2**48
