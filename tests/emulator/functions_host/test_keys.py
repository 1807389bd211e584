"""Function keys: who is let in when the host asks for them, and that it does not ask unless it is told to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.functions_host.database import Database
from emulator.functions_host.keys import HostKeys
from tests.emulator.functions_host.running_host import NO_STORAGE, RunningHost, running, write_app

APP = """
        @app.route(route="open", auth_level=func.AuthLevel.ANONYMOUS)
        def open_to_all(req: func.HttpRequest):
            return "open"

        @app.route(route="function", auth_level=func.AuthLevel.FUNCTION)
        def for_keys(req: func.HttpRequest):
            return "function"

        @app.route(route="admin", auth_level=func.AuthLevel.ADMIN)
        def for_the_master(req: func.HttpRequest):
            return "admin"
        """


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    app = write_app(tmp_path_factory.mktemp("keys") / "app", APP)
    with RunningHost(app, NO_STORAGE, "--require-keys") as host:
        yield host


@pytest.fixture(scope="module")
def keys(host: RunningHost) -> HostKeys:
    return HostKeys.of(Database(host.database))


@pytest.mark.parametrize(
    ("path", "let_in"),
    [
        ("/api/open", {"none", "wrong", "durable", "function", "master"}),
        ("/api/function", {"function", "master"}),
        ("/api/admin", {"master"}),
        ("/admin/host/status", {"master"}),
        ("/admin/host/keys", {"master"}),
        ("/admin/functions", {"master"}),
        ("/admin/functions/for_keys", {"master"}),
        ("/admin/host/ping", {"none", "wrong", "durable", "function", "master"}),
        ("/runtime/webhooks/durabletask/instances", {"durable", "master"}),
    ],
)
def test_a_level_asks_for_its_key(host: RunningHost, keys: HostKeys, path: str, let_in: set[str]) -> None:
    given = {"none": "", "wrong": "x", "durable": keys.durable, "function": keys.function, "master": keys.master}

    by_header = {name: host.get(path, headers={"x-functions-key": key}) for name, key in given.items()}
    by_query = {name: host.get(path, params={"code": key}) for name, key in given.items()}

    for answers in (by_header, by_query):
        assert {name for name, answer in answers.items() if answer.status_code == 200} == let_in
        assert all((a.status_code, a.content) == (401, b"") for a in answers.values() if a.status_code != 200)


def test_a_path_that_leads_nowhere_is_not_found_whatever_the_key(host: RunningHost) -> None:
    assert host.get("/api/nowhere").status_code == 404


def test_the_host_tells_its_function_key_and_its_functions(host: RunningHost, keys: HostKeys) -> None:
    master = {"x-functions-key": keys.master}

    told = host.get("/admin/host/keys", headers=master).json()
    functions = host.get("/admin/functions", headers=master).json()
    one = host.get("/admin/functions/FOR_KEYS", headers=master).json()
    none = host.get("/admin/functions/nobody", headers=master)

    assert told == {"keys": [{"name": "default", "value": keys.function}]}
    assert {function["name"] for function in functions} == {"open_to_all", "for_keys", "for_the_master"}
    assert one["config"]["bindings"][0]["type"] == "httpTrigger"
    assert none.status_code == 404


def test_without_being_told_to_the_host_asks_for_no_key_but_that_of_the_durable_api(tmp_path: Path) -> None:
    with running(tmp_path / "app", APP) as host:
        answers = [host.get(path).status_code for path in ("/api/function", "/api/admin", "/admin/functions")]
        durable = host.get("/runtime/webhooks/durabletask/instances").status_code

    assert (answers, durable) == ([200, 200, 200], 401)


def test_keys_are_made_once(tmp_path: Path) -> None:
    first, second = (HostKeys.of(Database(tmp_path / "host.sqlite")) for _ in range(2))

    assert first == second
    assert len({first.master, first.function, first.durable}) == 3
