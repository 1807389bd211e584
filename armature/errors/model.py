"""What a failure is: its class, what is done about it, its causes, and the exception that carries it."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

from armature.models import Model
from armature.redaction import redact


class FailureClass(StrEnum):
    """What kind of failure it is (design section 6), from what passes by itself to what a person must change."""

    TRANSIENT = "transient"
    THROTTLED = "throttled"
    STORAGE_ACCESS = "storageAccess"
    RESOURCE_CONFLICT = "resourceConflict"
    MISSING_DEPENDENCY = "missingDependency"
    NOT_REGISTERED = "notRegistered"
    QUOTA = "quota"
    TEMPLATE = "template"
    POLICY = "policy"
    AUTHORIZATION = "authorization"
    UNKNOWN = "unknown"


class Recovery(StrEnum):
    """What is done about a failure (design section 6).

    `backOff`: the same again after the policy's wait, which counts as an attempt. `outwait`: something could not be
    reached at all; asked again, without counting, for as long as `OUTWAIT_MINUTES`. `freshSas`: the same again at once,
    with a new SAS; counts. `wait`: somebody else is at it; again when that may be over, without counting, bounded.
    `afterProgress`: again when something else of the deployment has finished. `registerProvider`: register the resource
    provider `subject`, then again. `pruneHistory`: delete old entries of the scope's deployment history, then again.
    `treatAsDone`: what was to be made is there. `fail`: a person must act.
    """

    BACK_OFF = "backOff"
    OUTWAIT = "outwait"
    FRESH_SAS = "freshSas"
    WAIT = "wait"
    AFTER_PROGRESS = "afterProgress"
    REGISTER_PROVIDER = "registerProvider"
    PRUNE_HISTORY = "pruneHistory"
    TREAT_AS_DONE = "treatAsDone"
    FAIL = "fail"


RECOVERY_OF_CLASS = {
    FailureClass.TRANSIENT: Recovery.BACK_OFF,
    FailureClass.THROTTLED: Recovery.BACK_OFF,
    FailureClass.STORAGE_ACCESS: Recovery.FRESH_SAS,
    FailureClass.RESOURCE_CONFLICT: Recovery.WAIT,
    FailureClass.MISSING_DEPENDENCY: Recovery.AFTER_PROGRESS,
    FailureClass.NOT_REGISTERED: Recovery.REGISTER_PROVIDER,
    FailureClass.QUOTA: Recovery.FAIL,
    FailureClass.TEMPLATE: Recovery.FAIL,
    FailureClass.POLICY: Recovery.FAIL,
    FailureClass.AUTHORIZATION: Recovery.FAIL,
    FailureClass.UNKNOWN: Recovery.FAIL,
}
"""What is done about a failure of a class, where the code's row of the table says nothing else."""

RETRIED = frozenset({Recovery.BACK_OFF, Recovery.FRESH_SAS, Recovery.OUTWAIT, Recovery.WAIT})
"""What is done about a failure by trying the same again."""

MAX_CAUSES = 10
MAX_MESSAGE = 2000

CleanText = Annotated[str, AfterValidator(redact)]
"""Text of a service without the secrets that services repeat, such as the SAS of a template that was not found."""


class Violation(Model):
    """Where ARM found a template wrong (`TemplateViolation` of `additionalInfo`): lines and columns are 1-based, `path`
    is a JSON path of the template as ARM read it. ARM gives 0 or nothing for what it can't tell."""

    line: int = 0
    column: int = 0
    path: str = ""


class DenyingPolicy(Model):
    """Which policy refused (`PolicyViolation` of `additionalInfo`): what people call it, and its assignment's id."""

    assignment: str
    definition: str
    assignment_id: str | None = None


class Cause(Model):
    """A leaf of ARM's error: the code and message of what really failed, and the resource id or path it names.

    `place` is where in the user's bundle it comes from: a file, and a JSON pointer into it after `#`.
    """

    code: str
    message: CleanText
    target: CleanText | None = None
    place: str | None = None
    violation: Violation | None = None
    policy: DenyingPolicy | None = None


_SENTENCE_ENDS = re.compile(r"(?<=\.)\s+")
_GOES_ON = re.compile(r"Armature (?:asks|tries|waits)\b")
_TRIED_IN_VAIN = "It did not pass in the time there was. Try again once it has."


class Failure(Model):
    """One classified failure. `retry_after_seconds` is what the service asked for, if it did.

    `recovery` is what is done about it, `subject` what that needs to know (the namespace of a provider to register, the
    id of the scope whose history is full). `link` is the page of Microsoft's documentation about the code.
    """

    failure_class: FailureClass
    recovery: Recovery = Recovery.FAIL
    subject: str | None = None
    code: str
    message: CleanText
    suggestion: CleanText
    link: str | None = None
    causes: tuple[Cause, ...] = ()
    retry_after_seconds: float | None = None
    correlation_id: str | None = None

    @property
    def is_retried(self) -> bool:
        """True when waiting and trying the same again can help."""
        return self.recovery in RETRIED

    def given_up(self) -> "Failure":
        """The same once nothing is done about it any more: no sentence says that Armature goes on trying."""
        left = [sentence for sentence in _SENTENCE_ENDS.split(self.suggestion) if not _GOES_ON.match(sentence)]
        return self.model_copy(update={"suggestion": " ".join(left) or _TRIED_IN_VAIN})


class FailureError(Exception):
    """A call of Azure failed, for a reason that is known: carries the classified `failure`."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.code}: {failure.message}")
        self.failure = failure
