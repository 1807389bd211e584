"""The checks after the deployment: planned, made in batches, put together."""

from datetime import UTC, datetime
from functools import partial

import azure.durable_functions as df

from activities.border import register
from activities.parallel import in_parallel
from activities.sights import Sights, output_value
from activities.standing import asked_of, open_state_of
from armature.azure.services import Services
from armature.checks import CheckKind, CheckResult, CheckState
from armature.checks.planning import BatchResults, Check, ChecksDocument, planned_checks
from armature.checks.tallying import all_states, summary, validation_state, verdict
from armature.checks.verdicts import Finding, unseen
from armature.errors import FailureClass, FailureError, failure
from armature.events import Event, EventCode, Level
from armature.messages import BatchAnswer, BatchInput, ChecksAnswer, ChecksInput, TallyAnswer, TallyInput
from armature.numbers import count_of
from armature.state import DeploymentState, WarningState
from armature.transitions import with_validation, with_warnings

blueprint = df.Blueprint()

MAX_WAITING_TOLD = 3
"""Checks that are not good yet and are told of in the log at a time."""

MAX_TOLD = 50
"""Checks that did not pass and have an event of their own, or a warning; how many more there are is told with the
rest."""


def plan_checks(services: Services, work: ChecksInput) -> ChecksAnswer:
    """Say which checks the deployment gets. Twice: what was written first stands."""
    state = _open_state(services, work)
    document = services.checks.document(work.deployment_id, work.run)
    if document is None:
        plan = services.deployments.plan(work.plan_id)
        resources = {template.name: template.resources for template in state.templates}
        apps = plan.validation.function_apps if plan.validation else ()
        outputs = {app.output: output_value(services, plan, work.plan_id, app.output) for app in apps if app.output}
        checks = planned_checks(plan, resources, outputs, services.settings.validation_warm_up_seconds)
        document = services.checks.save_document(work.deployment_id, ChecksDocument(run=work.run, checks=checks))
    message = f"{count_of(len(document.checks), 'check')} of what was deployed."
    event = Event(
        key=f"checks:{work.run}:planned", time=datetime.now(UTC), code=EventCode.CHECKS_PLANNED, message=message
    )
    services.deployments.append_events(work.deployment_id, [event])
    _show(services, work, document)
    return ChecksAnswer(
        **dict(asked_of(services, state)),
        checks=len(document.checks),
        batches=document.batches,
        longest_warm_up=document.longest_warm_up,
    )


def run_checks(services: Services, work: BatchInput) -> BatchAnswer:
    """Make those checks of a batch that have come to no result yet: reads of ARM and of endpoints, several at a time.

    Twice, or late: only reads; a check that has come to a result is not made again, and its result stays.
    """
    state = _open_state(services, work)
    document = _document(services, work)
    known = services.checks.results(work.deployment_id, work.run, work.batch).checks
    due = [check for check in document.batch(work.batch) if not _is_final(known.get(check.key))]
    sights = Sights(services, services.deployments.plan(work.plan_id), work.plan_id, document, state.resources)
    sights.list_groups_of([check.resource_id for check in due if check.kind is CheckKind.RESOURCE])
    found = in_parallel(partial(_made, sights, work), due)
    results = services.checks.update_results(
        work.deployment_id, work.run, work.batch, partial(_with_found, found=found)
    )
    states = results.checks.values()
    return BatchAnswer(
        waiting=sum(not _is_final(check) for check in states),
        failed=sum(check.result is CheckResult.FAIL for check in states),
    )


def tally_checks(services: Services, work: TallyInput) -> TallyAnswer:
    """Put the results of all batches together: into the state and, once all are final, the log and the warnings.

    Twice, or late: what is counted is what stands in the batches, whose results are final one after the other.
    """
    state = _open_state(services, work)
    document = _document(services, work)
    if work.why_over:
        in_parallel(partial(_skip, services, work, document), range(document.batches))
    shown = _show(services, work, document).validation
    if shown is None:
        raise FailureError(failure(FailureClass.UNKNOWN, "RunEnded", "The run of the deployment has ended."))
    return TallyAnswer(
        **dict(asked_of(services, state)),
        total=shown.total,
        done=shown.done,
        message=summary(shown),
        verdict=verdict(shown),
    )


def _made(sights: Sights, work: BatchInput, check: Check) -> CheckState:
    """One check, made now."""
    now = datetime.now(UTC)
    try:
        finding = sights.of(check)
    except FailureError as error:
        finding = unseen(error.failure)
    if work.is_last or work.seconds >= check.warm_up_seconds:
        finding = finding.settled()
    return _state(check, finding, now)


def _state(check: Check, finding: Finding, now: datetime) -> CheckState:
    is_waiting = finding.result is CheckResult.WAITING
    return check.state().model_copy(
        update={
            "result": finding.result,
            "message": finding.message,
            "recommendation": "" if finding.result is CheckResult.PASS else finding.recommendation,
            "attempts": 1,
            "latency_milliseconds": finding.latency_milliseconds,
            "finished_at": None if is_waiting else now,
        }
    )


