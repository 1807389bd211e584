"""Results of many checks, told in few words."""

from armature.checks import CheckKind, CheckResult, CheckState
from armature.checks.planning import BatchResults, Check, ChecksDocument
from armature.checks.tallying import MAX_SHOWN, all_states, summary, validation_state, verdict
from armature.errors import MAX_CAUSES


def state(key: str, result: CheckResult) -> CheckState:
    return CheckState(
        key=key, kind=CheckKind.RESOURCE, subject=f"thing {key}", result=result, message="Gone.", recommendation="Look."
    )


def test_what_was_not_made_yet_waits_and_the_order_is_that_of_the_plan() -> None:
    checks = tuple(Check(key=key, kind=CheckKind.RESOURCE, subject=key) for key in "abc")
    batches = [BatchResults(checks={"c": state("c", CheckResult.FAIL)}), BatchResults()]

    found = all_states(ChecksDocument(checks=checks), batches)

    assert [(each.key, each.result) for each in found] == [
        ("a", CheckResult.WAITING),
        ("b", CheckResult.WAITING),
        ("c", CheckResult.FAIL),
    ]


def test_the_state_holds_the_first_of_many_and_the_bad_before_the_good() -> None:
    many = [state(f"p{n}", CheckResult.PASS) for n in range(500)]
    bad = [state(result, result) for result in (CheckResult.SKIPPED, CheckResult.WARN, CheckResult.FAIL)]

    found = validation_state(2, [*many, *bad])

    assert (found.run, found.total, found.passed, found.done) == (2, 503, 500, 503)
    assert len(found.checks) == MAX_SHOWN
    assert [check.result for check in found.checks[:4]] == ["fail", "warn", "skipped", "pass"]
    assert summary(found) == "500 of 503 checks passed, 1 failed, 1 with a warning, 1 not made"


def test_what_failed_is_the_reason_with_what_to_do_about_each() -> None:
    one = verdict(validation_state(1, [state("a", CheckResult.FAIL), state("b", CheckResult.PASS)]))
    many = verdict(validation_state(1, [state(f"f{n}", CheckResult.FAIL) for n in range(30)]))

    assert one is not None
    assert (one.code, one.message, one.suggestion) == (
        "ValidationFailed",
        "1 check of 2 failed: thing a: Gone.",
        "Look.",
    )
    assert [(cause.message, cause.target) for cause in one.causes] == [("Gone.", "thing a")]
    assert many is not None
    assert many.message == "30 checks of 30 failed: thing f0: Gone. And 29 more."
    assert len(many.causes) == MAX_CAUSES
    assert many.causes[0].message == "Gone. Look."


def test_warnings_are_no_reason() -> None:
    assert verdict(validation_state(1, [state("a", CheckResult.WARN), state("b", CheckResult.SKIPPED)])) is None
