"""Phases and the end of a deployment, recorded; and its result, sent."""

from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from activities.border import carried_out, register
from armature.azure.services import Services
from armature.events import Event, EventCode, Level
from armature.messages import Answer, DeploymentStep, FinishInput, PhaseInput
from armature.results import RESULTS_QUEUE, queued, result_of
from armature.state import DeploymentState, Phase, Status, TemplateStatus
from armature.transitions import with_failures, with_nothing_waiting, with_phase

blueprint = df.Blueprint()


def record_phase(services: Services, work: PhaseInput) -> Answer:
    """Record a phase. Twice, or late: a lower sequence number changes nothing."""
    now = datetime.now(UTC)
    services.deployments.append_events(
        work.deployment_id,
        [
            Event(
                key=f"phase:{work.sequence}",
                time=now,
                code=EventCode.DEPLOYMENT_PHASE,
                message=f"{work.phase}: {work.message}",
            )
        ],
    )
    services.deployments.update_state(
        work.deployment_id,
        lambda state: with_phase(
            state, sequence=work.sequence, status=work.status, phase=work.phase, message=work.message, now=now
        ),
    )
    return Answer()


def finish_deployment(services: Services, work: FinishInput) -> Answer:
    """Record how the deployment ended, whatever was recorded of it before. Twice: a state that is final stays so."""
    now = datetime.now(UTC)
    failure = work.outcome.failure
    status = Status.FAILED if failure else Status.COMPLETED
    services.deployments.append_events(
        work.deployment_id,
        [
            Event(
                key="finished",
                time=now,
                code=EventCode.DEPLOYMENT_FAILED if failure else EventCode.DEPLOYMENT_COMPLETED,
                message=work.outcome.message,
                level=Level.ERROR if failure else Level.INFO,
            )
        ],
    )

    def finished(state: DeploymentState) -> DeploymentState:
        if state.status.is_final:
            return state
        of_templates = [t.failure for t in state.templates if t.status is TemplateStatus.FAILED and t.failure]
        reasons = (of_templates or [failure]) if failure else []
        return with_phase(
            with_failures(with_nothing_waiting(state, now), reasons),
            sequence=max(work.sequence, state.sequence + 1),
            status=status,
            phase=Phase.FINISHED,
            message=work.outcome.message,
            now=now,
        )

    services.deployments.update_state(work.deployment_id, finished)
    return Answer()


@blueprint.activity_trigger(input_name="payload", activity="send_result")
@blueprint.queue_output(arg_name="results", queue_name=RESULTS_QUEUE, connection="AzureWebJobsStorage")
def send_result(payload: dict[str, Any], results: func.Out[str]) -> dict[str, Any]:
    """Put the result on the queue. Twice: it bears the deployment's id, and consumers drop the second."""

    def send(services: Services, work: DeploymentStep) -> Answer:
        state = services.deployments.state(work.deployment_id)
        if state is not None:
            results.set(queued(result_of(state)))
        return Answer()

    return carried_out("send_result", send, DeploymentStep.load(payload))


register(blueprint, record_phase, PhaseInput)
register(blueprint, finish_deployment, FinishInput)
