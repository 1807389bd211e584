"""What an episode costs as its history grows: a figure, and one JSON line for each length of history.

    python -m bench.replay_cost [--rounds 10 20 40 80 160] [--widths 25 50 100 200]

Every episode hands the whole history to the SDK, which runs the orchestrator from its beginning: an episode costs what
the history is long, and all episodes of a history its square. Two shapes are driven, by the host's own replay and
database and the real SDK, without activities or waits:

- `loop`: rounds of a custom status, a timer and an activity, as a rollout watches its templates (it continues as new
  after 40 rounds);
- `fan-out`: so many activities at once whose reports come one by one, each with an episode of its own.

`sdkMs` of `episodeMs` are the SDK's; what is left is the host's: the context string, its replay, the commit.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import azure.durable_functions as df
from azure.functions import meta

from emulator.functions_host.database import Database
from emulator.functions_host.durable import history as rows
from emulator.functions_host.durable.episode import EpisodeRunner, utc_now
from emulator.functions_host.durable.instances import Instance, Message, RuntimeStatus
from emulator.functions_host.durable.replay import KnownFunctions
from emulator.functions_host.durable.store import Store
from emulator.functions_host.indexing import Binding, HostFunction, TriggerKind
from emulator.functions_host.invocation import FunctionInput, Invoker

ANSWER = {"reports": [{"name": f"template-{number}", "attempt": 1, "status": "running"} for number in range(5)]}
"""What an activity answers: of the size of a poll's."""

LAST = 10
"""Episodes at the end of a history whose median is told."""

FIGURE_WIDTH = 60


def loop(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Watch, as a rollout does."""
    for number in range(context.get_input()):
        context.set_custom_status({"running": 5, "round": number})
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=5))
        yield context.call_activity("poll", {"inFlight": ["a", "b", "c", "d", "e"]})
    return "settled"


def fan_out(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Start everything, wait for all."""
    return len(
        (yield context.task_all([context.call_activity("poll", number) for number in range(context.get_input())]))
    )


class TimedInvoker(Invoker):
    """Runs functions and remembers how long the SDK has had, in seconds, and the length of what it was handed."""

    def __init__(self) -> None:
        super().__init__(str, None, 1)  # type: ignore[arg-type]
        self.seconds = 0.0
        self.handed = 0

    def invoke_here(self, function: HostFunction, given: FunctionInput) -> meta.Datum | None:
        """Run an orchestrator."""
        self.handed = len(given.datum.value)
        began = time.perf_counter()
        try:
            return super().invoke_here(function, given)
        finally:
            self.seconds = time.perf_counter() - began


class Driven:
    """One instance that is carried on as fast as it goes."""

    def __init__(self, folder: Path, orchestrator: Any, given: int) -> None:
        self.store = Store(Database(folder / f"{orchestrator.__name__}-{given}.sqlite"))
        trigger = Binding("context", "orchestrationTrigger", is_output=False, properties={})
        function = HostFunction(
            "o",
            df.Orchestrator.create(orchestrator),
            TriggerKind.ORCHESTRATION,
            trigger,
            (),
            (),
            is_async=False,
            wants_context=False,
            directory=folder,
        )
        self.invoker = TimedInvoker()
        known = KnownFunctions(frozenset({"poll"}), frozenset({"o"}))
        self._runner = EpisodeRunner(self.store, {"o": function}, known, self.invoker)
        now, text = utc_now(), json.dumps(str(given))
        started = rows.execution_started(now, instance_id="i", execution_id="e", name="o", input_text=text)
        instance = Instance("i", "e", "o", text, RuntimeStatus.PENDING, None, None, now, now)
        self.store.start(instance, Message("i", "e", started))

    def episodes(self) -> Iterator[tuple[float, float]]:
        """Run episodes to the end; yield the seconds of each, and the SDK's share."""
        reports: list[Message] = []
        while True:
            began = time.perf_counter()
            aftermath = self._runner.run("i")
            yield time.perf_counter() - began, self.invoker.seconds
            reports += [
                Message("i", "e", rows.task_completed(utc_now(), activity.event_id, json.dumps(ANSWER)))
                for activity in aftermath.activities
            ]
            instance = self.store.instance("i")
            if instance is None or instance.status.is_final:
                return
            if not self.store.fire_timers(datetime.max.replace(tzinfo=UTC), lambda _id: True):
                self.store.send([reports.pop(0)])


def measured(folder: Path, shape: str, orchestrator: Any, given: int) -> dict[str, Any]:
    """Drive one instance to its end."""
    driven = Driven(folder, orchestrator, given)
    seconds = list(driven.episodes())
    last = seconds[-LAST:]
    return {
        "bench": "replay_cost",
        "shape": shape,
        "size": given,
        "rows": driven.store.history_length("i"),
        "episodes": len(seconds),
        "contextKB": round(driven.invoker.handed / 1024),
        "episodeMs": round(1000 * median(whole for whole, _ in last), 1),
        "sdkMs": round(1000 * median(sdk for _, sdk in last), 1),
        "totalSeconds": round(sum(whole for whole, _ in seconds), 2),
    }


def figure(found: list[dict[str, Any]]) -> str:
    """Draw the time of an episode over the length of the history; the SDK's part is full."""
    longest = max(each["episodeMs"] for each in found)
    lines = []
    for each in found:
        whole = round(FIGURE_WIDTH * each["episodeMs"] / longest)
        sdk = round(FIGURE_WIDTH * each["sdkMs"] / longest)
        bar = "#" * sdk + "-" * max(0, whole - sdk)
        lines.append(f"{each['shape']:>8} {each['rows']:>6} rows {each['episodeMs']:>7.1f} ms an episode |{bar}")
    return "\n".join(lines)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, nargs="+", default=[10, 20, 40, 80, 160])
    parser.add_argument("--widths", type=int, nargs="+", default=[25, 50, 100, 200])
    options = parser.parse_args()
    shapes = [("loop", loop, options.rounds), ("fan-out", fan_out, options.widths)]
    with tempfile.TemporaryDirectory() as folder:
        for shape, orchestrator, sizes in shapes:
            found = [measured(Path(folder), shape, orchestrator, size) for size in sizes]
            print("\n".join(json.dumps(each) for each in found), flush=True)
            print(figure(found), flush=True)


if __name__ == "__main__":
    main()
