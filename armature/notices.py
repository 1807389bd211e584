"""Notices: what an address is told of approvals and ends, to whom it may be sent, and how it is signed. Pure.

Headers and signature are those of Standard Webhooks (https://www.standardwebhooks.com, 1.0.0), for which there are
libraries in every language: a receiver verifies with one, or with ten lines of its own (docs/approval.md).
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from enum import StrEnum

from armature.approval import ApprovalReason, ApprovalState, ApprovalStatus
from armature.models import Model
from armature.outbound import OutboundError, OutboundPolicy, host_matches, networks_of, target_of
from armature.settings import Settings
from armature.state import DeploymentState, Status

NOTICES_QUEUE = "deployment-notices"

KEY_PREFIX = "whsec_"
MIN_KEY_BYTES = 24
MAX_KEY_BYTES = 64
"""Of a key (Standard Webhooks 1.0.0, signature scheme)."""

MAX_TEXT = 2000
"""Characters of each text: a notice fits into a queue message however long a comment is."""

TIMEOUT_SECONDS = 20.0
"""For one try; who needs longer answers first and works afterwards."""


class NoticeKind(StrEnum):
    """What is told."""

    APPROVAL_ASKED = "approvalAsked"
    APPROVAL_DECIDED = "approvalDecided"
    DEPLOYMENT_ENDED = "deploymentEnded"


class Receiver(StrEnum):
    """Whose address it is: the app's setting, or the request's."""

    APP = "app"
    REQUEST = "request"


class ApprovalNotice(Model):
    """The approval that is asked for, or was decided."""

    approval_id: str
    number: int
    status: ApprovalStatus
    reasons: tuple[ApprovalReason, ...]
    message: str
    list_id: str | None = None
    asked_at: datetime
    deadline: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None
    comment: str = ""


class Notice(Model):
    """What is sent. `id` is the fact's: a receiver that has it drops the second. `status_url` where the app knows its
    own address."""

    id: str
    kind: NoticeKind
    at: datetime
    deployment_id: str
    run: int
    project: str | None = None
    environment: str | None = None
    status: Status
    message: str
    initiated_by: str | None = None
    approval: ApprovalNotice | None = None
    status_url: str | None = None

    @property
    def instance_part(self) -> str:
        """What stands behind `{deploymentId}:` in the ids of the orchestrations that send it."""
        return f"notice-{self.id.rpartition('.')[2]}"


class NoticeInput(Model):
    """A notice to send to one receiver; `why` it was given up, once it is."""

    notice: Notice
    receiver: Receiver
    why: str = ""


def asked_notice(state: DeploymentState, approval: ApprovalState, host: str | None) -> Notice:
    """That an approval is asked for. The state tells so a moment later."""
    state = state.model_copy(update={"status": Status.AWAITING_APPROVAL, "message": approval.message})
    return _notice(state, NoticeKind.APPROVAL_ASKED, f"asked-{approval.number}", approval.asked_at, host, approval)


def decided_notice(state: DeploymentState, approval: ApprovalState, at: datetime, host: str | None) -> Notice:
    """That an approval was given, refused, withdrawn, or that its time was over."""
    return _notice(state, NoticeKind.APPROVAL_DECIDED, f"decided-{approval.number}", at, host, approval)


def ended_notice(state: DeploymentState, host: str | None) -> Notice:
    """That a run of a deployment has ended."""
    at = state.finished_at or state.updated_at
    return _notice(state, NoticeKind.DEPLOYMENT_ENDED, f"ended-{state.run}", at, host, None)


def _notice(
    state: DeploymentState, kind: NoticeKind, fact: str, at: datetime, host: str | None, approval: ApprovalState | None
) -> Notice:
    return Notice(
        id=f"{state.deployment_id}.{fact}",
        kind=kind,
        at=at,
        deployment_id=state.deployment_id,
        run=state.run,
        project=state.project,
        environment=state.environment,
        status=state.status,
        message=state.message[:MAX_TEXT],
        initiated_by=state.initiated_by,
        approval=None if approval is None else _of(approval),
        status_url=f"https://{host}/api/deployments/{state.deployment_id}" if host else None,
    )


def _of(approval: ApprovalState) -> ApprovalNotice:
    told = {name: getattr(approval, name) for name in ApprovalNotice.model_fields}
    return ApprovalNotice(**{**told, "message": approval.message[:MAX_TEXT]})


def instance_parts(state: DeploymentState) -> list[str]:
    """What stands behind `{deploymentId}:` in the ids of all orchestrations that may have sent its notices."""
    facts = [f"ended-{run}" for run in range(1, state.run + 1)]
    numbers = range(1, (state.approval.number if state.approval else 0) + 1)
    facts += [f"{word}-{number}" for number in numbers for word in ("asked", "decided")]
    return [f"notice-{fact}-{receiver}" for fact in facts for receiver in Receiver]


def receivers_of(state: DeploymentState, settings: Settings) -> list[Receiver]:
    """Who is told of a deployment."""
    told = {Receiver.APP: settings.notification_url, Receiver.REQUEST: state.notification_url}
    return [receiver for receiver, address in told.items() if address]


def address_of(receiver: Receiver, state: DeploymentState, settings: Settings) -> str | None:
    """A receiver's address; None when it has none any more."""
    if receiver is Receiver.REQUEST:
        return state.notification_url
    return settings.notification_url.get_secret_value() if settings.notification_url else None


def policy_of(receiver: Receiver, settings: Settings) -> OutboundPolicy:
    """How far a notice may go: a request's address only to hosts that the operator allows."""
    return OutboundPolicy(
        allowed_networks=networks_of(settings.notification_networks),
        hosts=settings.notification_hosts if receiver is Receiver.REQUEST else None,
        timeout_seconds=TIMEOUT_SECONDS,
        max_body_bytes=1024,
    )


def refusal_of_address(address: str, settings: Settings) -> str | None:
    """Why a request may not name that address to be told; None when it may."""
    try:
        host = target_of(address).host
    except OutboundError as refused:
        return str(refused)
    if not host_matches(host, settings.notification_hosts):
        return "the app's setting ARMATURE_NOTIFICATION_HOSTS does not allow its host"
    if settings.notification_key is None:
        return "the app has no key to sign what it tells: its setting ARMATURE_NOTIFICATION_KEY is not set"
    return None


def key_of(text: str) -> bytes:
    """The bytes of a key.

    Raises:
        ValueError: it is none; the message does not repeat it.
    """
    try:
        key = base64.b64decode(text.removeprefix(KEY_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("it is not Base64") from error
    if not text.startswith(KEY_PREFIX) or not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
        raise ValueError(f"it must be {KEY_PREFIX} and the Base64 of {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes")
    return key


def signed(key: bytes, notice_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that prove who sent a body, and when: id, time (seconds since 1970) and HMAC-SHA256 over both and the
    body."""
    moment = str(int(at.timestamp()))
    digest = hmac.new(key, f"{notice_id}.{moment}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": notice_id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
