"""Checks of what was deployed: what each found, and what a person can do about it."""

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
    """What it came to. `waiting` is looked at again."""

    WAITING = "waiting"
    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


class CheckState(Model):
    """One check: what it looked at (`subject`), what it found, and a recommendation when that is not good."""

    key: str
    kind: CheckKind
    subject: str
    template: str | None = None
    result: CheckResult = CheckResult.WAITING
    message: str = ""
    recommendation: str = ""
    attempts: int = 0
    finished_at: datetime | None = None


class ValidationState(Model):
    """The checks of a deployment: counts of all, and `checks` the first of them, those that did not pass before others.

    All of them are a document of their own.
    """

    total: int = 0
    passed: int = 0
    warned: int = 0
    failed: int = 0
    checks: tuple[CheckState, ...] = ()
