"""Episodes over a real store, with orchestrators that answer what a test tells them to."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from emulator.functions_host.database import Database
from emulator.functions_host.durable import history as rows
from emulator.functions_host.durable.episode import EpisodeRunner, utc_now
from emulator.functions_host.durable.instances import Instance, Message, RuntimeStatus
from emulator.functions_host.durable.management import Management
from emulator.functions_host.durable.replay import KnownFunctions
from emulator.functions_host.durable.store import Store
from emulator.functions_host.indexing import Binding, HostFunction, TriggerKind
from emulator.functions_host.invocation import Invoker
from emulator.functions_host.leases import Fence, LeaseLostError

Answer = Callable[[dict[str, Any]], dict[str, Any]]

WAIT = {"actionType": 6, "externalEventName": "Go"}


class Scene:
    """One instance `i` of an orchestrator that answers with `answer`; every context is kept."""

    def __init__(self, folder: Path) -> None:
        database = Database(folder / "host.sqlite")
        self.store = Store(database)
        self.management = Management(database)
        self.contexts: list[dict[str, Any]] = []
        self.answer: Answer = lambda _context: answer(WAIT)
        trigger = Binding("context", "orchestrationTrigger", is_output=False, properties={})
        function = HostFunction(
            "o",
            self._orchestrate,
            TriggerKind.ORCHESTRATION,
            trigger,
            (),
            (),
            is_async=False,
            wants_context=False,
            directory=folder,
        )
        known = KnownFunctions(frozenset({"hello"}), frozenset({"o"}))
        self.runner = EpisodeRunner(self.store, {"o": function}, known, Invoker(str, None, 1))  # type: ignore[arg-type]

    def _orchestrate(self, context: Any) -> str:
        self.contexts.append(json.loads(context.body))
        return json.dumps(self.answer(self.contexts[-1]))

    def start(self, name: str = "o", execution_id: str = "e") -> None:
        now = utc_now()
        started = rows.execution_started(now, instance_id="i", execution_id=execution_id, name=name, input_text=None)
        instance = Instance("i", execution_id, name, None, RuntimeStatus.PENDING, None, None, now, now)
        self.store.start(instance, Message("i", execution_id, started))

    def send(self, name: str, execution_id: str | None = None) -> None:
        self.store.send([Message("i", execution_id, rows.event_raised(utc_now(), name, "1"))])

    @property
    def instance(self) -> Instance:
        instance = self.store.instance("i")
        assert instance is not None
        return instance

    def rows_told(self) -> list[tuple[int, bool]]:
        return [(row["EventType"], row["IsPlayed"]) for row in self.contexts[-1]["history"]]


def answer(*actions: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"isDone": False, "schemaVersion": 2, "actions": [list(actions)], **fields}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_an_episode_begins_from_one_state_of_the_hub_although_its_instance_is_begun_anew_meanwhile(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.start()
    scene.runner.run("i")
    scene.send("Go")
    instance_of = scene.store.instance

    def begin_anew_after(instance_id: str) -> Instance | None:
        found = instance_of(instance_id)
        monkeypatch.undo()
        scene.management.purge_all(datetime.min.replace(tzinfo=UTC), utc_now(), [])
        scene.start(execution_id="e2")
        return found

    monkeypatch.setattr(scene.store, "instance", begin_anew_after)
    scene.runner.forget(lambda _: True)  # as after a restart of the host
    scene.runner.run("i")
    scene.runner.run("i")

    assert [[row["EventType"] for row in told["history"]] for told in scene.contexts[1:]] == [
        [12, 0, 13, 12, 15],
        [12, 0],
    ]


def test_an_episode_whose_lease_another_host_has_taken_is_not_written(scene: Scene) -> None:
    scene.start()

    with pytest.raises(LeaseLostError):
        scene.runner.run("i", Fence("partition 0", "host-0", 1))

    assert scene.store.history("i") == []
    assert len(scene.store.inbox("i")) == 1


def test_histories_of_others_instances_are_not_kept_in_memory(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    history_of = scene.store.history
    monkeypatch.setattr(scene.store, "history", lambda i: read.append(i) or history_of(i))
    scene.start()
    scene.runner.run("i")

    for is_others in (False, True):
        scene.runner.forget(lambda _, is_others=is_others: is_others)
        scene.send("Other")
        scene.runner.run("i")

    assert read == ["i", "i"]  # at the beginning, and after it was another's


def test_a_first_episode_is_told_of_nothing_but_the_start(scene: Scene) -> None:
    scene.start()

    scene.runner.run("i")

    assert scene.contexts[0]["isReplaying"] is False
    assert scene.rows_told() == [(12, False), (0, False)]
    assert scene.instance.status is RuntimeStatus.RUNNING


def test_a_later_episode_is_told_what_has_been_played(scene: Scene) -> None:
    scene.start()
    scene.runner.run("i")
    scene.send("A")
    scene.runner.run("i")
    scene.send("B")

    scene.runner.run("i")

    assert scene.contexts[-1]["isReplaying"] is True
    assert scene.rows_told() == [
        (12, False),
        (0, True),
        (13, False),
        (12, False),
        (15, True),
        (13, False),
        (12, False),
        (15, False),
    ]


def test_without_a_message_there_is_no_episode(scene: Scene) -> None:
    scene.start()
    scene.runner.run("i")

    aftermath = scene.runner.run("i")

    assert len(scene.contexts) == 1
    assert list(aftermath.instances) == []


def test_a_message_for_an_earlier_execution_is_dropped(scene: Scene) -> None:
    scene.start()
    scene.runner.run("i")
    scene.send("Go", execution_id="another")

    scene.runner.run("i")

    assert len(scene.contexts) == 1
    assert scene.store.inbox("i") == []


def test_continue_as_new_begins_with_a_history_of_three_rows(scene: Scene) -> None:
    scene.start()
    scene.answer = lambda _context: answer({"actionType": 4, "input": '{"n": 1}'}, isDone=True)
    scene.runner.run("i")
    scene.answer = lambda _context: answer(WAIT)

    scene.runner.run("i")

    assert scene.contexts[-1]["input"] == '{"n": 1}'
    assert scene.contexts[-1]["isReplaying"] is False
    assert scene.rows_told() == [(12, False), (0, False), (13, False)]
    assert scene.instance.execution_id not in ("e", "")


def test_an_event_that_arrives_during_continue_as_new_is_for_the_next_generation(scene: Scene) -> None:
    scene.start()

    def arriving(_context: dict[str, Any]) -> dict[str, Any]:
        scene.send("Go")
        return answer({"actionType": 4}, isDone=True)

    scene.answer = arriving
    scene.runner.run("i")
    scene.answer = lambda context: answer(WAIT, isDone=15 in {row["EventType"] for row in context["history"]})

    woken = scene.runner.run("i").instances
    scene.runner.run("i")

    assert list(woken) == ["i"]
    assert scene.instance.status is RuntimeStatus.COMPLETED


def test_events_of_one_episode_behind_a_continue_as_new_begin_the_next_history(scene: Scene) -> None:
    again = {"actionType": 4, "input": "2"}
    scene.start()
    scene.runner.run("i")
    scene.send("Go")
    scene.send("Later")
    scene.answer = lambda _context: answer(WAIT, again, isDone=True)
    scene.runner.run("i")
    scene.answer = lambda _context: answer(WAIT)

    scene.runner.run("i")

    assert scene.contexts[-1]["isReplaying"] is False
    assert scene.rows_told() == [(12, False), (0, False), (15, False), (13, False)]
    assert scene.contexts[-1]["history"][2]["Name"] == "Later"


def test_a_custom_status_is_carried_over(scene: Scene) -> None:
    scene.start()
    scene.answer = lambda _context: answer({"actionType": 4}, isDone=True, customStatus={"gen": 0})
    scene.runner.run("i")
    scene.answer = lambda _context: answer(WAIT)

    scene.runner.run("i")

    assert scene.instance.custom_status == '{"gen":0}'


def test_a_custom_status_that_is_too_large_fails_a_first_episode_and_tells_nothing_of_a_later_one(
    scene: Scene,
) -> None:
    activity = {"actionType": 0, "functionName": "hello", "input": "1"}
    scene.start()
    scene.answer = lambda _context: answer(activity, customStatus="x" * 8193)
    scene.runner.run("i")
    first = scene.instance
    scene.start()
    scene.answer = lambda _context: answer(activity)
    scene.runner.run("i")
    scene.send("Go")
    scene.answer = lambda _context: answer(activity, customStatus="x" * 8193)

    scene.runner.run("i")

    assert first.status is scene.instance.status is RuntimeStatus.FAILED
    assert "must not exceed 16 KB" in (first.output or "")
    assert (scene.instance.output or "").startswith("Non-Deterministic workflow detected")
    assert scene.instance.custom_status is None


def test_an_orchestrator_that_exits_fails_its_instance_and_not_the_host(scene: Scene) -> None:
    def exiting(_context: dict[str, Any]) -> dict[str, Any]:
        raise SystemExit(3)

    scene.start()
    scene.answer = exiting

    scene.runner.run("i")

    assert scene.instance.status is RuntimeStatus.FAILED
    assert "SystemExit: 3" in (scene.instance.output or "")


def test_an_action_that_the_host_does_not_run_fails_the_instance(scene: Scene) -> None:
    scene.start()
    scene.answer = lambda _context: answer({"actionType": 99})

    scene.runner.run("i")

    assert scene.instance.status is RuntimeStatus.FAILED
    assert "type 99" in (scene.instance.output or "")


def test_a_terminated_instance_is_asked_once_more_and_does_not_decide_how_it_ends(scene: Scene) -> None:
    scene.start()
    scene.runner.run("i")
    scene.store.send([Message("i", None, rows.execution_terminated(utc_now(), "enough"))])
    scene.answer = lambda _context: answer(WAIT, isDone=True, output="all is well")

    scene.runner.run("i")

    assert scene.rows_told()[-1] == (3, False)
    assert (scene.instance.status, scene.instance.output) == (RuntimeStatus.TERMINATED, "enough")


def test_what_an_instance_asked_for_before_it_was_terminated_is_begun(scene: Scene) -> None:
    scene.start()
    scene.store.send([Message("i", None, rows.execution_terminated(utc_now(), "enough"))])
    scene.answer = lambda _context: answer({"actionType": 0, "functionName": "hello", "input": "1"})

    aftermath = scene.runner.run("i")

    assert scene.instance.status is RuntimeStatus.TERMINATED
    assert [activity.name for activity in aftermath.activities] == ["hello"]


def test_a_new_process_goes_on_from_what_is_stored(scene: Scene, tmp_path: Path) -> None:
    scene.start()
    scene.runner.run("i")
    scene.send("Go")

    successor = Scene(tmp_path)
    successor.answer = lambda _context: answer(WAIT, isDone=True, output="done")
    successor.runner.run("i")

    assert successor.rows_told() == [(12, False), (0, True), (13, False), (12, False), (15, False)]
    assert successor.instance.output == '"done"'


def test_a_suspended_instance_says_so_and_why_and_is_asked_all_the_same(scene: Scene) -> None:
    scene.start()
    scene.runner.run("i")
    scene.store.send([Message("i", None, rows.execution_suspended(utc_now(), "a while"))])
    scene.runner.run("i")
    suspended = scene.instance
    scene.send("Go")
    scene.answer = lambda _context: answer(WAIT, isDone=True, output="done")
    scene.runner.run("i")
    still_suspended = scene.instance
    scene.store.send([Message("i", None, rows.execution_resumed(utc_now(), "go on"))])

    scene.runner.run("i")

    assert [len(context["history"]) for context in scene.contexts] == [2, 5, 8, 11]
    assert (suspended.status, suspended.output) == (RuntimeStatus.SUSPENDED, "a while")
    assert (still_suspended.status, still_suspended.output) == (RuntimeStatus.SUSPENDED, "a while")
    assert (scene.instance.status, scene.instance.output) == (RuntimeStatus.COMPLETED, '"done"')


def test_a_resumed_instance_that_waits_shows_why_it_was_resumed(scene: Scene) -> None:
    scene.start()
    scene.runner.run("i")
    scene.store.send([Message("i", None, rows.execution_suspended(utc_now(), "a while"))])
    scene.store.send([Message("i", None, rows.execution_resumed(utc_now(), "go on"))])

    scene.runner.run("i")

    assert (scene.instance.status, scene.instance.output) == (RuntimeStatus.RUNNING, "go on")


def test_a_suspended_instance_can_be_terminated(scene: Scene) -> None:
    scene.start()
    scene.runner.run("i")
    scene.store.send([Message("i", None, rows.execution_suspended(utc_now(), "a while"))])
    scene.runner.run("i")
    scene.store.send([Message("i", None, rows.execution_terminated(utc_now(), "enough"))])

    scene.runner.run("i")

    assert (scene.instance.status, scene.instance.output) == (RuntimeStatus.TERMINATED, "enough")


def test_what_a_nondeterministic_replay_asked_for_is_begun(scene: Scene) -> None:
    scene.start()
    scene.runner.run("i")
    scene.answer = lambda _context: answer({"actionType": 0, "functionName": "hello", "input": "1"})
    scene.send("Go")
    scene.runner.run("i")
    scene.answer = lambda _context: answer({"actionType": 5, "fireAt": "2026-11-24T00:00:00Z", "isCanceled": False})
    scene.send("Go")

    aftermath = scene.runner.run("i")

    assert scene.instance.status is RuntimeStatus.FAILED
    assert aftermath.has_new_timers


def test_an_instance_that_is_purged_while_it_is_asked_stays_gone(scene: Scene) -> None:
    def purging(_context: dict[str, Any]) -> dict[str, Any]:
        now = utc_now()
        scene.management.purge_all(now - timedelta(days=1), now, set())
        return answer({"actionType": 0, "functionName": "hello", "input": "1"})

    scene.start()
    scene.answer = purging

    aftermath = scene.runner.run("i")

    assert scene.store.instance("i") is None
    assert (scene.store.history("i"), list(aftermath.activities)) == ([], [])


def test_a_new_instance_under_a_purged_id_is_not_told_of_the_old_one(scene: Scene) -> None:
    scene.start()
    scene.runner.run("i")
    scene.management.purge_all(utc_now() - timedelta(days=1), utc_now(), set())
    scene.start()

    scene.runner.run("i")

    assert scene.contexts[-1]["isReplaying"] is False
    assert scene.rows_told() == [(12, False), (0, False)]
