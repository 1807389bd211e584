"""What a package holds is read without running it."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from emulator.arm.behaviours.web.contents import NotAPackageError, check_package, functions_in

APP = """
import azure.functions as func
from api.orders import blueprint

app = func.FunctionApp()
app.register_functions(blueprint)


@app.function_name(name="hello")
@app.route(route="greet/{name}", methods=["GET"])
def greet(req):
    return "hi"


@app.queue_trigger(arg_name="message", queue_name="jobs", connection="X")
async def work(message):
    pass


def helper():
    pass
"""
BLUEPRINT = """
import azure.functions as func
blueprint = func.Blueprint()


@blueprint.timer_trigger(schedule="0 * * * * *", arg_name="timer")
def tick(timer):
    pass
"""


def package(tmp_path: Path, **files: str) -> Path:
    """A zip of files by path, `/` written as two underscores."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in files.items():
            archive.writestr(path.replace("__", "/").replace("_dot_", "."), content)
    file = tmp_path / "package.zip"
    file.write_bytes(buffer.getvalue())
    return file


def test_decorated_functions_are_found_in_the_modules_that_are_imported(tmp_path: Path) -> None:
    file = package(tmp_path, function_app_dot_py=APP, api__orders_dot_py=BLUEPRINT, unused_dot_py=BLUEPRINT)

    found = {function.name: function.bindings[0] for function in functions_in(file)}

    assert {name: binding["type"] for name, binding in found.items()} == {
        "hello": "httpTrigger",
        "work": "queueTrigger",
        "tick": "timerTrigger",
    }
    assert found["hello"]["route"] == "greet/{name}"


def test_folders_with_a_description_are_functions(tmp_path: Path) -> None:
    described = {"scriptFile": "../dist/run.js", "bindings": [{"type": "httpTrigger", "name": "req"}]}
    file = package(tmp_path, run__function_dot_json=json.dumps(described), broken__function_dot_json="{")

    (function,) = functions_in(file)

    assert (function.name, function.language) == ("run", "node")


def test_a_module_that_does_not_compile_has_no_functions(tmp_path: Path) -> None:
    assert functions_in(package(tmp_path, function_app_dot_py="def (")) == []


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"PK\x03\x04 and then nothing"])
def test_what_is_no_zip_is_no_package(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "package.zip"
    file.write_bytes(content)

    with pytest.raises(NotAPackageError):
        check_package(file)


def test_a_damaged_zip_is_no_package(tmp_path: Path) -> None:
    file = package(tmp_path, function_app_dot_py=APP)
    content = bytearray(file.read_bytes())
    content[60] ^= 0xFF
    file.write_bytes(bytes(content))

    with pytest.raises(NotAPackageError):
        check_package(file)
