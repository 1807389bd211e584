"""The recorded app on our host: the same requests lead to the same histories, SDK inputs, outcomes and answers."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulator.functions_host.durable.addresses import Addresses
from tests.conformance.host_drill import Answered, Drill, run_drill, shorten
from tests.conformance.host_recordings import (
    as_parallel,
    as_text,
    comparable,
    invocation,
    read_contexts,
    read_exchanges,
    read_handed,
    shapes,
    shown_rows,
)
from tests.figures import Figures
from tests.running import RunningAzurite

PARALLEL = "which of several running tasks ends first, and how many reports one episode takes, is a matter of timing"

EXPLAINED_INSTANCES = {
    "rec-o_all": PARALLEL,
    "rec-o_all_fail": PARALLEL,
    "rec-o_retry_all": PARALLEL,
    "rec-o_parent": PARALLEL,
}
"""Instances whose rows agree only in another order: same rows, same outcome."""

EXPLAINED_ANSWERS = {
    "raiseEvent invalid json": "ExceptionMessage is Python's and there is no .NET stack trace; Message agrees",
    "raiseEvent empty body": "ExceptionMessage is Python's and there is no .NET stack trace; Message agrees",
    "http start badjson": "ExceptionMessage is Python's and there is no .NET stack trace; Message agrees",
    "o_nondet status hist+out+input": "no .NET stack trace; the rest of the refusal agrees",
    "restartPostUri missing": "there is no .NET stack trace; the rest of the refusal agrees",
    "suspend again": "there is no .NET stack trace; the rest of the refusal agrees",
    "list top 3": "which instances are the first depends on ids that a host makes up; same shape, same page size",
    "list slash": "which instance is the first depends on ids that a host makes up; same shape, same page size",
}
"""Answers that agree in status, headers and shape only, and why."""

COMPARED_HEADERS = ("content-type", "location", "retry-after", "www-authenticate", "x-a")


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    name: str
    facts: Sequence[str]
    difference: str
    explanation: str

    @property
    def verdict(self) -> str:
        if not self.difference:
            return "same"
        return f"explained: {self.explanation}" if self.explanation else f"DIFFERENT: {self.difference}"


@pytest.fixture(scope="module")
def recordings(shared: Path) -> Path:
    return shared / "recordings" / "functions-host"


@pytest.fixture(scope="module")
def drill(recordings: Path, azurite: RunningAzurite, tmp_path_factory: pytest.TempPathFactory) -> Drill:
    return run_drill(recordings, tmp_path_factory.mktemp("recorded"), azurite.settings)


@pytest.mark.timeout(240)
def test_recorded_instances_have_the_same_history_and_outcome(drill: Drill, figures: Figures) -> None:
    shown = [answer for answer in drill.answers if answer.recorded.label.endswith("hist+out+input")]

    rows = [_compare_history(answer) for answer in shown if answer.recorded.status != 400]

    _show(figures, "Histories and outcomes", ("instance", "rows", "status"), rows)
    assert len(rows) > 30
    assert [row for row in rows if row.verdict.startswith("DIFFERENT")] == []


@pytest.mark.timeout(240)
def test_the_sdk_is_handed_the_same_contexts(drill: Drill, recordings: Path, figures: Figures) -> None:
    recorded = _by_alias(read_contexts(recordings), _recorded_ids(recordings))
    ours = _by_alias(drill.contexts, _our_ids(drill))

    rows = [_compare_contexts(alias, contexts, ours.get(alias, [])) for alias, contexts in sorted(recorded.items())]

    _show(figures, "Contexts handed to the SDK", ("instance", "invocations"), rows)
    assert len(rows) == len(list((recordings / "orchestrations").glob("*.json")))
    assert [row for row in rows if row.verdict.startswith("DIFFERENT")] == []
    all_recorded = [context for contexts in recorded.values() for context in contexts]
    assert shapes(context for contexts in ours.values() for context in contexts) >= shapes(all_recorded)


@pytest.mark.timeout(240)
def test_recorded_requests_get_the_same_answers(drill: Drill, recordings: Path, figures: Figures) -> None:
    rows = [_compare_answer(answer) for answer in drill.answers]

    _show(figures, "Answers", ("request", "status"), rows)
    assert len(rows) == len(read_exchanges(recordings))
    assert [row for row in rows if row.verdict.startswith("DIFFERENT")] == []


@pytest.mark.timeout(240)
def test_activities_are_handed_the_same(drill: Drill, recordings: Path, figures: Figures) -> None:
    recorded = Counter(as_text(each) for each in read_handed(recordings / "activities.json"))
    ours = Counter(as_text(each) for each in drill.activities)

    figures(f"What activities are handed: {recorded.total()} recorded, {ours.total()} ours")
    assert ours - recorded == Counter()
    assert recorded - ours == Counter()


def test_the_client_binding_is_the_recorded_one(recordings: Path) -> None:
    recorded = json.loads((recordings / "durable_client_binding.json").read_text())["binding_string"]
    addresses = Addresses(
        origin="http://127.0.0.1:7099",
        rpc_base_url="http://127.0.0.1:17071/durabletask/",
        hub_name="RecHub",
        key="KEY",
    )

    ours = addresses.client_binding()

    assert ours == recorded.replace("https://", "http://")  # our host has no certificate


def _compare_history(answer: Answered) -> Row:
    recorded, ours = json.loads(shorten(answer.recorded.answer)), json.loads(answer.text)
    name = recorded["instanceId"]
    recorded_rows, our_rows = shown_rows(recorded.pop("historyEvents")), shown_rows(ours.pop("historyEvents"))
    difference = _difference(_outcome(recorded), _outcome(ours)) or _difference(recorded_rows, our_rows)
    explanation = EXPLAINED_INSTANCES.get(name, "")
    if as_parallel(recorded_rows) != as_parallel(our_rows) or _outcome(recorded) != _outcome(ours):
        explanation = ""
    return Row(name, (f"{len(recorded_rows)}/{len(our_rows)}", ours["runtimeStatus"]), difference, explanation)


def _outcome(status: Mapping[str, Any]) -> Any:
    return comparable({key: value for key, value in status.items() if not key.endswith("Time")})


def _compare_contexts(alias: str, recorded: Sequence[Mapping[str, Any]], ours: Sequence[Mapping[str, Any]]) -> Row:
    recorded = json.loads(shorten(json.dumps(recorded)))
    difference = _difference([invocation(c) for c in recorded], [invocation(c) for c in ours])
    explanation = EXPLAINED_INSTANCES.get(alias, "")
    if not ours or _settled_rows(recorded) != _settled_rows(ours):
        explanation = ""
    return Row(alias, (f"{len(recorded)}/{len(ours)}",), difference, explanation)


def _settled_rows(contexts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the rows of the last context, without those that begin and end episodes, in no order."""
    _, _, rows = invocation(contexts[-1])
    told = (row.replace("played=True", "").replace("played=False", "") for row in rows)
    return as_parallel([row for row in told if not row.startswith(("OrchestratorStarted", "OrchestratorCompleted"))])


