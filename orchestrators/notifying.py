"""Telling an address of what happened: tried again and again for half an hour, while the deployment goes on."""

import azure.durable_functions as df

from armature.messages import Answer
from armature.notices import NoticeInput
from armature.options import RetryPolicy
from orchestrators.retrying import UNTIL_WRITTEN, Steps, retried

UNTIL_TAKEN = RetryPolicy(max_attempts=10, backoff_multiplier=3, first_interval_seconds=5)
"""For half an hour: whoever must decide has some hours left."""

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def notice(context: df.DurableOrchestrationContext) -> Steps:
    """Send one notice to one receiver. Nothing waits for it: that it was given up is a warning in the state."""
    work = NoticeInput.load(context.get_input())
    sent = yield from retried(context, "send_notice", work, Answer, UNTIL_TAKEN)
    if sent.failure is not None:
        given_up = work.model_copy(update={"why": sent.failure.message})
        yield from retried(context, "note_unsent", given_up, Answer, UNTIL_WRITTEN)
    return {"sent": sent.failure is None, "message": sent.failure.message if sent.failure else ""}
