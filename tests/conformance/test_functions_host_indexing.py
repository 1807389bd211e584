"""The recorded app's functions as our host indexes them, beside what azure.functions has the real worker tell."""

import sys
from pathlib import Path

import azure.functions as func
import pytest

from emulator.functions_host.indexing import load_functions
from tests.conformance.recorded_app import write_recorded_app
from tests.emulator.functions_host.worker_metadata import known_to_the_host, told_by_the_worker
from tests.figures import Figures


def test_every_recorded_function_is_known_with_the_bindings_that_the_worker_tells(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figures: Figures
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    for module in ("function_app", "recorded_app"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setenv("RECORDED_CONTEXTS", str(tmp_path / "contexts.jsonl"))
    app = write_recorded_app(shared / "recordings" / "functions-host", tmp_path / "app")

    known = known_to_the_host(load_functions(app))
    application: func.FunctionApp = sys.modules["function_app"].app
    told = told_by_the_worker(application)

    figures(f"Functions of the recorded app: {len(told)}, indexed alike: {sum(known[n] == told[n] for n in told)}")
    assert known == told
