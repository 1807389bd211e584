"""The control document of a deployment: what people asked of it while it ran, or after it had ended.

A Durable event can get lost (continue-as-new drops what came before it, and of several with one name the last counts).
So a request is first written here; the event that follows is only a wake-up, and activities read the document.
"""

from datetime import datetime

from armature.models import Model


class ControlRequest(Model):
    """One thing that was asked: in which `run` of the deployment, when, by whom, with what words."""

    run: int
    at: datetime
    by: str | None = None
    comment: str = ""


class CancelRequest(ControlRequest):
    """To stop. `rollback` overrides the deployment's option `rollbackOnFailure` when it is not None."""

    rollback: bool | None = None


class Control(Model):
    """All that was asked of one deployment, the last of each kind. A request for an earlier run counts for nothing.

    `lock_broken` says that the lineage lock was taken from it by force: it stops, and touches nothing any more.
    """

    cancel: CancelRequest | None = None
    rollback: ControlRequest | None = None
    resume: ControlRequest | None = None
    lock_broken: ControlRequest | None = None

    def cancel_of(self, run: int) -> CancelRequest | None:
        """The cancellation that was asked for in that run, if one was."""
        return self.cancel if self.cancel is not None and self.cancel.run == run else None

    def is_lock_broken(self, run: int) -> bool:
        """True when that run has lost the lineage lock by force."""
        return self.lock_broken is not None and self.lock_broken.run == run


class LineageRecord(Model):
    """What a lineage remembers of its deployments, in the order in which they ended.

    `completed` are those whose result stands (a rolled back one is taken out), the newest last; `latest` is the one
    that last had its turn and may have changed something: only it can be resumed or rolled back.
    """

    completed: tuple[str, ...] = ()
    latest: str | None = None
