"""Timer functions."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
    with sqlite3.connect(host.database) as connection:
        long_ago = (datetime.now(UTC) - timedelta(days=800)).isoformat()
        connection.execute("UPDATE facts SET value = ? WHERE name = 'timer:yearly'", (long_ago,))

    with host:
        wait_until(lambda: runs(host, "yearly") == ["True"])
        before = len(runs(host, "often"))
        wait_until(lambda: len(runs(host, "often")) > before)

        assert runs(host, "yearly") == ["True"]
