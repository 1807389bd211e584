"""Phases and the end of a deployment, recorded; and its result, sent."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from activities.border import carried_out, register
from activities.notifying import app_host, notifying
from activities.standing import state_of
from armature.audit import AuditAction, AuditEntry
from armature.azure.services import Services
from armature.control import Control, LineageRecord
from armature.endings import Ending, Result, ended, ending_of, last_words, with_rollback_available
from armature.events import Event, EventCode, Level
from armature.messages import Answer, DeploymentStep, FinishAnswer, FinishInput, PhaseInput
from armature.notices import NOTICES_QUEUE, ended_notice
from armature.results import RESULTS_QUEUE, queued, result_of
from armature.state import DeploymentState, Purpose, Status
from armature.transitions import with_phase

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
            state,
            sequence=work.sequence,
            status=work.status,
            phase=work.phase,
            message=work.message,
            now=now,
            deadline=work.deadline,
        ),
    )
    return Answer()


def finish_deployment(services: Services, work: FinishInput) -> FinishAnswer:
    """Record how a run of the deployment ended, whatever was recorded of it before; first in its lineage.

    Twice, or late: a run that has ended, or is not the present one, stays as it is.
    """
    now = datetime.now(UTC)
    store = services.deployments
    state = state_of(services, work.deployment_id)
    if state.status.is_final or state.run != work.run:
        return FinishAnswer(status=state.status, message=state.message)
    control = store.control(work.deployment_id)
    ending = ending_of(state, control, work, now)
    record = _lineage_after(services, state, ending)
    store.append_events(work.deployment_id, _last_events(state, control, ending, now))
    store.audit.append(_audited(state, ending, now))
    is_latest = record.latest == work.deployment_id
    state = store.update_state(work.deployment_id, lambda found: ended(found, ending, work, now, is_latest=is_latest))
    return FinishAnswer(status=state.status, message=state.message)


def _audited(state: DeploymentState, ending: Ending, now: datetime) -> AuditEntry:
    return AuditEntry(
        key=f"end:{state.deployment_id}:{state.run}:{state.created_at.isoformat()}",
        at=now,
        action=AuditAction.END,
        outcome=ending.status.value,
        deployment_id=state.deployment_id,
        run=state.run,
        lineage_key=state.lineage.key if state.lineage else None,
    )


def _lineage_after(services: Services, state: DeploymentState, ending: Ending) -> LineageRecord:
    if state.lineage is None:
        return LineageRecord()
    key, id_, store = state.lineage.key, state.deployment_id, services.deployments
    if store.lineage(key).latest is None and store.locks.get(key).owner == id_:
        store.update_lineage(
            key, lambda record: record.begun_by(id_)
        )  # it took its turn under 0.1, which kept no record
    if ending.result is Result.STANDS:
        return store.update_lineage(key, lambda record: record.completed_by(id_))
    if ending.result is Result.UNDONE:
        return store.update_lineage(key, lambda record: record.undone(id_))
    if not state.has_touched:
        return _with_nothing_touched(services, key, id_)
    return store.lineage(key)


def _with_nothing_touched(services: Services, lineage_key: str, deployment_id: str) -> LineageRecord:
    """What the lineage remembers of one that had its turn and touched nothing: the latest is the one before it again,
    which can be rolled back as before. One that never had its turn changes nothing."""
    store = services.deployments
    record = store.update_lineage(lineage_key, lambda found: found.untouched_by(deployment_id))
    if record.untouched == deployment_id and record.latest is not None:
        with suppress(KeyError):  # its state may be removed by now
            store.update_state(record.latest, with_rollback_available)
    return record


def _last_events(state: DeploymentState, control: Control, ending: Ending, now: datetime) -> list[Event]:
    run = "" if state.run == 1 else f":{state.run}"
    code, level = _LAST_CODES[ending.status]
    if state.purpose is Purpose.ROLL_BACK and ending.status is Status.ROLLED_BACK:
        level = Level.INFO  # it is what was asked for
    last = Event(key=f"finished{run}", time=now, code=code, message=last_words(state, ending), level=level)
    cancel = control.cancel_of(state.run)
    if cancel is None or ending.stop is not None:
        return [last]
    message = "Its cancellation was asked for too late: all was done."
    late = Event(key=f"cancel:{state.run}:late", time=now, code=EventCode.CANCELLATION_ASKED, message=message)
    return [late, last]


_LAST_CODES = {
    Status.COMPLETED: (EventCode.DEPLOYMENT_COMPLETED, Level.INFO),
    Status.FAILED: (EventCode.DEPLOYMENT_FAILED, Level.ERROR),
    Status.CANCELLED: (EventCode.DEPLOYMENT_CANCELLED, Level.WARNING),
    Status.ROLLED_BACK: (EventCode.DEPLOYMENT_ROLLED_BACK, Level.WARNING),
}


@blueprint.activity_trigger(input_name="payload", activity="send_result")
@blueprint.queue_output(arg_name="results", queue_name=RESULTS_QUEUE, connection="AzureWebJobsStorage")
@blueprint.queue_output(arg_name="notices", queue_name=NOTICES_QUEUE, connection="AzureWebJobsStorage")
def send_result(payload: dict[str, Any], results: func.Out[str], notices: func.Out[str]) -> dict[str, Any]:
    """Put the result on the queue, and on another the notice of it. Twice: each bears the deployment's id and run, and
    consumers drop the second."""

    def send(services: Services, work: DeploymentStep) -> Answer:
        state = services.deployments.state(work.deployment_id)
        if state is not None and state.status.is_final:
            results.set(queued(result_of(state)))
            notifying(services, notices)(state, ended_notice(state, app_host()))
        return Answer()

    return carried_out("send_result", send, DeploymentStep.load(payload))


register(blueprint, record_phase, PhaseInput)
register(blueprint, finish_deployment, FinishInput)
