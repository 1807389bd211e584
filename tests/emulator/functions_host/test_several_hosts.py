"""Two hosts on one task hub."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator.functions_host.host_load import APP, Load
from tests.emulator.functions_host.running_host import NO_STORAGE, RunningHost, write_app
from tests.waiting import wait_until

pytestmark = pytest.mark.long

SHORT_LEASES = ("--lease-seconds", "1.5", "--renewal-seconds", "0.3")

MORE = """
        @app.activity_trigger(input_name="x")
        def held(x):
            with (HERE / "begun").open("a") as file:
                file.write(f"{os.getpid()}\\n")
            while not (HERE / "open").exists():
                time.sleep(0.01)
            return x

        @app.orchestration_trigger(context_name="context")
        def holding(context):
            return (yield context.call_activity("held", context.instance_id))
        """


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[list[RunningHost]]:
    app = write_app(tmp_path / "app", APP + MORE)
    both = [RunningHost(app, NO_STORAGE, *SHORT_LEASES) for _ in range(2)]
    for host in both:
        host.start()
    yield both
    for host in both:
        host.stop()


def begun(host: RunningHost) -> list[str]:
    file = host.app_root / "begun"
    return file.read_text().split() if file.exists() else []


@pytest.mark.timeout(100)
def test_nothing_is_lost_or_doubled_while_hosts_are_killed(hosts: list[RunningHost]) -> None:
    load = Load(hosts, instances=60, seed=1)

    load.run(seconds_between_kills=0.3, seconds=45)

    assert load.kills >= 2
    assert (load.wrong(), load.unsound(), load.left_over()) == ([], [], [])


def test_each_host_answers_for_what_the_other_carries_on(hosts: list[RunningHost]) -> None:
    names = [f"w{number}" for number in range(8)]  # in more than one partition
    for name in names:
        hosts[0].start_instance("waiting", name)

    for name in names:
        hosts[1].raise_event(name, "Go", name)
    outputs = [hosts[0].final(name)["output"] for name in names]

    assert outputs == names


def test_an_activity_of_a_host_that_is_gone_for_good_runs_again_on_the_other(hosts: list[RunningHost]) -> None:
    hosts[0].start_instance("holding", "h")
    wait_until(lambda: len(begun(hosts[0])) == 1)
    (holder,) = [host for host in hosts if str(host.pid) in begun(host)]
    (other,) = [host for host in hosts if host is not holder]

    holder.kill()
    (holder.app_root / "open").touch()

    assert other.final("h")["output"] == "h"
    assert begun(other)[1:] == [str(other.pid)]


def test_a_host_that_stops_hands_over_without_waiting_for_its_leases_to_expire(tmp_path: Path) -> None:
    app = write_app(tmp_path / "app", APP)
    first, second = (RunningHost(app, NO_STORAGE, "--lease-seconds", "60") for _ in range(2))
    names = [f"w{number}" for number in range(8)]  # in every partition
    with first, second:
        for name in names:
            first.start_instance("waiting", name)
        first.stop()

        for name in names:
            second.raise_event(name, "Go", name)
        outputs = [second.final(name, seconds=30)["output"] for name in names]

    assert outputs == names


def test_a_host_that_wakes_up_after_its_leases_were_taken_adds_nothing(hosts: list[RunningHost]) -> None:
    hosts[0].start_instance("holding", "h")
    wait_until(lambda: len(begun(hosts[0])) == 1)
    (holder,) = [host for host in hosts if str(host.pid) in begun(host)]
    (other,) = [host for host in hosts if host is not holder]

    holder.send_signal(signal.SIGSTOP)
    wait_until(lambda: len(begun(other)) == 2)
    (holder.app_root / "open").touch()
    status = other.final("h")
    before = other.history("h")
    holder.send_signal(signal.SIGCONT)
    holder.start_instance("squares", "more", 2)

    assert holder.final("more")["output"] == [0, 1]
    assert status["output"] == "h"
    assert other.history("h") == before
