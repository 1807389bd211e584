"""What is seen, judged."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from armature.checks import CheckResult
from armature.checks.declared import EndpointDeclaration, PropertyDeclaration
from armature.checks.facts import HealthFacts, SiteFacts
from armature.checks.verdicts import (
    Finding,
    endpoint_address,
    endpoint_fault_verdict,
    endpoint_verdict,
    health_verdict,
    property_verdict,
    resource_verdict,
    site_verdict,
    unseen,
)
from armature.errors import FailureClass, failure
from armature.outbound import OutboundAnswer, OutboundError, OutboundFault

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PASS, WARN, FAIL, WAITING = CheckResult.PASS, CheckResult.WARN, CheckResult.FAIL, CheckResult.WAITING


def both(finding: Finding) -> tuple[CheckResult, CheckResult]:
    """What it is now, and when nobody looks again."""
    return finding.result, finding.settled().result


@pytest.mark.parametrize(
    ("is_there", "state", "expected"),
    [
        (True, "Succeeded", (PASS, PASS)),
        (True, "succeeded", (PASS, PASS)),
        (True, "", (PASS, PASS)),
        (True, "Failed", (FAIL, FAIL)),
        (True, "Canceled", (FAIL, FAIL)),
        (True, "Deleting", (FAIL, FAIL)),
        (True, "Updating", (WAITING, WARN)),
        (False, "", (WAITING, FAIL)),
    ],
)
def test_a_resource_must_be_there_and_succeeded(is_there: bool, state: str, expected: Any) -> None:
    assert both(resource_verdict(is_there, state)) == expected


def test_what_can_not_be_seen_is_looked_at_again_or_warned_of() -> None:
    refused = unseen(failure(FailureClass.AUTHORIZATION, "AuthorizationFailed", "no"))
    busy = unseen(failure(FailureClass.TRANSIENT, "ServerBusy", "busy"))

    assert (both(refused), both(busy)) == ((WARN, WARN), (WAITING, WARN))
    assert "AuthorizationFailed" in refused.message


# Properties


def wants(equals: Any, place: str = "properties.x") -> PropertyDeclaration:
    return PropertyDeclaration.model_validate({"id": "/a/b", "property": place, "equals": equals})


@pytest.mark.parametrize(
    ("found", "equals", "expected", "words"),
    [
        ("a", "a", PASS, "It is 'a'."),
        (True, True, PASS, "It is true."),
        (None, None, PASS, "It is not set."),
        (1, 2, WAITING, "It is 1, not 2."),
        ({"a": 1}, {}, WAITING, "It is an object of 1 key, not an object of 0 keys."),
        ("x" * 100, "y", WAITING, "It is a text of 100 characters, not 'y'."),
        ("https://a/?sig=abc", "y", WAITING, "It is a text that is not shown, not 'y'."),
        ("AccountKey=abcdefgh;", "y", WAITING, "It is a text that is not shown, not 'y'."),
    ],
)
def test_a_property_equals_or_not_and_no_secret_is_shown(found: Any, equals: Any, expected: Any, words: str) -> None:
    finding = property_verdict({"properties": {"x": found}}, wants(equals))

    assert (finding.result, finding.message) == (expected, words)


def test_a_property_that_is_a_secret_by_its_name_is_not_shown() -> None:
    finding = property_verdict({"properties": {"adminPassword": "Tr0ub4dor"}}, wants("x", "properties.adminPassword"))

    assert "Tr0ub4dor" not in finding.message


def test_a_resource_that_is_not_there_has_no_property() -> None:
    assert both(property_verdict(None, wants(1))) == (WAITING, FAIL)


# Apps


PACKAGE = "https://st.blob.example/packages/abc/api.zip"
RUNNING = SiteFacts(
    kind="functionapp,linux", state="Running", package=PACKAGE, functions=("hello", "tick"), host_state="Running"
)


def app(functions: tuple[str, ...] = (), packages: tuple[str, ...] = (PACKAGE,), **facts: Any) -> Finding:
    return site_verdict(RUNNING.model_copy(update=facts), functions, expects_content=bool(packages), packages=packages)


@pytest.mark.parametrize(
    ("finding", "expected", "words"),
    [
        (app(), PASS, "its package mounted"),
        (app(("HELLO",)), PASS, "2 functions"),
        (app(("hello", "gone")), WAITING, "does not list gone; it lists hello, tick"),
        (app(state="Stopped"), WAITING, "Stopped, not Running"),
        (app(state="Stopped", is_enabled=False), PASS, "disabled, as it was deployed"),
        (app(package=None), WAITING, "names none"),
        (app(package="https://st.blob.example/packages/old/api.zip"), WAITING, "another package"),
        (app(is_content_writable=True), WAITING, "not mounted"),
        (app(host_state=None, host_silence="Host is not running."), WAITING, "does not answer: Host is not running"),
        (app(host_state="Error", host_errors=("storage",)), WAITING, "is Error: storage"),
        (app(host_errors=("odd",)), WARN, "runs with errors: odd"),
        (app(packages=(), package=None, host_state=None), PASS, "no content was deployed"),
        (app(packages=(), package=None, host_state="Error"), WAITING, "is Error"),
        (app(packages=(), host_state=None), WAITING, "does not answer"),
        (app(kind="app", packages=()), PASS, "Running."),
        (app(("x",), kind="app", packages=()), FAIL, "no function app"),
        (site_verdict(None, (), expects_content=False), WAITING, "no such app"),
    ],
)
def test_an_app_runs_with_its_package_its_functions_and_a_host_that_answers(
    finding: Finding, expected: CheckResult, words: str
) -> None:
    assert finding.result is expected, finding.message
    assert words in finding.message
    assert finding.recommendation or finding.result is PASS


def test_a_host_that_runs_without_any_function_is_not_good_when_content_was_deployed() -> None:
    empty = RUNNING.model_copy(update={"functions": ()})

    assert both(site_verdict(empty, (), expects_content=True)) == (WAITING, FAIL)
    without = empty.model_copy(update={"package": None})
    assert site_verdict(without, (), expects_content=False).result is PASS


# Health


def report(state: str, reason: str = "") -> HealthFacts:
    return HealthFacts(resource_id="/x/web", state=state, reason=reason)


@pytest.mark.parametrize(
    ("reported", "severity", "expected"),
    [
        ([], "fail", (PASS, PASS)),
        ([report("Available")], "fail", (PASS, PASS)),
        ([report("Unknown")], "fail", (PASS, PASS)),
        ([report("Degraded")], "fail", (WARN, WARN)),
        ([report("Unavailable", "Planned")], "fail", (WARN, WARN)),
        ([report("Unavailable", "UserInitiated")], "fail", (WARN, WARN)),
        ([report("Available"), report("Unavailable", "Unplanned")], "fail", (WAITING, FAIL)),
        ([report("Unavailable", "Unplanned")], "warn", (WAITING, WARN)),
    ],
)
def test_health_fails_when_something_is_down_that_nobody_has_taken_down(
    reported: list[HealthFacts], severity: Any, expected: Any
) -> None:
    assert both(health_verdict(reported, severity)) == expected


# Endpoints


def endpoint(**declared: Any) -> EndpointDeclaration:
    return EndpointDeclaration.model_validate({"uri": "https://shop.example", **declared})


def answered(
    declared: EndpointDeclaration, status: int = 200, body: bytes = b"up", latency: float = 0.1, days: float = 90,
    has_match: bool = True, is_cut: bool = False,
) -> Finding:  # fmt: skip
    answer = OutboundAnswer(status, body, is_cut, latency, NOW + timedelta(days=days), 0)
    return endpoint_verdict(answer, declared, has_match=has_match, slow_milliseconds=5000, now=NOW)


@pytest.mark.parametrize(
    ("expect", "status", "is_good"),
    [
        ("2xx", 200, True),
        ("2xx", 299, True),
        ("2xx", 301, False),
        (200, 200, True),
        (200, 204, False),
        ([200, "4xx"], 404, True),
        ([200, "4xx"], 500, False),
    ],
)
def test_a_status_is_one_of_those_expected(expect: Any, status: int, is_good: bool) -> None:
    assert answered(endpoint(expect=expect), status).result is (PASS if is_good else WAITING)


@pytest.mark.parametrize(
    ("finding", "expected", "words"),
    [
        (answered(endpoint(contains="up")), (PASS, PASS), "It answers 200 after 100 ms."),
        (answered(endpoint(contains="down")), (WAITING, FAIL), "the declared text is not in its body"),
        (answered(endpoint(contains="x"), is_cut=True), (WAITING, FAIL), "the first 2 bytes of its body"),
        (answered(endpoint(matches="x"), has_match=False), (WAITING, FAIL), "matches the pattern"),
        (answered(endpoint(maxLatencyMilliseconds=100)), (PASS, PASS), "100 ms"),
        (answered(endpoint(maxLatencyMilliseconds=99)), (WAITING, FAIL), "later than 99 ms"),
        (answered(endpoint(), latency=5.0), (PASS, PASS), "5000 ms"),
        (answered(endpoint(), latency=5.001), (WARN, WARN), "5001 ms"),
        (answered(endpoint(maxLatencyMilliseconds=9000), latency=6), (PASS, PASS), "6000 ms"),
        (answered(endpoint(), days=14), (PASS, PASS), "200"),
        (answered(endpoint(), days=13.9), (WARN, WARN), "until 2026-01-14 only, 13 days"),
        (answered(endpoint(tlsDaysLeft=0), days=1), (PASS, PASS), "200"),
    ],
)
def test_an_answer_is_judged_by_body_pace_and_certificate(finding: Finding, expected: Any, words: str) -> None:
    assert both(finding) == expected
    assert words in finding.message
    assert finding.latency_milliseconds is not None


def test_a_body_is_never_told() -> None:
    finding = answered(endpoint(contains="token"), body=b"s3cret-token-is-not-here".replace(b"token", b"t"))

    assert "s3cret" not in finding.message + finding.recommendation


@pytest.mark.parametrize("fault", list(OutboundFault))
def test_what_a_rule_refuses_is_not_tried_again_and_all_else_is(fault: OutboundFault) -> None:
    finding = endpoint_fault_verdict(OutboundError(fault, "because"))

    assert both(finding) == ((FAIL, FAIL) if fault.is_refusal else (WAITING, FAIL))
    assert finding.recommendation


@pytest.mark.parametrize(
    ("declared", "output", "expected"),
    [
        ({"uri": "https://a.example/x"}, None, "https://a.example/x"),
        ({"uri": "https://a.example/", "path": "/z"}, None, "https://a.example/z"),
        ({"uri": None, "output": "web.url", "path": "/z"}, "https://b.example/", "https://b.example/z"),
        ({"uri": None, "output": "web.url"}, "b.example", "https://b.example"),
        ({"uri": None, "output": "web.url"}, 7, None),
        ({"uri": None, "output": "web.url"}, None, None),
        ({"uri": None, "output": "web.url"}, "", None),
    ],
)
def test_an_address_is_declared_or_an_outputs_value(declared: Any, output: Any, expected: str | None) -> None:
    given = {name: value for name, value in declared.items() if value is not None}

    assert endpoint_address(EndpointDeclaration.model_validate(given), output) == expected
