"""Timer functions."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from emulator.functions_host.schedule_status import ScheduleStatus
from tests.emulator.functions_host.running_host import NO_STORAGE, RunningHost, write_app
from tests.waiting import wait_until

APP = """
        def note(name, timer):
            with (HERE / name).open("a") as file:
                file.write(f"{timer.past_due}\\n")

        @app.timer_trigger(arg_name="timer", schedule="* * * * * *")
        def often(timer: func.TimerRequest):
            note("often", timer)
            raise ValueError("and yet it runs again")

        @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
        def yearly(timer: func.TimerRequest):
            note("yearly", timer)

        @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
        def at_start(timer: func.TimerRequest):
            note("at_start", timer)
        """


def runs(host: RunningHost, name: str) -> list[str]:
    file = host.app_root / name
    return file.read_text().splitlines() if file.exists() else []


def test_timers_run_when_they_should(tmp_path: Path) -> None:
    with RunningHost(write_app(tmp_path / "app", APP), NO_STORAGE) as host:
        wait_until(lambda: len(runs(host, "often")) >= 2)

        assert runs(host, "at_start") == ["False"]
        assert runs(host, "yearly") == []


def test_a_run_that_was_missed_is_made_up_once(tmp_path: Path) -> None:
    host = RunningHost(write_app(tmp_path / "app", APP), NO_STORAGE)
    with host:
        wait_until(lambda: runs(host, "at_start") == ["False"])
    with closing(sqlite3.connect(host.database, isolation_level=None)) as connection:
        last = (datetime.now(UTC) - timedelta(days=800)).replace(month=3)
        status = ScheduleStatus(last, datetime(last.year + 1, 1, 1, tzinfo=UTC), last)
        connection.execute("UPDATE facts SET value = ? WHERE name = 'timer status:yearly'", (status.dumps(),))

    with host:
        wait_until(lambda: runs(host, "yearly") == ["True"])
        before = len(runs(host, "often"))
        wait_until(lambda: len(runs(host, "often")) > before)

        assert runs(host, "yearly") == ["True"]


def test_a_schedule_that_never_occurs_stops_its_own_function_only(tmp_path: Path) -> None:
    impossible = """
        @app.timer_trigger(arg_name="timer", schedule="0 0 0 30 2 *")
        def never(timer: func.TimerRequest): ...

        @app.timer_trigger(arg_name="timer", schedule="soon")
        def garbled(timer: func.TimerRequest): ...
        """
    with RunningHost(write_app(tmp_path / "app", APP + impossible), NO_STORAGE) as host:
        warnings = host.get("/admin/host/status").json()["warnings"]
        wait_until(lambda: len(runs(host, "often")) >= 1)

    assert [warning.partition(" function")[0] for warning in warnings] == ["The 'never'", "The 'garbled'"]
    assert "never occurs" in warnings[0]
    assert warnings[0] in host.log_text()


def test_of_several_hosts_one_runs_a_timer_and_another_when_it_is_gone(tmp_path: Path) -> None:
    app = write_app(tmp_path / "app", APP)
    first, second = (RunningHost(app, NO_STORAGE, "--lease-seconds", "1", "--renewal-seconds", "0.2") for _ in range(2))
    with first, second:
        wait_until(lambda: len(runs(first, "often")) >= 2)
        one_each = len(runs(first, "at_start"))

        first.kill()
        wait_until(lambda: len(runs(first, "at_start")) > one_each)

        assert one_each == 1
