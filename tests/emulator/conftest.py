"""A small stack to share, and what a test shows of a fault has happened, or it showed nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.stack import Stack, StackOptions
from tests.emulator.faults.showing import MARK, shown_by, watching_loads

FUNCTION_APP = """
import os
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route(route="settings/{name}")
def setting(req: func.HttpRequest) -> str:
    return os.environ.get(req.route_params["name"], "")

@app.route(route="guarded", auth_level=func.AuthLevel.FUNCTION)
def guarded(req: func.HttpRequest) -> str:
    return "guarded"
"""


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an app of a few lines."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "function_app.py").write_text(FUNCTION_APP)
    (folder / "host.json").write_text('{"version": "2.0"}')
    return folder


@pytest.fixture(scope="session")
def small_stack(app: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole emulator with that app, and the setting GREETING."""
    options = StackOptions(
        state=tmp_path_factory.mktemp("small"), app_root=app, scale=0.01, extra_settings={"GREETING": "hello"}
    )
    with Stack(options) as running:
        yield running


@pytest.fixture(autouse=True)
def faults_that_are_shown_happen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """After a test that shows a fault: it put rules for that one into place, and the journal tells that it happened."""
    if request.node.get_closest_marker(MARK) is None:
        yield
        return
    with watching_loads(monkeypatch) as loaded:
        yield
    assert {fault for _, fault in loaded.faults} & shown_by(request.function), "no rule for what the test is to show"
    assert loaded.faults <= loaded.happened(), "a rule that the test put into place has not happened"
