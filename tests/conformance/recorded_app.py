"""An app folder with the recorded app in it, which also writes down what the SDK and the activities get."""

import shutil
from pathlib import Path

_RECORDED_ADDRESS = "127.0.0.1:7099"

_FUNCTION_APP = """
import json, os, pathlib
from azure.durable_functions.models import DurableOrchestrationContext
from azure.functions.durable_functions import ActivityTriggerConverter
from azure.functions.queue import QueueMessageInConverter


def _noting(variable):
    file = os.environ.get(variable)

    def note(value):
        if file:
            with pathlib.Path(file).open("a") as notes:
                notes.write(json.dumps(value) + "\\n")

    return note


_note_context = _noting("RECORDED_CONTEXTS")
_read = DurableOrchestrationContext.from_json


def _note_and_read(text):
    _note_context(text)
    return _read(text)


def _noting_decode(decode, variable):
    note = _noting(variable)

    def note_and_decode(data, *, trigger_metadata):
        told = {name: {"kind": datum.type, "value": datum.value} for name, datum in trigger_metadata.items()}
        note({"input": {"kind": data.type, "value": data.value}, "trigger_metadata": told})
        return decode(data, trigger_metadata=trigger_metadata)

    return note_and_decode


DurableOrchestrationContext.from_json = _note_and_read
ActivityTriggerConverter.decode = _noting_decode(ActivityTriggerConverter.decode, "RECORDED_ACTIVITIES")
QueueMessageInConverter.decode = _noting_decode(QueueMessageInConverter.decode, "RECORDED_QUEUES")

from recorded_app import app
"""


def write_recorded_app(recordings: Path, folder: Path, port: int | None = None) -> Path:
    """Write the folder, for a host that listens at a port where it calls itself.

    The app notes contexts in the file that RECORDED_CONTEXTS names, what activities and queue functions get in those of
    RECORDED_ACTIVITIES and RECORDED_QUEUES.
    """
    folder.mkdir()
    source = (recordings / "function_app.py").read_text()
    address = _RECORDED_ADDRESS if port is None else f"127.0.0.1:{port}"
    (folder / "recorded_app.py").write_text(source.replace(_RECORDED_ADDRESS, address))
    shutil.copyfile(recordings / "host.json", folder / "host.json")
    (folder / "function_app.py").write_text(_FUNCTION_APP)
    return folder
