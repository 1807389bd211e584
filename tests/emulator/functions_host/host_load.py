"""Orchestrations of every kind on several hosts that die and come back, and what must be true of them at the end."""

import json
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import requests

from emulator.functions_host.durable.history import EventType, HistoryEvent
from tests.emulator.functions_host.running_host import FINAL, RunningHost
from tests.waiting import wait_until

APP = """
        @app.activity_trigger(input_name="text")
        def note(text):
            with (HERE / "notes").open("a") as file:
                file.write(text + "\\n")
            time.sleep(0.01)
            return text

        @app.activity_trigger(input_name="number")
        def square(number):
            return number * number

        @app.orchestration_trigger(context_name="context")
        def squares(context):
            return (yield context.task_all([context.call_activity("square", n) for n in range(context.get_input())]))

        @app.orchestration_trigger(context_name="context")
        def chain(context):
            total = 0
            for number in range(context.get_input()):
                total += yield context.call_activity("square", number)
            return total

        @app.orchestration_trigger(context_name="context")
        def waiting(context):
            return (yield context.wait_for_external_event("Go"))

        @app.orchestration_trigger(context_name="context")
        def child(context):
            name = context.get_input()
            return (yield context.task_all([context.call_activity("note", f"{name}-{n}") for n in range(4)]))

        @app.orchestration_trigger(context_name="context")
        def everything(context):
            name = context.instance_id
            fan = yield context.task_all([context.call_activity("note", f"{name}-fan-{n}") for n in range(6)])
            yield context.create_timer(context.current_utc_datetime + datetime.timedelta(milliseconds=300))
            children = [context.call_sub_orchestrator("child", f"{name}-{n}", f"{name}:{n}") for n in range(2)]
            below = yield context.task_all(children)
            given = yield context.wait_for_external_event("Go")
            last = yield context.call_activity("note", f"{name}-last")
            return {"fan": fan, "below": below, "given": given, "last": last}
        """

ACTIVITIES_EACH = 6 + 2 * 4 + 1

_ANSWERS = {
    EventType.TASK_COMPLETED: (EventType.TASK_SCHEDULED, "TaskScheduledId"),
    EventType.SUB_ORCHESTRATION_COMPLETED: (EventType.SUB_ORCHESTRATION_CREATED, "TaskScheduledId"),
    EventType.TIMER_FIRED: (EventType.TIMER_CREATED, "TimerId"),
}


def hub_rows(host: RunningHost, sql: str, *parameters: object) -> list[Any]:
    """What a query on the task hub's database says."""
    connection = sqlite3.connect(f"file:{host.database}?mode=ro", uri=True, timeout=30)
    try:
        return connection.execute(sql, parameters).fetchall()
    finally:
        connection.close()


def ended(host: RunningHost) -> int:
    """How many instances have ended."""
    return int(hub_rows(host, f"SELECT count(*) FROM instances WHERE status IN {FINAL}")[0][0])


class Load:
    """Instances of `everything`, started and driven through any of the hosts while one after the other is killed."""

    def __init__(self, hosts: Sequence[RunningHost], instances: int, seed: int) -> None:
        self._hosts = hosts
        self._names = [f"load{number}" for number in range(instances)]
        self._random = random.Random(seed)
        self._is_over = threading.Event()
        self.kills = 0

    def run(self, seconds_between_kills: float, *, seconds: float = 120) -> None:
        """Start every instance, send each its event when it waits for it, return when all have ended."""
        killer = threading.Thread(target=self._kill_now_and_then, args=(seconds_between_kills,))
        killer.start()
        try:
            for name in self._names:
                self._insist(lambda host, name=name: host.start_instance("everything", name))
            waiting = set(self._names)
            deadline = time.monotonic() + seconds
            while waiting and time.monotonic() < deadline:
                ready = waiting & self._whose_children_have_ended()
                for name in sorted(ready):
                    self._insist(lambda host, name=name: host.raise_event(name, "Go", f"for {name}"))
                waiting -= ready
                self._is_over.wait(0.05)
            wait_until(lambda: ended(self._hosts[0]) >= 3 * len(self._names), seconds=seconds)
        finally:
            self._is_over.set()
            killer.join()

    def _kill_now_and_then(self, seconds: float) -> None:
        """Kill a host and start it again until it is over."""
        choice = random.Random(self._random.random())
        while not self._is_over.wait(seconds):
            host = choice.choice(self._hosts)
            host.kill()
            self.kills += 1
            host.start()

    def _whose_children_have_ended(self) -> set[str]:
        sql = "SELECT instance_id FROM instances WHERE name = 'child' AND status = 'Completed'"
        done = Counter(name.partition(":")[0] for (name,) in hub_rows(self._hosts[0], sql))
        return {name for name, number in done.items() if number == 2}

    def _insist(self, ask: Callable[[RunningHost], requests.Response]) -> None:
        """Ask any host until one answers; 409 is the answer to a start that was accepted by one that then died."""
        while True:
            try:
                answer = ask(self._random.choice(self._hosts))
            except requests.ConnectionError:
                continue
            assert answer.status_code in (202, 409), answer.text
            return

    def wrong(self) -> list[str]:
        """The instances that have not ended, or not with the right output."""
        sql = "SELECT instance_id, status, output FROM instances WHERE name = 'everything'"
        found = {name: (status, output) for name, status, output in hub_rows(self._hosts[0], sql)}
        right = {name: ("Completed", expected(name)) for name in self._names}
        return [
            name
            for name in self._names
            if name not in found or (found[name][0], json.loads(found[name][1] or "null")) != right[name]
        ]

    def unsound(self) -> list[str]:
        """The instances whose histories hold an answer twice, or one that nothing has asked for."""
        instances = hub_rows(self._hosts[0], "SELECT instance_id FROM instances")
        return [name for (name,) in instances if not is_sound(self.history(name))]

    def history(self, instance_id: str) -> list[HistoryEvent]:
        """The stored history of an instance."""
        sql = "SELECT event FROM history WHERE instance_id = ? ORDER BY position"
        return [HistoryEvent.loads(text) for (text,) in hub_rows(self._hosts[0], sql, instance_id)]

    def left_over(self) -> list[tuple[str, int]]:
        """Tables of pending work that are not empty."""
        counts = [
            (table, hub_rows(self._hosts[0], f"SELECT count(*) FROM {table}")[0][0])
            for table in ("activities", "activity_leases", "timers", "inbox")
        ]
        return [(table, count) for table, count in counts if count]

    def activity_runs(self) -> Counter[str]:
        """How often each activity has begun."""
        return Counter((self._hosts[0].app_root / "notes").read_text().splitlines())


def expected(name: str) -> dict[str, object]:
    """The output of an instance of `everything`."""
    return {
        "fan": [f"{name}-fan-{n}" for n in range(6)],
        "below": [[f"{name}-{child}-{n}" for n in range(4)] for child in range(2)],
        "given": f"for {name}",
        "last": f"{name}-last",
    }


def is_sound(history: Sequence[HistoryEvent]) -> bool:
    """Whether every answer in a history is to something that it has asked for, and the only one."""
    asked = [(event.type, event.event_id) for event in history if event.type in {kind for kind, _ in _ANSWERS.values()}]
    answered = [
        (_ANSWERS[event.type][0], event.fields[_ANSWERS[event.type][1]]) for event in history if event.type in _ANSWERS
    ]
    return len(set(asked)) == len(asked) and len(set(answered)) == len(answered) and set(answered) <= set(asked)
