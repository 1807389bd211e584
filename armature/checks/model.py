"""A check as the state and the API show it."""

from datetime import datetime
from enum import StrEnum

from armature.models import Model


class CheckKind(StrEnum):
    """What is looked at."""

    RESOURCE = "resource"
    ENDPOINT = "endpoint"
    FUNCTION_APP = "functionApp"
    HEALTH = "health"
    PROPERTY = "property"


class CheckResult(StrEnum):
    """What it came to. `waiting` is looked at again, `skipped` was not, since the deployment
    ended before."""

    WAITING = "waiting"
    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


class CheckState(Model):
    """One check: what it looked at (`subject`), what it found, and a recommendation when that is not good.

    `attempts` counts the looks. `latency_milliseconds` is that of an endpoint's last answer.
    """

    key: str
    kind: CheckKind
    subject: str
    template: str | None = None
    result: CheckResult = CheckResult.WAITING
    message: str = ""
    recommendation: str = ""
    attempts: int = 0
    latency_milliseconds: int | None = None
    finished_at: datetime | None = None

    def given_up(self) -> "CheckState":
        """The check once its run has ended: what waited is not looked at again."""
        if self.result is not CheckResult.WAITING:
            return self
        message = f"Not made again: the deployment ended. {self.message}".strip()
        return self.model_copy(update={"result": CheckResult.SKIPPED, "message": message})


class ValidationState(Model):
    """The checks of a deployment: counts of all, and `checks` the first of them, those that did not pass before others.

    All of them are a document of their own. `run` is the run of the deployment that made them.
    """

    run: int = 1
    total: int = 0
    passed: int = 0
    warned: int = 0
    failed: int = 0
    skipped: int = 0
    checks: tuple[CheckState, ...] = ()

    @property
    def done(self) -> int:
        """How many have come to a result."""
        return self.passed + self.warned + self.failed + self.skipped

    def given_up(self) -> "ValidationState":
        """The checks once their run has ended: nothing waits any more."""
        skipped = self.total - (self.passed + self.warned + self.failed)
        checks = tuple(check.given_up() for check in self.checks)
        return self.model_copy(update={"skipped": skipped, "checks": checks})


class ChecksPage(Model):
    """A page of the complete list of a deployment's checks; `next` is what to ask the following one `after` with."""

    deployment_id: str
    run: int
    total: int
    value: tuple[CheckState, ...] = ()
    next: int | None = None
