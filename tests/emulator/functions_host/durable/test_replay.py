"""What a replay decides, given a history and the SDK's actions."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.functions_host.durable import history as rows
from emulator.functions_host.durable.actions import (
    Action,
    CallActivity,
    CallHttp,
    CallSubOrchestrator,
    ContinueAsNew,
    CreateTimer,
    RetryPolicy,
    WaitForEvent,
    WhenAll,
    WhenAny,
)
from emulator.functions_host.durable.decisions import (
    Completed,
    Continued,
    Failed,
    NonDeterministic,
    ScheduleActivity,
    StartSubOrchestration,
    StartTimer,
)
from tests.emulator.functions_host.durable.histories import (
    BEGIN,
    HistoryBuilder,
    completed,
    failed,
    fired,
    raised,
    resumed,
    suspended,
)

HELLO = CallActivity("hello", '"x"')
OTHER = CallActivity("other", "1")
RETRIED = CallActivity("hello", '"x"', RetryPolicy(timedelta(seconds=5), 2))


def test_an_activity_is_scheduled_once() -> None:
    first = HistoryBuilder().replay(HELLO)
    again = HistoryBuilder().scheduled(0).episode().replay(HELLO)

    assert first.decisions == (ScheduleActivity(0, "hello", '"x"'),)
    assert again.decisions == ()


def test_actions_follow_one_another() -> None:
    waiting = HistoryBuilder().replay(HELLO, OTHER)
    going_on = HistoryBuilder().scheduled(0).episode(completed(0)).replay(HELLO, OTHER)

    assert waiting.decisions == (ScheduleActivity(0, "hello", '"x"'),)
    assert going_on.decisions == (ScheduleActivity(1, "other", "1"),)


def test_an_orchestration_is_complete_when_its_actions_are() -> None:
    history = HistoryBuilder().scheduled(0)

    assert history.replay(HELLO, is_done=True).ending is None
    assert history.episode(completed(0)).replay(HELLO, is_done=True).ending == Completed()


def test_a_failed_activity_is_left_to_the_user_code() -> None:
    history = HistoryBuilder().scheduled(0).episode(failed(0))

    verdict = history.replay(HELLO, OTHER)

    assert verdict.decisions == (ScheduleActivity(1, "other", "1"),)
    assert verdict.ending is None


def test_an_error_of_the_user_code_ends_the_orchestration() -> None:
    verdict = HistoryBuilder().scheduled(0).episode(failed(0)).replay(HELLO, error="boom")

    assert verdict.ending == Failed("boom")


def test_all_of_a_fan_out_is_scheduled_at_once() -> None:
    verdict = HistoryBuilder().replay(WhenAll((HELLO, OTHER, HELLO)))

    assert [decision.event_id for decision in verdict.decisions] == [0, 1, 2]


def test_what_follows_a_fan_out_waits_for_all_of_it_even_when_one_fails() -> None:
    history = HistoryBuilder().scheduled(0).scheduled(1, "other").episode(failed(0))

    early = history.replay(WhenAll((HELLO, OTHER)), HELLO)
    late = history.episode(completed(1)).replay(WhenAll((HELLO, OTHER)), HELLO)

    assert early.decisions == ()
    assert late.decisions == (ScheduleActivity(2, "hello", '"x"'),)


def test_what_follows_a_race_waits_for_the_first() -> None:
    race = WhenAny((CreateTimer(BEGIN + timedelta(seconds=60), is_cancelled=False), WaitForEvent("Go")))
    history = HistoryBuilder().timer(0).episode(raised("Go"))

    verdict = history.replay(race, HELLO)

    assert verdict.decisions == (ScheduleActivity(1, "hello", '"x"'),)


@pytest.mark.parametrize("answer", [{"is_done": True}, {"error": "boom"}])
def test_an_orchestration_does_not_end_while_a_timer_is_open(answer: dict[str, Any]) -> None:
    race = WhenAny((CreateTimer(BEGIN + timedelta(seconds=60), is_cancelled=False), WaitForEvent("Go")))
    history = HistoryBuilder().timer(0).episode(raised("Go"))

    early = history.replay(race, **answer)
    late = history.episode(fired(0)).replay(race, **answer)

    assert early.ending is None
    assert late.ending is not None


def test_an_orchestration_does_not_begin_anew_while_an_activity_is_open() -> None:
    race = WhenAny((HELLO, WaitForEvent("Go")))
    history = HistoryBuilder().scheduled(0).episode(raised("Go"))

    early = history.replay(race, ContinueAsNew("2"), is_done=True)
    late = history.episode(completed(0)).replay(race, ContinueAsNew("2"), is_done=True)

    assert early.ending is None
    assert late.ending == Continued("2")


def test_a_cancelled_timer_does_not_keep_an_orchestration_from_ending() -> None:
    race = WhenAny((CreateTimer(BEGIN + timedelta(seconds=60), is_cancelled=True), WaitForEvent("Go")))
    history = HistoryBuilder().timer(0).episode(raised("Go"))

    assert history.replay(race, is_done=True).ending == Completed()


def test_a_cancelled_timer_is_told_of() -> None:
    race = WhenAny((CreateTimer(BEGIN + timedelta(seconds=60), is_cancelled=True), WaitForEvent("Go")))
    history = HistoryBuilder().timer(0).episode(raised("Go"))

    assert history.replay(race, HELLO).cancelled_timers == (0,)


def test_a_retry_waits_for_a_timer_that_starts_with_the_episode() -> None:
    history = HistoryBuilder().scheduled(0).episode(failed(0))

    verdict = history.replay(WhenAll((RETRIED,)))

    assert verdict.decisions == (StartTimer(1, history.now + timedelta(seconds=5), is_cancelled=False),)


def test_a_retry_tries_again_when_its_timer_has_fired() -> None:
    history = HistoryBuilder().scheduled(0).episode(failed(0)).timer(1).episode(fired(1))

    assert history.replay(WhenAll((RETRIED,))).decisions == (ScheduleActivity(2, "hello", '"x"'),)


def test_after_the_last_attempt_one_more_timer_fires_at_once() -> None:
    history = HistoryBuilder().scheduled(0).episode(failed(0)).timer(1).episode(fired(1)).scheduled(2)
    history.episode(failed(2))

    verdict = history.replay(WhenAll((RETRIED,)), HELLO)
    after = history.timer(3).episode(fired(3)).replay(WhenAll((RETRIED,)), HELLO)

    assert verdict.decisions == (StartTimer(3, history.now - timedelta(seconds=1), is_cancelled=False),)
    assert after.decisions == (ScheduleActivity(4, "hello", '"x"'),)


def test_a_sub_orchestration_is_named_after_the_execution_and_the_event_id() -> None:
    verdict = HistoryBuilder().replay(WhenAll((HELLO, CallSubOrchestrator("child", "1", None))))

    assert verdict.decisions[1] == StartSubOrchestration(1, "child", "e:1", "1")


def test_a_sub_orchestration_keeps_the_id_that_it_is_given() -> None:
    verdict = HistoryBuilder().replay(CallSubOrchestrator("child", None, "mine"))

    assert verdict.decisions == (StartSubOrchestration(0, "child", "mine", None),)


def test_an_event_that_came_before_anyone_waited_is_kept() -> None:
    history = HistoryBuilder().scheduled(0).episode(raised("Go")).episode(completed(0))

    assert history.replay(HELLO, WaitForEvent("Go"), is_done=True).ending == Completed()


def test_each_event_is_consumed_once() -> None:
    history = HistoryBuilder().episode(raised("Go"))
    two_waits = (WaitForEvent("Go"), WaitForEvent("Go"))

    assert history.replay(*two_waits, is_done=True).ending is None
    assert history.episode(raised("Go")).replay(*two_waits, is_done=True).ending == Completed()


def test_the_host_does_not_tell_case_apart_in_event_names() -> None:
    assert HistoryBuilder().episode(raised("go")).replay(WaitForEvent("Go"), is_done=True).ending == Completed()


def test_continue_as_new_carries_the_input() -> None:
    assert HistoryBuilder().replay(ContinueAsNew("2"), is_done=True).ending == Continued("2")


def test_events_that_come_after_continue_as_new_are_for_the_next_execution() -> None:
    history = HistoryBuilder().episode(raised("Go"), raised("Go"), raised("Other"))

    verdict = history.replay(WaitForEvent("Go"), ContinueAsNew("2"), is_done=True)

    assert isinstance(verdict.ending, Continued)
    assert [event.fields["Name"] for event in verdict.ending.carried_over] == ["Go", "Other"]


def test_of_several_waits_for_one_event_the_last_gets_it() -> None:
    both = WhenAll((WaitForEvent("Go"), WaitForEvent("Other")))
    either = WhenAny((WaitForEvent("Go"), both))

    after_one = HistoryBuilder().episode(raised("Go")).replay(either, HELLO)
    after_two = HistoryBuilder().episode(raised("Go"), raised("Go")).replay(either, HELLO)

    assert after_one.decisions == ()
    assert after_two.decisions == (ScheduleActivity(0, "hello", '"x"'),)


def test_events_that_came_before_continue_as_new_are_lost() -> None:
    history = HistoryBuilder().episode(raised("Other"), raised("Go"))

    assert history.replay(WaitForEvent("Go"), ContinueAsNew("2"), is_done=True).ending == Continued("2")


@pytest.mark.parametrize("retry", [None, RetryPolicy(timedelta(seconds=5), 2)])
def test_an_unknown_function_is_never_scheduled_and_the_orchestration_goes_on_waiting(
    retry: RetryPolicy | None,
) -> None:
    activity = HistoryBuilder().replay(CallActivity("missing", None, retry))
    sub_orchestration = HistoryBuilder().replay(CallSubOrchestrator("missing", None, None, retry))

    for verdict in (activity, sub_orchestration):
        assert verdict.decisions == ()  # nor a timer before another attempt
        assert verdict.ending is None


def test_function_names_do_not_tell_case_apart() -> None:
    history = HistoryBuilder().scheduled(0, "HELLO").episode(completed(0))

    assert history.replay(CallActivity("Hello", None), is_done=True).ending == Completed()


def test_another_activity_under_the_same_id_is_nondeterministic() -> None:
    verdict = HistoryBuilder().scheduled(0, "hello").episode(completed(0)).replay(OTHER, is_done=True)

    assert verdict.ending == NonDeterministic(
        "Non-Deterministic workflow detected: A previous execution of this orchestration scheduled an activity task "
        "with sequence number 0 named 'hello', but the current orchestration replay instead scheduled an activity task "
        "named 'other' with this sequence number.  Was a change made to the orchestrator code after this instance had "
        "already started running?"
    )


def test_a_task_that_is_not_scheduled_any_more_is_nondeterministic() -> None:
    verdict = HistoryBuilder().scheduled(0).episode(completed(0)).replay(is_done=True)

    assert isinstance(verdict.ending, NonDeterministic)
    assert "hasn't (yet?) scheduled this task" in verdict.ending.message


CHANGED = "Was a change made to the orchestrator code after this instance had already started running?"


@pytest.mark.parametrize(
    ("history", "action", "difference"),
    [
        (
            HistoryBuilder().scheduled(0),
            CreateTimer(BEGIN, is_cancelled=False),
            (
                "an activity task with sequence number 0 named 'hello', but the current orchestration replay instead "
                "produced a CreateTimerOrchestratorAction action with this sequence number."
            ),
        ),
        (
            HistoryBuilder().sub_orchestration(0),
            HELLO,
            (
                "a sub-orchestration task with sequence ID 0 and name 'child' (version '', instance ID 'e:0'), but the "
                "current orchestration replay instead produced a ScheduleTaskOrchestratorAction action at this "
                "sequence number."
            ),
        ),
        (
            HistoryBuilder().sub_orchestration(0, "other"),
            CallSubOrchestrator("child", None, None),
            (
                "a sub-orchestration task with sequence ID 0 and name 'other' (version '', instance ID 'e:0'), but the "
                "current orchestration replay instead scheduled a sub-orchestration task with name child at this "
                "sequence number."
            ),
        ),
        (
            HistoryBuilder().timer(0),
            HELLO,
            (
                "a timer task with sequence number 0 named but the current orchestration replay instead produced a "
                "ScheduleTaskOrchestratorAction action with this sequence number."
            ),
        ),
        (
            HistoryBuilder().timer(0),
            WaitForEvent("Go"),
            "a timer task with sequence number 0 but the current replay execution hasn't (yet?) scheduled this task.",
        ),
        (
            HistoryBuilder().sub_orchestration(0),
            WaitForEvent("Go"),
            (
                "a sub-orchestration task with sequence ID 0 and name 'child' (version '', instance ID 'e:0'), but the "
                "current replay execution hasn't (yet?) scheduled this task."
            ),
        ),
    ],
)
def test_another_task_under_the_same_id_is_told_in_the_words_of_the_real_host(
    history: HistoryBuilder, action: Action, difference: str
) -> None:
    verdict = history.episode().replay(action)

    detected = "Non-Deterministic workflow detected: A previous execution of this orchestration scheduled"
    assert verdict.ending == NonDeterministic(f"{detected} {difference} {CHANGED}")


def test_a_report_that_comes_twice_counts_once() -> None:
    history = HistoryBuilder().scheduled(0).episode(completed(0), completed(0))

    assert history.replay(HELLO, OTHER).decisions == (ScheduleActivity(1, "other", "1"),)


@given(order=st.permutations(range(6)), cut=st.integers(0, 6))
def test_a_fan_out_completes_in_any_order_and_in_any_number_of_episodes(order: list[int], cut: int) -> None:
    history = HistoryBuilder()
    for event_id in range(6):
        history.scheduled(event_id)
    for batch in (order[:cut], order[cut:]):
        history.episode(*(completed(event_id) for event_id in batch))

    verdict = history.replay(WhenAll((HELLO,) * 6), is_done=True)

    assert verdict.ending == Completed()
    assert verdict.decisions == ()


def test_a_suspended_orchestration_hears_nothing_until_it_is_resumed() -> None:
    history = HistoryBuilder().scheduled(0).episode(suspended()).episode(completed(0))
    while_suspended = history.replay(HELLO, OTHER)

    resumed_now = history.episode(resumed()).replay(HELLO, OTHER)

    assert (while_suspended.decisions, while_suspended.ending) == ((), None)
    assert resumed_now.decisions == (ScheduleActivity(1, "other", "1"),)


def test_a_suspended_orchestration_does_not_end() -> None:
    history = HistoryBuilder().episode(suspended()).episode(raised("Go"))
    while_suspended = history.replay(WaitForEvent("Go"), is_done=True)

    resumed_now = history.episode(resumed()).replay(WaitForEvent("Go"), is_done=True)

    assert while_suspended.ending is None
    assert resumed_now.ending == Completed()


def test_what_is_asked_for_in_the_episode_of_the_suspension_waits_for_the_resumption() -> None:
    history = HistoryBuilder().scheduled(0).episode(completed(0), suspended())
    while_suspended = history.replay(HELLO, OTHER)
    resumed_now = history.episode(resumed()).replay(HELLO, OTHER)

    afterwards = history.scheduled(1, "other").episode(completed(1)).replay(HELLO, OTHER, is_done=True)

    assert while_suspended.decisions == ()
    assert resumed_now.decisions == (ScheduleActivity(1, "other", "1"),)
    assert (afterwards.decisions, afterwards.ending) == ((), Completed())


def test_a_second_suspension_changes_nothing_and_an_instance_can_be_suspended_again() -> None:
    history = HistoryBuilder().scheduled(0).episode(suspended()).episode(suspended()).episode(resumed())
    history.episode(suspended()).episode(completed(0))
    suspended_again = history.replay(HELLO, is_done=True)

    resumed_again = history.episode(resumed()).replay(HELLO, is_done=True)

    assert suspended_again.ending is None
    assert resumed_again.ending == Completed()


def test_an_orchestration_that_has_nothing_to_wait_for_ends_though_it_is_suspended() -> None:
    assert HistoryBuilder().episode(suspended()).replay(is_done=True).ending == Completed()


def test_a_rewound_task_is_scheduled_again_under_its_old_event_id() -> None:
    history = HistoryBuilder().scheduled(0).episode(completed(0))
    for event_id in (1, -1, 2):
        history.events.append(rows.generic(BEGIN, None, event_id))

    verdict = history.episode(rows.generic(BEGIN, "again")).replay(HELLO, OTHER)

    assert verdict.decisions == (ScheduleActivity(1, "other", "1"),)


def test_a_failure_that_was_caught_and_that_a_rewind_takes_back_as_well_breaks_the_history() -> None:
    history = HistoryBuilder()
    history.events.append(rows.generic(BEGIN, None, 0))  # a failure that the orchestrator had got over
    history.scheduled(1, "other")

    verdict = history.episode(rows.generic(BEGIN, "again")).replay(HELLO, OTHER)

    assert isinstance(verdict.ending, NonDeterministic)


def test_an_http_call_is_an_activity_that_every_host_has() -> None:
    first = HistoryBuilder().replay(CallHttp('{"uri": "http://x"}'))
    answered = HistoryBuilder().scheduled(0, "BuiltIn::HttpActivity").episode(completed(0))

    assert first.decisions == (ScheduleActivity(0, "BuiltIn::HttpActivity", '{"uri": "http://x"}'),)
    assert answered.replay(CallHttp("{}"), is_done=True).ending == Completed()


def test_an_ending_is_told_the_next_event_id() -> None:
    history = HistoryBuilder().scheduled(0).timer(1).episode(failed(0), fired(1))

    verdict = history.replay(WhenAll((HELLO, CreateTimer(BEGIN, is_cancelled=False))), is_done=True)

    assert (verdict.ending, verdict.next_event_id) == (Completed(), 2)