def _with_found(known: BatchResults, found: list[CheckState]) -> BatchResults:
    checks = dict(known.checks)
    for state in found:
        before = checks.get(state.key)
        if not _is_final(before):
            attempts = (before.attempts if before else 0) + state.attempts
            checks[state.key] = state.model_copy(update={"attempts": attempts})
    return BatchResults(checks=checks)


def _skip(services: Services, work: TallyInput, document: ChecksDocument, batch: int) -> None:
    change = partial(_with_skipped, checks=document.batch(batch), why=work.why_over)
    services.checks.update_results(work.deployment_id, work.run, batch, change)


def _with_skipped(known: BatchResults, checks: tuple[Check, ...], why: str) -> BatchResults:
    states = dict(known.checks)
    for check in checks:
        state = states.get(check.key) or check.state()
        if not _is_final(state):
            message = f"Not made again: {why}. {state.message}".strip()
            states[check.key] = state.model_copy(update={"result": CheckResult.SKIPPED, "message": message})
    return BatchResults(checks=states)


def _is_final(state: CheckState | None) -> bool:
    return state is not None and state.result is not CheckResult.WAITING


def _show(services: Services, work: ChecksInput, document: ChecksDocument) -> DeploymentState:
    """Show how the checks stand in the state and, once they have ended, in the log."""
    read = partial(services.checks.results, work.deployment_id, work.run)
    results = in_parallel(read, range(document.batches))
    shown, now = validation_state(work.run, all_states(document, results)), datetime.now(UTC)
    has_ended = shown.done == shown.total
    waiting = [check for check in shown.checks if check.result is CheckResult.WAITING and check.attempts]
    if waiting and not has_ended:  # told once each, so that nobody wonders at the silence
        services.deployments.append_events(
            work.deployment_id, [_waits(work.run, check, now) for check in waiting[:MAX_WAITING_TOLD]]
        )
    if has_ended:
        bad = [check for check in shown.checks if check.result in (CheckResult.FAIL, CheckResult.WARN)][:MAX_TOLD]
        level = Level.ERROR if shown.failed else Level.WARNING if shown.warned else Level.INFO
        ended = Event(
            key=f"checks:{work.run}:ended",
            time=now,
            code=EventCode.CHECKS_ENDED,
            message=f"{summary(shown)}.",
            level=level,
        )
        services.deployments.append_events(work.deployment_id, [*(_event(work.run, each, now) for each in bad), ended])

    def change(state: DeploymentState) -> DeploymentState:
        changed = with_validation(state, shown, now)
        return with_warnings(changed, _warnings(shown.checks, now)) if has_ended else changed

    return services.deployments.update_state(work.deployment_id, change)


def _waits(run: int, check: CheckState, now: datetime) -> Event:
    return Event(
        key=f"check:{run}:{check.key}:waits",
        time=now,
        code=EventCode.CHECK_WAITS,
        message=f"{check.subject} is not good yet, and is checked again: {check.message}",
        template=check.template,
    )


def _event(run: int, check: CheckState, now: datetime) -> Event:
    is_failure = check.result is CheckResult.FAIL
    return Event(
        key=f"check:{run}:{check.key}",
        time=now,
        code=EventCode.CHECK_FAILED if is_failure else EventCode.CHECK_WARNED,
        message=f"{check.subject}: {check.message} {check.recommendation}".strip(),
        level=Level.ERROR if is_failure else Level.WARNING,
        template=check.template,
    )


def _warnings(checks: tuple[CheckState, ...], now: datetime) -> list[WarningState]:
    warned = [check for check in checks if check.result is CheckResult.WARN][:MAX_TOLD]
    return [
        WarningState(
            key=f"check:{check.key}",
            code=EventCode.CHECK_WARNED,
            message=f"{check.subject}: {check.message} {check.recommendation}".strip(),
            at=now,
        )
        for check in warned
    ]


def _open_state(services: Services, work: ChecksInput) -> DeploymentState:
    """The state of the run that the work is of.

    Raises:
        FailureError: that run has ended.
    """
    state = open_state_of(services, work.deployment_id)
    if state.run != work.run:
        message = f"Run {work.run} of deployment {work.deployment_id} has ended already."
        raise FailureError(failure(FailureClass.UNKNOWN, "RunEnded", message))
    return state


def _document(services: Services, work: ChecksInput) -> ChecksDocument:
    document = services.checks.document(work.deployment_id, work.run)
    if document is None:
        message = f"The checks of deployment {work.deployment_id} are gone."
        raise FailureError(failure(FailureClass.UNKNOWN, "ChecksMissing", message))
    return document


register(blueprint, plan_checks, ChecksInput)
register(blueprint, run_checks, BatchInput)
register(blueprint, tally_checks, TallyInput)
