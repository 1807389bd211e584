"""What is in a package: whether it is a zip, and which functions it holds, read without running anything.

Functions are folders with a `function.json`, or Python functions below a trigger's decorator in `function_app.py` and
in the modules of the package that it imports (the Python v2 programming model).
"""

import ast
import asyncio
import json
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ENTRY = "function_app.py"
_TRIGGERS = {
    "route": "httpTrigger",
    "schedule": "timerTrigger",
    "timer_trigger": "timerTrigger",
    "queue_trigger": "queueTrigger",
    "blob_trigger": "blobTrigger",
    "event_grid_trigger": "eventGridTrigger",
    "event_hub_message_trigger": "eventHubTrigger",
    "service_bus_queue_trigger": "serviceBusTrigger",
    "service_bus_topic_trigger": "serviceBusTrigger",
    "cosmos_db_trigger": "cosmosDBTrigger",
    "sql_trigger": "sqlTrigger",
    "warm_up_trigger": "warmupTrigger",
    "orchestration_trigger": "orchestrationTrigger",
    "activity_trigger": "activityTrigger",
    "entity_trigger": "entityTrigger",
    "generic_trigger": "genericTrigger",
}
_MAX_SOURCE = 1024**2
MAX_UNPACKED = 8 * 1024**3
"""Bytes that a package may unpack to: a limit of this emulator's, for one that would keep it busy for hours."""


class NotAPackageError(Exception):
    """The file is no zip, a damaged or an encrypted one, or one that unpacks to too much; the message says which."""


_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError)
"""What `zipfile` raises: RuntimeError for an encrypted entry or an unknown compression, ValueError for a bad name."""
_UNREADABLE = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)
"""What Python raises for a source that it can't parse or a literal that it can't evaluate: `ast.literal_eval`."""


@dataclass(frozen=True)
class FunctionFound:
    """A function by its name, with the bindings that could be read."""

    name: str
    bindings: list[dict[str, Any]]
    language: str


async def read_package(file: Path) -> list[FunctionFound]:
    """The functions of a package, which may be large. Raises NotAPackageError."""
    await asyncio.to_thread(check_package, file)
    return functions_in(file)


def check_package(file: Path) -> None:
    """Read all that a package holds; raises NotAPackageError."""
    try:
        with zipfile.ZipFile(file) as package:
            if sum(entry.file_size for entry in package.infolist()) > MAX_UNPACKED:
                raise NotAPackageError(f"it unpacks to more than {MAX_UNPACKED} bytes")
            broken = package.testzip()
    except _DAMAGE as wrong:
        raise NotAPackageError(str(wrong)) from wrong
    if broken:
        raise NotAPackageError(f"the entry {broken} is damaged")


def functions_in(file: Path) -> list[FunctionFound]:
    """The functions of a package that is one; not for threads, of which only one at a time may parse Python."""
    with zipfile.ZipFile(file) as package:
        return [*_folders(package), *_decorated(package)]


def _folders(package: zipfile.ZipFile) -> Iterator[FunctionFound]:
    for name in sorted(package.namelist()):
        folder, _, file = name.partition("/")
        if file == "function.json":
            described = _described(package, name)
            if described is None:
                continue  # the host skips what it can't read, and says so in its own log
            script = str(described.get("scriptFile") or "")
            language = "python" if script.endswith(".py") else "node" if script.endswith("js") else "custom"
            yield FunctionFound(folder, described.get("bindings") or [], language)


def _described(package: zipfile.ZipFile, name: str) -> dict[str, Any] | None:
    """A `function.json`; None for what is none."""
    if package.getinfo(name).file_size > _MAX_SOURCE:
        return None
    try:
        described = json.loads(package.read(name))
    except (ValueError, RecursionError):
        return None
    if not isinstance(described, dict):
        return None
    bindings = described.get("bindings") or []
    is_right = isinstance(bindings, list) and all(isinstance(binding, dict) for binding in bindings)
    return described if is_right else None


def _decorated(package: zipfile.ZipFile) -> Iterator[FunctionFound]:
    names, waiting, seen = set(package.namelist()), [_ENTRY], set()
    while waiting:
        name = waiting.pop(0)
        if name in seen or name not in names or package.getinfo(name).file_size > _MAX_SOURCE:
            continue
        seen.add(name)
        try:
            module = ast.parse(package.read(name))
        except _UNREADABLE:
            continue  # a module that can't be imported has no functions
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if found := _function(node):
                    yield found
            elif isinstance(node, ast.Import | ast.ImportFrom):
                waiting += _files_of(node)


def _files_of(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        modules = [alias.name for alias in node.names]
    else:
        modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)] if node.module else []
    paths = [module.replace(".", "/") for module in modules]
    return [file for path in paths for file in (f"{path}.py", f"{path}/__init__.py")]


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> FunctionFound | None:
    name, binding = node.name, None
    for decorator in node.decorator_list:
        if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute)):
            continue
        given = _arguments(decorator)
        if decorator.func.attr == "function_name":
            name = str(given.get("name") or given.get("0") or name)
        elif decorator.func.attr in _TRIGGERS:
            binding = _binding(decorator.func.attr, given, node.name)
    return FunctionFound(name, [binding], "python") if binding else None


def _binding(decorator: str, given: dict[str, Any], function: str) -> dict[str, Any]:
    binding = {"type": _TRIGGERS[decorator], "direction": "in", "name": given.get("arg_name") or "req"}
    if decorator == "route":
        route = given.get("route") or given.get("0") or function
        binding |= {"route": route, "methods": given.get("methods") or []}
    return binding


def _arguments(call: ast.Call) -> dict[str, Any]:
    """The literal arguments, by name or position."""
    found: dict[str, Any] = {}
    named = [(str(number), value) for number, value in enumerate(call.args)]
    for name, value in [*named, *((keyword.arg or "", keyword.value) for keyword in call.keywords)]:
        try:
            found[name] = ast.literal_eval(value)
        except _UNREADABLE:
            continue  # an expression, which only the app itself can tell
    return found