def _compare_answer(answer: Answered) -> Row:
    label = answer.recorded.label
    recorded_headers = _headers(answer.recorded.answer_headers)
    our_headers = _headers(answer.headers)
    recorded_body, our_body = _body(shorten(answer.recorded.answer)), _body(answer.text)
    difference = (
        _difference(answer.recorded.status, answer.status)
        or _difference(recorded_headers, our_headers)
        or _difference(recorded_body, our_body)
    )
    explanation = EXPLAINED_ANSWERS.get(label, "")
    instance = recorded_body.get("instanceId", "") if isinstance(recorded_body, dict) else ""
    if not explanation and instance in EXPLAINED_INSTANCES and "hist" in label:
        explanation = EXPLAINED_INSTANCES[instance]
    if answer.recorded.status != answer.status or recorded_headers != our_headers or not _is_alike(answer):
        explanation = ""
    return Row(label, (f"{answer.recorded.status}/{answer.status}",), difference, explanation)


def _headers(headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the headers that an answer is about, and whether there is another page."""
    compared: dict[str, Any] = {name: headers.get(name) for name in COMPARED_HEADERS}
    if location := compared["location"]:
        compared["location"] = comparable(location.partition("/runtime")[2].partition("code=")[0])
    compared["has more"] = "x-ms-continuation-token" in headers
    return compared


def _body(text: str) -> Any:
    """Return a body to compare; the order of a list of instances is that of their ids, some of which are made up."""
    try:
        body = comparable(json.loads(text))
    except json.JSONDecodeError:
        return comparable(text)
    if isinstance(body, list):
        return sorted(body, key=lambda item: json.dumps(item, sort_keys=True))
    return body


def _is_alike(answer: Answered) -> bool:
    """Whether two bodies are of one shape: the same keys, or the same Message of a refusal."""
    recorded, ours = _body(answer.recorded.answer), _body(answer.text)
    if isinstance(recorded, list):
        return bool(ours) and {tuple(item) for item in recorded} == {tuple(item) for item in ours}
    if isinstance(recorded, dict) and "Message" in recorded:
        return bool(recorded["Message"] == ours["Message"])
    return list(recorded) == list(ours)


def _recorded_ids(recordings: Path) -> dict[str, str]:
    return {e.label: json.loads(e.answer)["id"] for e in read_exchanges(recordings) if _made_up_an_id(e.label)}


def _our_ids(drill: Drill) -> dict[str, str]:
    return {a.recorded.label: json.loads(a.text)["id"] for a in drill.answers if _made_up_an_id(a.recorded.label)}


def _made_up_an_id(label: str) -> bool:
    return label in ("http start", "http start nobody", "http start unknown", "restart completed", "restart new id")


def _by_alias(
    contexts: Mapping[str, Sequence[Mapping[str, Any]]], made_up: Mapping[str, str]
) -> dict[str, Sequence[Mapping[str, Any]]]:
    """Name instances by what stays the same in another run: a label, or the parent's id and the event id."""
    labels = {instance: label for label, instance in made_up.items()}
    named = {}
    for instance, invocations in contexts.items():
        parent = invocations[0]["parentInstanceId"]
        if parent is not None and ":" in instance:
            alias = f"{parent} > {instance.rpartition(':')[2]}"
        elif instance.startswith("rec-"):
            alias = instance
        else:
            alias = labels.get(instance, f"{invocations[0]['history'][1]['Name']} without an id")
        named[alias] = invocations
    return named


def _difference(recorded: Any, ours: Any) -> str:
    if recorded == ours:
        return ""
    if isinstance(recorded, dict) and isinstance(ours, dict) and list(recorded) == list(ours):
        return "; ".join(
            f"{key}: {_difference(recorded[key], ours[key])}" for key in recorded if recorded[key] != ours[key]
        )
    if isinstance(recorded, (list, tuple)) and isinstance(ours, (list, tuple)) and len(recorded) == len(ours):
        number, pair = next((i, p) for i, p in enumerate(zip(recorded, ours, strict=True)) if p[0] != p[1])
        return f"[{number}] {_difference(*pair)}"
    return f"recorded {json.dumps(recorded)[:500]}, ours {json.dumps(ours)[:500]}"


def _show(figures: Figures, title: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    explained = sum(row.verdict.startswith("explained") for row in rows)
    same = sum(row.verdict == "same" for row in rows)
    width = max(len(row.name) for row in rows)
    lines = [f"{title}: {len(rows)} compared, {same} the same, {explained} explained (recorded/ours)"]
    lines.append("  ".join([columns[0].ljust(width), *columns[1:], "difference"]))
    lines += ["  ".join([row.name.ljust(width), *row.facts, row.verdict]) for row in rows]
    figures("\n".join(lines))
