"""The border of an activity: models in, models out, and every failure turned into data.

A real host tells an orchestrator only the text of an activity's exception, so whatever goes wrong inside is classified
here and returned (specs: an activity's error class does not survive the trip through the host).
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import azure.durable_functions as df

from armature.azure.services import Services, services
from armature.errors import FailureClass, FailureError, failure
from armature.messages import Answer
from armature.models import Model
from armature.redaction import redact

WorkT = TypeVar("WorkT", bound=Model)
AnswerT = TypeVar("AnswerT", bound=Answer)

logger = logging.getLogger("armature.activities")


def register(blueprint: df.Blueprint, activity: Callable[[Services, WorkT], AnswerT], work_type: type[WorkT]) -> None:
    """Make a plain function an activity of the app, under its own name.

    The function gets the process's services and its input as a model. It may raise `FailureError`; anything else that
    escapes it is a fault of ours, logged with its traceback, and answered as an unknown failure.
    """
    name = activity.__name__

    def run(payload: dict[str, Any]) -> dict[str, Any]:
        return carried_out(name, activity, work_type.load(payload))

    run.__name__ = run.__qualname__ = name
    blueprint.activity_trigger(input_name="payload", activity=name)(run)


def carried_out(name: str, activity: Callable[[Services, WorkT], AnswerT], work: WorkT) -> dict[str, Any]:
    """What an activity answers, or its failure as the answer."""
    try:
        return activity(services(), work).dump()
    except Exception as error:
        return _failed(name, error)


async def carried_out_with_client(
    name: str,
    activity: Callable[[Services, WorkT, df.DurableOrchestrationClient], Awaitable[AnswerT]],
    work: WorkT,
    client: df.DurableOrchestrationClient,
) -> dict[str, Any]:
    """As `carried_out`, for an activity that acts on orchestrations."""
    try:
        return (await activity(services(), work, client)).dump()
    except Exception as error:
        return _failed(name, error)


def _failed(name: str, error: Exception) -> dict[str, Any]:
    if isinstance(error, FailureError):
        logger.warning("%s failed: %s", name, error, extra={"activity": name})
        return Answer(failure=error.failure).dump()
    logger.error("%s failed unforeseen", name, exc_info=error, extra={"activity": name})
    reason = redact(f"{type(error).__name__}: {error}")[:1000]
    return Answer(failure=failure(FailureClass.UNKNOWN, "UnforeseenFault", reason)).dump()
