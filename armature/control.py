"""The control document of a deployment: what people asked of it while it ran, or after it had ended.

A Durable event can get lost (continue-as-new drops what came before it, and of several with one name the last counts).
So a request is first written here; the event that follows is only a wake-up, and activities read the document.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StrictBool, model_validator

from armature.approval import ApprovalStatus
from armature.models import Form, Model
from armature.redaction import one_line
from armature.request import DeploymentId
from armature.state import Purpose

MAX_COMMENT = 1000
"""Characters: a comment stands in the state, in the log and in the result."""

CONTROL_EVENT = "control"
"""The name of the Durable event that wakes an orchestration up to read the document."""


Comment = Annotated[str, Field(max_length=MAX_COMMENT), AfterValidator(one_line)]


class Action(StrEnum):
    """What can be asked of a deployment that was accepted."""

    CANCEL = "cancel"
    ROLL_BACK = "rollback"
    RESUME = "resume"
    APPROVE = "approve"
    REJECT = "reject"

    @property
    def is_decision(self) -> bool:
        """True of the word on an approval."""
        return self in (Action.APPROVE, Action.REJECT)


class Wish(Model):
    """The body of such a request over HTTP; all of it may be left out."""

    comment: Comment = ""


class CancelWish(Wish):
    """The body of a cancellation. `rollback` overrides the deployment's option `rollbackOnFailure`."""

    rollback: StrictBool | None = None


ApprovalId = Annotated[str, Form(r"^[0-9a-f]{16}$", "the approvalId of the state: 16 hex digits")]


class DecisionWish(Wish):
    """The body of an approval, or of its refusal: `approval_id` says of exactly what."""

    approval_id: ApprovalId


class ActionMessage(CancelWish):
    """The same on the queue."""

    action: Action
    deployment_id: DeploymentId
    approval_id: ApprovalId | None = None

    @model_validator(mode="after")
    def _rollback_goes_with_cancel(self) -> Self:
        if self.rollback is not None and self.action is not Action.CANCEL:
            raise ValueError("'rollback' goes with the action cancel only")
        return self

    @model_validator(mode="after")
    def _approval_id_goes_with_decisions(self) -> Self:
        if (self.approval_id is not None) is not self.action.is_decision:
            raise ValueError("'approvalId' is required by the actions approve and reject, and goes with no other")
        return self


class ControlRequest(Model):
    """One thing that was asked: in which `run` of the deployment, when, by whom, with what words.

    `by_id` is the caller's object id where the platform tells it. `id` is the queue message's, so that one which comes
    twice is acted on once.
    """

    run: int
    at: datetime
    by: str | None = None
    by_id: str | None = None
    comment: str = ""
    id: str | None = None


class CancelRequest(ControlRequest):
    """To stop. `rollback` overrides the deployment's option `rollbackOnFailure` when it is not None."""

    rollback: bool | None = None


class Decision(ControlRequest):
    """The word on approval `number`: approved, rejected, or (nobody's word) expired."""

    number: int
    approval_id: str
    status: ApprovalStatus


