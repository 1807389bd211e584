"""How long a failure is waited for, and when it is given up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.errors import Recovery
from armature.options import RetryPolicy
from armature.patience import (
    JITTER,
    LONGEST_UNCOUNTED_WAIT_SECONDS,
    MAX_WAIT_SECONDS,
    OUTWAIT_MINUTES,
    UNCOUNTED,
    Patience,
    retry_wait,
)

POLICY = RetryPolicy(max_attempts=3, backoff_multiplier=2, first_interval_seconds=4)

policies = st.builds(
    RetryPolicy,
    max_attempts=st.integers(1, 10),
    backoff_multiplier=st.floats(1, 10),
    first_interval_seconds=st.floats(0.001, 300),
)


def waits(recoveries, policy=POLICY, seed="s") -> list[float]:
    """The waits after a sequence of failures, until it is given up."""
    patience, seconds = Patience(), []
    for recovery in recoveries:
        wait = patience.after(recovery, policy, seed)
        if wait is None:
            break
        seconds.append(wait.seconds)
        patience = wait.patience
    return seconds


def test_the_back_off_grows_by_the_policy_and_ends_after_its_attempts():
    first, second = waits([Recovery.BACK_OFF] * 5)

    assert 4 <= first <= 4 * (1 + JITTER)
    assert 8 <= second <= 8 * (1 + JITTER)


def test_a_fresh_sas_is_tried_at_once_and_only_once():
    first, second = waits([Recovery.FRESH_SAS] * 5)

    assert first == 0
    assert second >= 8


@pytest.mark.parametrize("recovery", sorted(UNCOUNTED))
def test_what_is_only_waited_for_does_not_count_and_ends_all_the_same(recovery):
    patience, waited = Patience(), 0.0

    while (wait := patience.after(recovery, POLICY, "s")) is not None:
        assert wait.seconds <= LONGEST_UNCOUNTED_WAIT_SECONDS * (1 + JITTER)
        waited += wait.seconds
        patience = wait.patience

    assert patience.attempt == 1
    assert 10 * 60 <= waited <= 31 * 60


def test_waits_that_do_not_count_are_short_at_first():
    found = waits([Recovery.OUTWAIT] * 10)

    assert found[0] < 5
    assert found[-1] >= LONGEST_UNCOUNTED_WAIT_SECONDS
    assert sum(found) < OUTWAIT_MINUTES * 60


@pytest.mark.parametrize("recovery", [Recovery.FAIL, Recovery.AFTER_PROGRESS, Recovery.TREAT_AS_DONE])
def test_what_waiting_does_not_help_is_not_waited_for(recovery):
    assert waits([recovery]) == []


def test_what_failed_together_does_not_come_back_together():
    found = {retry_wait(POLICY, 1, seed=f"template-{number}") for number in range(50)}

    assert len(found) == 50


@given(policies, st.integers(1, 10), st.none() | st.floats(0, 10_000), st.text())
def test_a_wait_is_never_shorter_than_what_was_asked_nor_longer_than_the_jitter_allows(policy, attempt, asked, seed):
    wanted = max(policy.first_interval_seconds * policy.backoff_multiplier ** (attempt - 1), asked or 0)

    found = retry_wait(policy, attempt, asked, seed)

    assert min(wanted, MAX_WAIT_SECONDS) <= found <= min(wanted * (1 + JITTER), MAX_WAIT_SECONDS)
    assert found == retry_wait(policy, attempt, asked, seed)


@given(policies, st.lists(st.sampled_from(Recovery), max_size=300), st.randoms(use_true_random=False))
def test_whatever_fails_in_whatever_order_the_attempts_stay_within_the_policy(policy, recoveries, random):
    patience = Patience()
    for recovery in recoveries:
        wait = patience.after(recovery, policy, "s", random.choice([None, 1.0, 50.0, 5000.0]))
        if wait is None:
            continue
        patience = wait.patience
        assert patience.attempt <= policy.max_attempts
        assert 0 <= wait.seconds <= MAX_WAIT_SECONDS
        assert Patience.load(patience.dump()) == patience
