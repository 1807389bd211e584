"""Notices: handed to the queue by the activities that have something to tell, and sent from there."""

import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from activities.border import AnswerT, WorkT, carried_out, register
from activities.standing import state_of
from armature.azure.services import Services
from armature.errors import Failure, FailureClass, FailureError, failure
from armature.messages import Answer
from armature.notices import (
    NOTICES_QUEUE,
    Notice,
    NoticeInput,
    address_of,
    key_of,
    policy_of,
    receivers_of,
    signed,
)
from armature.outbound import OutboundError, OutboundRequest, send, target_of
from armature.settings import Settings
from armature.state import DeploymentState, WarningState
from armature.transitions import with_warnings

Notify = Callable[[DeploymentState, Notice], None]
"""Hands a notice to the queue, if anybody is to be told of that deployment."""

_PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)

logger = logging.getLogger("armature.activities")

blueprint = df.Blueprint()


def app_host() -> str | None:
    """The app's own name, as App Service tells it."""
    return os.environ.get("WEBSITE_HOSTNAME") or None


def notifying(services: Services, notices: func.Out[str]) -> Notify:
    """Hands notices to the queue by an output of the function. Twice: a notice bears the id of its fact."""

    def notify(state: DeploymentState, notice: Notice) -> None:
        if receivers_of(state, services.settings):
            notices.set(notice.model_dump_json(by_alias=True, exclude_none=True))

    return notify


def register_notifying(
    blueprint: df.Blueprint, activity: Callable[[Services, WorkT, Notify], AnswerT], work_type: type[WorkT]
) -> None:
    """As `register`, for an activity that has something to tell: one notice in one run at most."""
    name = activity.__name__

    def run(payload: dict[str, Any], notices: func.Out[str]) -> dict[str, Any]:
        def told(services: Services, work: WorkT) -> AnswerT:
            return activity(services, work, notifying(services, notices))

        return carried_out(name, told, work_type.load(payload))

    run.__name__ = run.__qualname__ = name
    bound = blueprint.queue_output(arg_name="notices", queue_name=NOTICES_QUEUE, connection="AzureWebJobsStorage")(run)
    blueprint.activity_trigger(input_name="payload", activity=name)(bound)


def send_notice(services: Services, work: NoticeInput) -> Answer:
    """Send a notice to its receiver, signed. Twice: it bears the same id, by which a receiver knows it.

    Raises:
        FailureError: it was not taken; transient when it may be, later.
    """
    state = state_of(services, work.notice.deployment_id)
    address = address_of(work.receiver, state, services.settings)
    if address is None:
        return Answer()
    body = work.notice.model_dump_json(by_alias=True, exclude_none=True).encode()
    headers = {
        "Content-Type": "application/json",
        **signed(_key(services.settings), work.notice.id, datetime.now(UTC), body),
    }
    try:
        answer = send(OutboundRequest("POST", address, headers, body), policy_of(work.receiver, services.settings))
    except OutboundError as error:
        raise FailureError(_not_sent(str(error), is_passing=not error.fault.is_refusal)) from error
    if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        host = target_of(address).host
        is_passing = answer.status in _PASSING or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        raise FailureError(_not_sent(f"{host} answered {answer.status}.", is_passing=is_passing))
    return Answer()


def _key(settings: Settings) -> bytes:
    if settings.notification_key is None:
        raise FailureError(_not_sent("The app has no key to sign it: ARMATURE_NOTIFICATION_KEY.", is_passing=False))
    try:
        return key_of(settings.notification_key.get_secret_value())
    except ValueError as error:
        raise FailureError(_not_sent(f"ARMATURE_NOTIFICATION_KEY is no key: {error}.", is_passing=False)) from error


def _not_sent(why: str, *, is_passing: bool) -> Failure:
    kind = FailureClass.TRANSIENT if is_passing else FailureClass.UNKNOWN
    return failure(kind, "NoticeNotSent", why, "Correct the address or what listens there; nothing waits for it.")


def note_unsent(services: Services, work: NoticeInput) -> Answer:
    """Tell in the state that a notice was given up. Twice: the warning bears the notice's id."""
    warning = WarningState(
        key=f"notice:{work.notice.id}:{work.receiver}",
        code="NoticeNotSent",
        message=f"The notice {work.notice.kind} was given up for the {work.receiver}'s address: {work.why}",
        at=datetime.now(UTC),
    )
    logger.warning("%s: notice %s was given up", work.notice.deployment_id, work.notice.id)
    services.deployments.update_state(work.notice.deployment_id, lambda found: with_warnings(found, [warning]))
    return Answer()


register(blueprint, send_notice, NoticeInput)
register(blueprint, note_unsent, NoticeInput)
