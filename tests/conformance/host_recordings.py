"""The recordings of a real Functions host, and what of an instance or an answer is compared with ours.

Left aside: times, ids that the host makes up, the parts of a text that are a .NET stack trace, and with that the line
numbers and folders of tracebacks; of the answer to an orchestrator's HTTP call what is of the web server and not of
the function (Date, Server, Transfer-Encoding) and the order of its headers.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)?")
_GUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
_STACK = re.compile(r"(StackTrace: |\nStack: ).*", re.DOTALL)
_DETAILS = re.compile(r'\{"\$type":"System\.Exception.*', re.DOTALL)
_KNOWN_ORCHESTRATORS = re.compile(r"'\w+'(?:, '\w+')+")

ROW_TYPES = {
    0: "ExecutionStarted",
    3: "ExecutionTerminated",
    4: "TaskScheduled",
    5: "TaskCompleted",
    6: "TaskFailed",
    7: "SubOrchestrationInstanceCreated",
    8: "SubOrchestrationInstanceCompleted",
    9: "SubOrchestrationInstanceFailed",
    10: "TimerCreated",
    11: "TimerFired",
    12: "OrchestratorStarted",
    13: "OrchestratorCompleted",
    15: "EventRaised",
    17: "GenericEvent",
    19: "ExecutionSuspended",
    20: "ExecutionResumed",
}

_OF_THE_WEB_SERVER = ("Date", "Server", "Transfer-Encoding")


_TOLD = ("Name", "Result", "Reason", "Input", "Data", "TaskScheduledId", "TimerId", "Generation")


@dataclass(frozen=True)
class Exchange:
    """One request and its answer."""

    label: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: str | None
    status: int
    answer_headers: Mapping[str, str]
    answer: str

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "Exchange":
        return cls(
            label=record["label"],
            method=record["method"],
            path=record["url"].removeprefix("http://127.0.0.1:7099"),
            headers=record["req_headers"] or {},
            body=record["req_body"],
            status=record["status"],
            answer_headers={name.lower(): value for name, value in record["headers"].items()},
            answer=record["body"],
        )


@dataclass(frozen=True)
class InstanceRecord:
    """What one instance was handed, and how it ended."""

    contexts: Sequence[Mapping[str, Any]]
    status: Mapping[str, Any]


def read_exchanges(folder: Path) -> list[Exchange]:
    lines = (folder / "http.jsonl").read_text().splitlines()
    return [Exchange.read(json.loads(line)) for line in lines]


def read_contexts(folder: Path) -> dict[str, list[Mapping[str, Any]]]:
    """Return the contexts of every recorded invocation by instance id."""
    contexts: dict[str, list[Mapping[str, Any]]] = {}
    for file in sorted((folder / "orchestrations").glob("*.json")):
        document = json.loads(file.read_text())
        contexts[document["instanceId"]] = [json.loads(i["context_string"]) for i in document["invocations"]]
    return contexts


def read_handed(file: Path) -> list[Mapping[str, Any]]:
    """Return what every recorded invocation of an activity or a queue function was handed, as our app notes it."""
    recorded = json.loads(file.read_text())
    return [
        {"input": next(iter(each["input_data"].values())), "trigger_metadata": each["trigger_metadata"]}
        for each in recorded
    ]


def comparable(value: Any) -> Any:
    """Return a value without what two runs never share."""
    if isinstance(value, str):
        return _comparable_text(value)
    if isinstance(value, Mapping):
        if "statusCode" in value and "headers" in value:
            value = {**value, "headers": _of_the_function(value["headers"])}
        return {key: "<id>" if key == "guid" else comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    return value


def _of_the_function(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {name: headers[name] for name in sorted(headers) if name not in _OF_THE_WEB_SERVER}


def _comparable_text(text: str) -> str:
    if text.startswith('{"statusCode":'):
        return json.dumps(comparable(json.loads(text)))
    text = _DETAILS.sub(lambda match: _details_shape(match[0]), text)
    text = _STACK.sub(r"\1<stack>", text)
    text = _KNOWN_ORCHESTRATORS.sub(lambda match: ", ".join(sorted(match[0].split(", "))), text)
    return _TIME.sub("<time>", _GUID.sub("<id>", text))


def _details_shape(text: str) -> str:
    """Return the keys of a serialised .NET exception, and what is not a stack trace in it."""
    details = json.loads(text)
    inner = details["InnerException"]
    return json.dumps([list(details), list(inner), details["Message"], inner["RemoteMessage"], inner["Data"]])


def shown_rows(events: Iterable[Mapping[str, Any]]) -> list[Any]:
    """Return the rows of a history that the API shows."""
    return [comparable({key: value for key, value in event.items() if not key.endswith("Time")}) for event in events]


def invocation(context: Mapping[str, Any]) -> tuple[bool, Any, list[str]]:
    """Return what one invocation was told: whether it replays, its input, its rows with id and played mark."""
    rows = []
    for row in context["history"]:
        told = {key: row.get(key) for key in _TOLD}
        facts = {key: comparable(value) for key, value in told.items() if value is not None}
        rows.append(f"{ROW_TYPES[row['EventType']]}#{row['EventId']} played={row['IsPlayed']} {json.dumps(facts)}")
    return context["isReplaying"], comparable(context["input"]), rows


def shapes(contexts: Iterable[Mapping[str, Any]]) -> set[tuple[str, ...]]:
    """Return the key sequences of contexts and of their rows."""
    found: set[tuple[str, ...]] = set()
    for context in contexts:
        found.add(("context", *context))
        found |= {(ROW_TYPES[row["EventType"]], *row) for row in context["history"]}
    return found


def as_text(value: Any) -> str:
    """Return a value as a text to compare, without what two runs never share."""
    return json.dumps(comparable(value), sort_keys=True)


def as_parallel(rows: Sequence[Any]) -> list[str]:
    """Return rows in an order that does not depend on which of several running tasks ended first."""
    return sorted(json.dumps(row, sort_keys=True) if not isinstance(row, str) else row for row in rows)
