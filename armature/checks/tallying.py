"""Results of batches put together: for the state, for the log, and as the outcome of the deployment."""

from collections.abc import Iterable

from armature.checks.model import CheckResult, CheckState, ValidationState
from armature.checks.planning import BatchResults, ChecksDocument
from armature.errors import MAX_CAUSES, Cause, Failure, FailureClass, failure
from armature.numbers import count_of

MAX_SHOWN = 100
"""Checks that the state holds; all of them are told by the document of their own."""

_RANK = {
    CheckResult.FAIL: 0,
    CheckResult.WARN: 1,
    CheckResult.WAITING: 2,
    CheckResult.SKIPPED: 3,
    CheckResult.PASS: 4,
}


def all_states(document: ChecksDocument, results: Iterable[BatchResults]) -> tuple[CheckState, ...]:
    """Every check as it stands, in the order of the plan; one that was not made yet waits."""
    found = {key: state for batch in results for key, state in batch.checks.items()}
    return tuple(found.get(check.key) or check.state() for check in document.checks)


def validation_state(run: int, states: Iterable[CheckState]) -> ValidationState:
    """The counts, and the first of the checks: what failed before what only warns, before what waits, before the
    rest."""
    checks = tuple(states)
    counts = {result: sum(check.result is result for check in checks) for result in CheckResult}
    return ValidationState(
        run=run,
        total=len(checks),
        passed=counts[CheckResult.PASS],
        warned=counts[CheckResult.WARN],
        failed=counts[CheckResult.FAIL],
        skipped=counts[CheckResult.SKIPPED],
        checks=tuple(sorted(checks, key=lambda check: _RANK[check.result])[:MAX_SHOWN]),
    )


def summary(state: ValidationState) -> str:
    """How far the checks are, or how they ended, in a few words."""
    parts = [
        f"{number} {word}"
        for number, word in (
            (state.failed, "failed"),
            (state.warned, "with a warning"),
            (state.skipped, "not made"),
            (state.total - state.done, "waiting"),
        )
        if number
    ]
    return ", ".join([f"{state.passed} of {count_of(state.total, 'check')} passed", *parts])


def verdict(state: ValidationState) -> Failure | None:
    """The failure that the checks come to: its causes are the checks that failed, with what to do about each."""
    bad = [check for check in state.checks if check.result is CheckResult.FAIL]
    if not state.failed:
        return None
    first = bad[0]
    message = f"{count_of(state.failed, 'check')} of {state.total} failed: {first.subject}: {first.message}"
    if state.failed > 1:
        message += f" And {state.failed - 1} more."
    made = failure(FailureClass.UNKNOWN, "ValidationFailed", message, first.recommendation)
    told = _alone if state.failed == 1 else _with_step
    causes = [Cause(code=f"{check.kind}", message=told(check), target=check.subject) for check in bad[:MAX_CAUSES]]
    return made.model_copy(update={"causes": tuple(causes)})


def _alone(check: CheckState) -> str:
    """The failure's own suggestion is what to do about it."""
    return check.message


def _with_step(check: CheckState) -> str:
    return f"{check.message} {check.recommendation}".strip()
