"""An app folder with the recorded app in it, which also writes down every context string that the SDK gets."""

import shutil
from pathlib import Path

_FUNCTION_APP = """
import json, os, pathlib
from azure.durable_functions.models import DurableOrchestrationContext

_contexts = pathlib.Path(os.environ["RECORDED_CONTEXTS"])
_read = DurableOrchestrationContext.from_json


def _note_and_read(text):
    with _contexts.open("a") as file:
        file.write(json.dumps(text) + "\\n")
    return _read(text)


DurableOrchestrationContext.from_json = _note_and_read

from recorded_app import app
"""


def write_recorded_app(recordings: Path, folder: Path) -> Path:
    """Write the folder; the app notes contexts in the file that RECORDED_CONTEXTS names."""
    folder.mkdir()
    shutil.copyfile(recordings / "function_app.py", folder / "recorded_app.py")
    shutil.copyfile(recordings / "host.json", folder / "host.json")
    (folder / "function_app.py").write_text(_FUNCTION_APP)
    return folder
