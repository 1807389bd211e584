"""What the host finds in an app."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.functions_host.errors import IndexingError
from emulator.functions_host.indexing import HostFunction, TriggerKind, load_functions
from tests.emulator.functions_host.running_host import write_app
from tests.running import ROOT


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test imports a function_app of its own."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "function_app", raising=False)


def load(folder: Path, source: str) -> dict[str, HostFunction]:
    return {function.name: function for function in load_functions(write_app(folder / "app", source))}


def test_functions_are_found_with_their_bindings(tmp_path: Path) -> None:
    functions = load(
        tmp_path,
        """
        @app.route(route="start/{id}", methods=["POST"])
        @app.queue_output(arg_name="out", queue_name="results", connection="Storage")
        @app.durable_client_input(client_name="client")
        async def starter(req: func.HttpRequest, client, out: func.Out[str]):
            return "ok"

        @app.queue_trigger(arg_name="msg", queue_name="in", connection="Storage")
        def listener(msg: func.QueueMessage, context: func.Context): ...

        @app.timer_trigger(arg_name="timer", schedule="0 * * * * *")
        def clock(timer: func.TimerRequest): ...

        @app.orchestration_trigger(context_name="context")
        def flow(context): ...

        @app.activity_trigger(input_name="x")
        def work(x): ...
        """,
    )

    assert {name: function.kind for name, function in functions.items()} == {
        "starter": TriggerKind.HTTP,
        "listener": TriggerKind.QUEUE,
        "clock": TriggerKind.TIMER,
        "flow": TriggerKind.ORCHESTRATION,
        "work": TriggerKind.ACTIVITY,
    }
    starter = functions["starter"]
    assert [binding.type for binding in starter.inputs] == ["durableClient"]
    assert {binding.type for binding in starter.outputs} == {"http", "queue"}
    assert starter.is_async
    assert functions["listener"].wants_context
    assert not functions["flow"].wants_context


def test_a_blueprint_s_functions_are_found(tmp_path: Path) -> None:
    functions = load(
        tmp_path,
        """
        blueprint = df.Blueprint()

        @blueprint.activity_trigger(input_name="x")
        def work(x): ...

        app.register_functions(blueprint)
        """,
    )

    assert list(functions) == ["work"]


def test_an_import_error_is_told(tmp_path: Path) -> None:
    with pytest.raises(IndexingError, match="ZeroDivisionError: division by zero"):
        load(tmp_path, "1 / 0")


def test_a_name_that_is_used_twice_is_refused(tmp_path: Path) -> None:
    twice = """
        @app.activity_trigger(input_name="x")
        def work(x): ...

        @app.activity_trigger(input_name="x")
        def {}(x): ...
        """

    with pytest.raises(IndexingError, match="work"):
        load(tmp_path, twice.format("work"))


def test_names_that_differ_in_case_only_are_refused(tmp_path: Path) -> None:
    twice = """
        @app.activity_trigger(input_name="x")
        def work(x): ...

        @app.activity_trigger(input_name="x")
        def Work(x): ...
        """

    with pytest.raises(IndexingError, match="upper and lower case"):
        load(tmp_path, twice)


def test_two_apps_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexingError, match="defines 2"):
        load(tmp_path, "another = func.FunctionApp()")


def test_a_folder_without_an_app_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexingError, match=r"no function_app\.py"):
        load_functions(tmp_path)


def test_a_trigger_that_the_host_cannot_run_is_refused(tmp_path: Path) -> None:
    source = """
        @app.blob_trigger(arg_name="b", path="c/{name}", connection="Storage")
        def reader(b): ...
        """

    with pytest.raises(IndexingError, match="blobTrigger"):
        load(tmp_path, source)


def test_a_durable_entity_is_refused_by_name(tmp_path: Path) -> None:
    source = """
        @app.entity_trigger(context_name="context")
        def counter(context):
            context.set_state(1)
        """

    with pytest.raises(IndexingError, match="'counter' is a durable entity"):
        load(tmp_path, source)


def test_a_binding_that_the_host_does_not_serve_is_refused(tmp_path: Path) -> None:
    source = """
        @app.activity_trigger(input_name="x")
        @app.blob_output(arg_name="b", path="c/x", connection="Storage")
        def writer(x, b: func.Out[str]): ...
        """

    with pytest.raises(IndexingError, match="'writer' has a blob binding"):
        load(tmp_path, source)


@pytest.mark.parametrize(
    ("signature", "refusal"),
    [
        ("x, more", "declared in Python but not in the function definition .*'more'"),
        ("", "declared in the function definition .* but not in Python: .*'(x|out)'"),
        ("x: func.Out[str], out: func.Out[str]", "type of x binding in the function definition is not out"),
        ("x, out: str", "the binding out is out, and its Python annotation is not"),
    ],
)
def test_parameters_and_bindings_that_do_not_fit_are_refused(tmp_path: Path, signature: str, refusal: str) -> None:
    source = f"""
        @app.activity_trigger(input_name="x")
        @app.queue_output(arg_name="out", queue_name="q", connection="Storage")
        def work({signature}): ...
        """

    with pytest.raises(IndexingError, match=refusal):
        load(tmp_path, source)


@pytest.mark.parametrize("signature", ["x, out", "x: str, out: func.Out[str], context", "x, out: 'func.Out[str]'"])
def test_parameters_and_bindings_that_fit_are_taken(tmp_path: Path, signature: str) -> None:
    source = f"""
        @app.activity_trigger(input_name="x")
        @app.queue_output(arg_name="out", queue_name="q", connection="Storage")
        def work({signature}): ...
        """

    assert list(load(tmp_path, source)) == ["work"]


def test_of_this_app_the_host_knows_what_the_worker_would_tell() -> None:
    program = """
from pathlib import Path
from emulator.functions_host.indexing import load_functions
from tests.emulator.functions_host.worker_metadata import known_to_the_host, told_by_the_worker
known = load_functions(Path.cwd())
import function_app
told = told_by_the_worker(function_app.app)
assert len(told) > 20
assert known_to_the_host(known) == told
"""
    environment = os.environ | {"ARMATURE_STORAGE_BLOB_ENDPOINT": "https://storage.example"}
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )

    assert found.returncode == 0, found.stderr
