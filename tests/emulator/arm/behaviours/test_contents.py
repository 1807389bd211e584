"""What a package holds is read without running it."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from emulator.arm.behaviours.web import contents
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


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MAX_UNPACKED", 1000)

    with pytest.raises(NotAPackageError, match="unpacks to more than 1000 bytes"):
        check_package(package(tmp_path, a_dot_txt="0" * 600, b_dot_txt="0" * 600))


def test_what_is_encrypted_is_no_package(tmp_path: Path) -> None:
    file = package(tmp_path, host_dot_json="{}")
    content = bytearray(file.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    file.write_bytes(bytes(content))

    with pytest.raises(NotAPackageError, match="encrypted"):
        check_package(file)


@pytest.mark.parametrize(
    "described", ["[]", '"text"', "[" * 100_000, '{"bindings": "none"}', '{"bindings": ["none"]}', "x" * (1024**2 + 1)]
)
def test_a_description_that_is_none_is_passed_over(tmp_path: Path, described: str) -> None:
    file = package(tmp_path, strange__function_dot_json=described, right__function_dot_json="{}")

    assert [function.name for function in functions_in(file)] == ["right"]


@pytest.mark.parametrize("argument", ["{[]: 1}", "-" * 5000 + "1"])
def test_what_an_argument_means_only_the_app_can_tell(tmp_path: Path, argument: str) -> None:
    file = package(tmp_path, function_app_dot_py=f"@app.route(route={argument})\ndef hello(req): ...\n")

    assert [function.name for function in functions_in(file)] in (["hello"], [])
