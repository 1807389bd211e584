"""Microsoft's template engine, in the compiler beside the oracle, asked over JSON-RPC; and our prediction to compare.

`tools/arm-oracle` asks the same engine with a process a template; this asks many in one process.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from armature.templates.reading import read_json
from armature.templates.scope import PartialObject
from emulator.arm.behaviours import Surroundings
from emulator.arm.behaviours.storage import AccountsFile
from emulator.arm.engine.links import Downloader
from emulator.arm.engine.prediction import Predictor
from emulator.arm.engine.preparation import Preparation
from emulator.arm.engine.request import DeploymentRequest
from emulator.arm.engine.source import Source
from emulator.arm.errors import ArmError
from emulator.arm.grouping import write_group
from emulator.arm.identifiers import ResourceId
from emulator.arm.settings import DEFAULT_SUBSCRIPTION, DEFAULT_TENANT
from emulator.arm.state import CloudState

SCOPES: dict[str, ResourceId] = {
    "resourceGroup": ResourceId(DEFAULT_SUBSCRIPTION, "rg-oracle"),
    "subscription": ResourceId(DEFAULT_SUBSCRIPTION),
    "managementGroup": ResourceId(management_group="mg-oracle"),
    "tenant": ResourceId(),
}
_METADATA: dict[str, dict[str, str]] = {
    "resourceGroup": {"subscriptionId": DEFAULT_SUBSCRIPTION, "resourceGroup": "rg-oracle"},
    "subscription": {"subscriptionId": DEFAULT_SUBSCRIPTION},
    "managementGroup": {"managementGroup": "mg-oracle", "managementGroupId": "mg-oracle"},
    "tenant": {},
}
_UNTOLD = "[…]"


@dataclass
class Answer:
    """What came of a template: resources in order and outputs, or a refusal in words.

    `is_silent` when the compiler did not even ask the engine.
    """

    resources: list[dict[str, Any]] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    diagnostics: list[Any] = field(default_factory=list)
    refusal: str | None = None
    is_silent: bool = False


class Engine:
    """Microsoft's engine in one process."""

    def __init__(self, bicep: Path, folder: Path) -> None:
        self._bicep, self._folder, self._count = bicep, folder, 0
        self._process = self._started()

    def _started(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [self._bicep, "jsonrpc", "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        )

    def answer(self, text: str, parameters: dict[str, Any], scope: str) -> Answer:
        """The snapshot of a template that is given as text."""
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir(parents=True)
        (folder / "main.json").write_text(text)
        (folder / "values.json").write_text(json.dumps(parameters))
        lines = ["using './main.json'", *(["var values = loadJsonContent('values.json')"] if parameters else [])]
        lines += [f"param {name} = values.{name}" for name in parameters]
        (folder / "main.bicepparam").write_text("\n".join(lines) + "\n")
        metadata = {"tenantId": DEFAULT_TENANT, "location": "eastus2", "deploymentName": "main"} | _METADATA[scope]
        reply = self._call("bicep/getSnapshot", {"path": str(folder / "main.bicepparam"), "metadata": metadata})
        shutil.rmtree(folder)
        if reply is None:
            self.close()
            self._process = self._started()
            return Answer(refusal="the compiler died of this template", is_silent=True)
        if "error" in reply:
            reason = reply["error"]["message"].partition("\n   at ")[0].strip()
            return Answer(refusal=reason, is_silent=reason.startswith(("Compilation failed", "Failed to compile")))
        found = json.loads(reply["result"]["snapshot"])
        return Answer(found["predictedResources"], found["outputs"], found["diagnostics"])

    def compiled(self, source: Path) -> dict[str, Any]:
        """What the compiler makes of a Bicep file."""
        reply = self._call("bicep/compile", {"path": str(source)})
        assert reply is not None
        assert reply["result"]["success"], reply
        template: dict[str, Any] = json.loads(reply["result"]["contents"])
        return template

    def _call(self, method: str, parameters: dict[str, Any]) -> dict[str, Any] | None:
        request = {"jsonrpc": "2.0", "id": self._count, "method": method, "params": [parameters]}
        body = json.dumps(request).encode()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        reply: dict[str, Any] | None = json.loads(self._process.stdout.read(length)) if length else None
        return reply

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=30)


def surroundings(folder: Path) -> Surroundings:
    """The world that the engine assumes: one empty resource group."""
    state = CloudState(DEFAULT_TENANT, (DEFAULT_SUBSCRIPTION,))
    write_group(state, SCOPES["resourceGroup"], {"location": "eastus2"})
    return Surroundings(state, DEFAULT_TENANT, "https://127.0.0.1:1", AccountsFile(folder / "accounts.json"))


async def predicted(
    text: str, parameters: dict[str, Any], scope: str, world: Surroundings, downloader: Downloader
) -> Answer:
    """Our answer to the same question."""
    source = Source(read_json(text, file="main.json"))
    request = DeploymentRequest(
        id=SCOPES[scope].resource("Microsoft.Resources/deployments", "main"),
        correlation_id="",
        template=source.value,
        parameters={name: {"value": value} for name, value in parameters.items()},
        location=None if scope == "resourceGroup" else "eastus2",
        source=source,
    )
    preparation = Preparation(world, downloader)
    try:
        prediction = await Predictor(preparation).predict(await preparation.prepare_root(request))
    except ArmError as refusal:
        return Answer(refusal=f"{refusal.code}: {refusal.message}")
    resources = []
    for one in prediction.resources:
        told = {"id": _UNTOLD if one.is_pending else str(one.instance.id)}
        told |= {"type": one.instance.type, "name": one.instance.name, "apiVersion": one.instance.api_version}
        told |= {"condition": _UNTOLD} if one.instance.is_uncertain else {}
        resources.append(told | shown(one.body))
    outputs = {name: shown(output["value"]) for name, output in prediction.outputs.items()}
    return Answer(resources, outputs, prediction.diagnostics)


def shown(value: Any) -> Any:
    """A value of ours as a snapshot shows it: what can't be told as an expression."""
    if isinstance(value, PartialObject):
        return _UNTOLD
    if isinstance(value, dict):
        return {name: shown(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return value


def is_untold(value: Any) -> bool:
    """True for an expression that was left as it is."""
    return isinstance(value, str) and value.startswith("[") and not value.startswith("[[")


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Where two answers differ; an expression that neither could evaluate equals any other."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in theirs.keys() | ours.keys():
            if key not in ours or key not in theirs:
                yield f"{path}.{key} is only {'ours' if key in ours else 'theirs'}"
            else:
                yield from differences(ours[key], theirs[key], f"{path}.{key}")
    elif isinstance(theirs, list) and isinstance(ours, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    elif not (is_untold(ours) and is_untold(theirs)) and (type(ours) is not type(theirs) or ours != theirs):
        yield f"{path}: ours {json.dumps(ours)[:200]}, theirs {json.dumps(theirs)[:200]}"


def compare(ours: Answer, theirs: Answer) -> list[str]:
    """Every difference between two answers, none when they agree."""
    if ours.refusal is not None or theirs.refusal is not None:
        code, _, message = (ours.refusal or ":").partition(": ")
        told, expected = reason(message), reason(theirs.refusal or "")
        is_same = ours.refusal is not None and theirs.refusal is not None and told == expected
        return [] if is_same else [f"ours refuses '{code}' '{told}', theirs '{expected}'"]
    mine, other = by_id(ours.resources), by_id(theirs.resources)
    found = [f"{key} is only {'ours' if key in mine else 'theirs'}" for key in mine.keys() ^ other.keys()]
    for key in mine.keys() & other.keys():
        found += [f"{key}{one}" for one in differences(mine[key], other[key])]
    outputs = {name: _as_whole(value, theirs.outputs.get(name)) for name, value in ours.outputs.items()}
    expected = {
        name: value for name, value in theirs.outputs.items() if value != []
    }  # empty loops are left out at times
    outputs = {name: value for name, value in outputs.items() if value != []}
    return found + [f"outputs{one}" for one in differences(outputs, expected)]


def _as_whole(ours: Any, theirs: Any) -> Any:
    """An output of which a part is untold is shown as an expression by the engine."""
    return _UNTOLD if is_untold(theirs) and _UNTOLD in json.dumps(ours, ensure_ascii=False) else ours


def by_id(resources: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The resources by id; those whose id can't be told are numbered by what is known of them."""
    found: dict[str, dict[str, Any]] = {}
    for resource in resources:
        key = resource["id"].lower()
        if is_untold(key):
            resource, key = {**resource, "name": ""}, f"[{resource['type']}"
        while key in found:
            key += "+"
        found[key] = resource
    return found


def reason(message: str) -> str:
    """A refusal without the envelope that only ARM puts around it."""
    text = message.strip().removeprefix("Deployment template validation failed: '").removesuffix("'.")
    for start in ("Unable to process template language expressions for resource",):
        if text.startswith(start):
            text = text.partition("'. ")[2] or text
    return text.strip(". '")