class Control(Model):
    """All that was asked of one deployment, the last of each kind. A request for an earlier run counts for nothing.

    `lock_broken` says that the lineage lock was taken from it by force: it stops, and touches nothing any more.
    """

    cancel: CancelRequest | None = None
    rollback: ControlRequest | None = None
    resume: ControlRequest | None = None
    lock_broken: ControlRequest | None = None
    decision: Decision | None = None

    def decision_of(self, approval_id: str) -> Decision | None:
        """The word on that approval, if it was said."""
        return self.decision if self.decision is not None and self.decision.approval_id == approval_id else None

    def cancel_of(self, run: int) -> CancelRequest | None:
        """The cancellation that was asked for in that run, if one was."""
        return self.cancel if self.cancel is not None and self.cancel.run == run else None

    def is_lock_broken(self, run: int) -> bool:
        """True when that run has lost the lineage lock by force."""
        return self.lock_broken is not None and self.lock_broken.run == run

    def reopening(self, purpose: Purpose) -> ControlRequest | None:
        """The last request for a further run of that purpose."""
        return self.rollback if purpose is Purpose.ROLL_BACK else self.resume

    def with_cancel(self, request: CancelRequest) -> Self:
        """With a cancellation. The first of a run counts: what follows it may have begun."""
        return self if _is_known(self.cancel, request.run) else self.model_copy(update={"cancel": request})

    def with_decision(self, decision: Decision) -> Self:
        """With the word on an approval. The first counts, be it that of two people, or that the time is over."""
        is_known = self.decision is not None and self.decision.number >= decision.number
        return self if is_known else self.model_copy(update={"decision": decision})

    def with_lock_broken(self, request: ControlRequest) -> Self:
        """With word that a run has lost the lineage lock."""
        return self if _is_known(self.lock_broken, request.run) else self.model_copy(update={"lock_broken": request})

    def with_reopening(self, purpose: Purpose, request: ControlRequest) -> Self:
        """With a request for a further run; of one run, the last request counts."""
        if _is_known(self.reopening(purpose), request.run + 1):
            return self
        return self.model_copy(update={"rollback" if purpose is Purpose.ROLL_BACK else "resume": request})


def _is_known(asked: ControlRequest | None, run: int) -> bool:
    """True when that was asked of `run`, or of a later one: a request that comes late takes nothing from what was asked
    since."""
    return asked is not None and asked.run >= run


class LineageRecord(Model):
    """What a lineage remembers of its deployments, in the order in which they ended.

    `completed` are those whose result stands (a rolled back one is taken out), the newest last; `latest` is the one
    that last had its turn and may have changed something: only it can be rolled back, and resumed. `earlier` was the
    latest before it. `untouched` had its turn after `latest` and has touched nothing: it can be resumed too.
    """

    completed: tuple[str, ...] = ()
    latest: str | None = None
    earlier: str | None = None
    untouched: str | None = None

    def begun_by(self, deployment_id: str) -> "LineageRecord":
        """The record once that deployment has its turn to deploy. Twice: the same."""
        if self.latest == deployment_id:
            return self
        return self.model_copy(update={"latest": deployment_id, "earlier": self.latest, "untouched": None})

    def untouched_by(self, deployment_id: str) -> "LineageRecord":
        """The record once that deployment, whose turn it was, has ended and touched nothing. Twice: the same."""
        if self.latest != deployment_id:
            return self
        return self.model_copy(update={"latest": self.earlier, "earlier": None, "untouched": deployment_id})

    def completed_by(self, deployment_id: str) -> "LineageRecord":
        """The record once that deployment has completed. Twice: the same."""
        others = self.undone(deployment_id)
        return others.model_copy(update={"completed": (*others.completed, deployment_id)})

    def undone(self, deployment_id: str) -> "LineageRecord":
        """The record once that deployment's result stands no more. Twice: the same."""
        return self.model_copy(update={"completed": tuple(id_ for id_ in self.completed if id_ != deployment_id)})

    def predecessor_of(self, deployment_id: str) -> str | None:
        """The last one, other than that deployment, whose result stands."""
        return next((id_ for id_ in reversed(self.completed) if id_ != deployment_id), None)


def is_carried_out(control: Control, action: Action, run: int, request_id: str | None) -> bool:
    """True when that very request (a queue message that comes again) was acted on: it cancelled a run, or began one
    before `run`. What a person asked for since then is not to be changed by it."""
    if request_id is None:
        return False
    known: dict[Action, ControlRequest | None] = {
        Action.CANCEL: control.cancel,
        Action.ROLL_BACK: control.rollback,
        Action.RESUME: control.resume,
    }
    asked = known.get(action)  # a decision names its approval, and so it is known without
    return asked is not None and asked.id == request_id and asked.run < run
