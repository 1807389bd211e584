"""What SIGKILL at any instant leaves: nothing lost, everything at least once."""

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.emulator.functions_host.running_host import NO_STORAGE, RunningHost, write_app
from tests.waiting import wait_until

pytestmark = pytest.mark.long

APP = """
        def note(word):
            with (HERE / "notes").open("a") as file:
                file.write(word + "\\n")

        @app.activity_trigger(input_name="number")
        def square(number):
            note(f"begin {number}")
            time.sleep(0.01)
            note(f"end {number}")
            return number * number

        @app.orchestration_trigger(context_name="context")
        def squares(context):
            numbers = context.get_input()
            return (yield context.task_all([context.call_activity("square", n) for n in numbers]))

        @app.orchestration_trigger(context_name="context")
        def everything(context):
            state = context.get_input()
            fan = yield context.task_all([context.call_activity("square", state["from"] + n) for n in range(8)])
            yield context.create_timer(context.current_utc_datetime + datetime.timedelta(milliseconds=50))
            child = yield context.call_sub_orchestrator("squares", [state["from"] + n for n in range(8, 12)])
            done = state["done"] + fan + child
            if state["from"] < 36:
                context.continue_as_new({"from": state["from"] + 12, "done": done})
                return None
            return done

        @app.orchestration_trigger(context_name="context")
        def wait(context):
            return (yield context.wait_for_external_event("Go"))

        @app.activity_trigger(input_name="x")
        def held(x):
            note(f"begin {x}")
            while not (HERE / "open").exists():
                time.sleep(0.01)
            return x

        @app.orchestration_trigger(context_name="context")
        def holding(context):
            return (yield context.call_activity("held", context.instance_id))

        @app.activity_trigger(input_name="x")
        def fragile(x):
            note(f"begin {x}")
            if not (HERE / "open").exists():
                raise ValueError("not yet")
            return "fine"

        @app.orchestration_trigger(context_name="context")
        def fails(context):
            return (yield context.call_activity("fragile", context.instance_id))

        @app.orchestration_trigger(context_name="context")
        def family(context):
            return (yield context.task_all([context.call_sub_orchestrator("fails") for _ in range(3)]))

        @app.orchestration_trigger(context_name="context")
        def tomorrow(context):
            yield context.create_timer(context.current_utc_datetime + datetime.timedelta(seconds=context.get_input()))
            return "fired"
        """


@pytest.fixture
def host(tmp_path: Path) -> RunningHost:
    return RunningHost(write_app(tmp_path / "app", APP), NO_STORAGE)


def notes(host: RunningHost) -> list[str]:
    file = host.app_root / "notes"
    return file.read_text().splitlines() if file.exists() else []


@pytest.mark.parametrize("seed", range(2))
def test_an_orchestration_survives_kills_at_any_moment(host: RunningHost, seed: int) -> None:
    moments = sorted(random.Random(seed).sample(range(1, 90), 3))
    host.start()
    host.start_instance("everything", "i", {"from": 0, "done": []})

    for moment in moments:
        wait_until(lambda moment=moment: len(notes(host)) >= moment)
        host.kill()
        host.start()
    status = host.final("i")
    host.stop()

    assert status["output"] == [n * n for n in range(48)]
    ended = Counter(note for note in notes(host) if note.startswith("end"))
    assert set(ended) == {f"end {n}" for n in range(48)}


def test_an_activity_that_a_dead_process_ran_runs_again(host: RunningHost) -> None:
    host.start()
    host.start_instance("holding", "h")
    wait_until(lambda: notes(host) == ["begin h"])

    host.kill()
    (host.app_root / "open").touch()
    host.start()
    status = host.final("h")
    host.stop()

    assert status["output"] == "h"
    assert notes(host) == ["begin h", "begin h"]


def test_an_accepted_start_and_an_accepted_event_are_kept(host: RunningHost) -> None:
    host.start()
    started = host.start_instance("wait", "w")
    host.kill()
    host.start()
    raised = host.raise_event("w", "Go", {"n": 1})
    host.kill()
    host.start()

    status = host.final("w")
    host.stop()

    assert (started.status_code, raised.status_code) == (202, 202)
    assert status["output"] == {"n": 1}


def test_a_timer_that_came_due_while_the_host_was_down_fires(host: RunningHost) -> None:
    host.start()
    host.start_instance("tomorrow", "t", 0.3)
    host.wait_for_event("t", "TimerCreated")
    host.kill()

    host.start()
    status = host.final("t")
    host.stop()

    assert status["output"] == "fired"


def test_what_was_done_to_instances_is_kept(host: RunningHost) -> None:
    host.start()
    host.start_instance("wait", "suspended")
    host.start_instance("squares", "purged", [1])
    host.start_instance("fails", "rewound")
    for ended in ("purged", "rewound"):
        host.final(ended)
    wait_until(lambda: host.status("suspended")["runtimeStatus"] == "Running")
    (host.app_root / "open").touch()

    answers = [
        host.post(host.management("/instances/suspended/suspend?reason=r")),
        host.request("DELETE", host.management("/instances/purged")),
        host.post(host.management("/instances/rewound/rewind?reason=r")),
        host.post(host.management("/instances/rewound/restart")),
    ]
    host.kill()
    host.start()
    restarted = host.final(answers[3].json()["id"])
    rewound = host.final("rewound")
    wait_until(lambda: host.status("suspended")["runtimeStatus"] == "Suspended")
    host.post(host.management("/instances/suspended/resume?reason=r"))
    host.raise_event("suspended", "Go", 1)
    resumed = host.final("suspended")
    purged = host.status("purged")
    host.stop()

    assert [answer.status_code for answer in answers] == [202, 200, 202, 202]
    assert purged == {}
    assert (restarted["output"], rewound["output"], resumed["output"]) == ("fine", "fine", 1)


@pytest.mark.parametrize("seed", range(2))
def test_a_rewind_survives_kills_at_any_moment(host: RunningHost, seed: int) -> None:
    moments = random.Random(seed)
    host.start()
    host.start_instance("family", "f")
    host.final("f")
    (host.app_root / "open").touch()

    host.post(host.management("/instances/f/rewind?reason=r"))
    for _ in range(3):
        seen = len(notes(host)) + moments.randrange(2)
        wait_until(lambda seen=seen: len(notes(host)) >= seen or host.status("f")["runtimeStatus"] == "Completed")
        host.kill()
        host.start()
    status = host.final("f")
    host.stop()

    assert (status["runtimeStatus"], status["output"]) == ("Completed", ["fine"] * 3)


def test_what_has_ended_stays_as_it_is(host: RunningHost) -> None:
    host.start()
    host.start_instance("squares", "s", [1, 2])
    before = host.final("s"), host.history("s")
    host.kill()

    host.start()
    after = host.status("s"), host.history("s")
    host.stop()

    assert json.dumps(after) == json.dumps(before)
