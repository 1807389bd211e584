"""How the state of a deployment changes: pure steps, each harmless when it is made twice or late.

Phase and status move by sequence number: an older save never overwrites a newer one. A template moves by attempt, and
within an attempt only forward.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial

from armature.approval import ApprovalState
from armature.checks import ValidationState
from armature.cleaning import CleanUpState
from armature.errors import Failure
from armature.problems import Problem
from armature.progress import progress_of
from armature.request import DeploymentRequest
from armature.state import (
    Artifacts,
    DeploymentState,
    Phase,
    ProblemState,
    Progress,
    Purpose,
    RollbackState,
    Status,
    StopState,
    TemplateState,
    TemplateStatus,
    WarningState,
)

MAX_PROBLEMS = 200
"""More of them help nobody, and the document stays quick to read however bad a bundle is."""

MAX_OF_A_KIND = 100
"""Warnings of one code that the document holds."""

_RANK = {
    TemplateStatus.WAITING: 0,
    TemplateStatus.RUNNING: 1,
    TemplateStatus.RETRYING: 2,
    TemplateStatus.SKIPPED: 3,
    TemplateStatus.FAILED: 3,
    TemplateStatus.CANCELLED: 3,
    TemplateStatus.SUCCEEDED: 3,
}


_TOUCHING = (Phase.UPLOADING, Phase.DEPLOYING, Phase.ROLLING_BACK)
"""Phases after the target was made ready, also when storage was away too long for that to be recorded."""


def accepted(
    request: DeploymentRequest,
    deployment_id: str,
    initiated_by: str | None,
    now: datetime,
    initiated_by_id: str | None = None,
) -> DeploymentState:
    """The state of a deployment that was just asked for."""
    return DeploymentState(
        deployment_id=deployment_id,
        fingerprint=request.fingerprint(),
        project=request.project,
        environment=request.environment,
        initiated_by=initiated_by,
        initiated_by_id=initiated_by_id,
        notification_url=request.notification_url,
        bundle=request.bundle,
        target=request.target,
        options=request.options,
        created_at=now,
        updated_at=now,
        has_touched=False,
        phases={Phase.PENDING.value: now},
        message="Accepted.",
        progress=progress_of(Phase.PENDING, 0, 1, "Accepted."),
    )


def with_phase(
    state: DeploymentState,
    *,
    sequence: int,
    status: Status,
    phase: Phase,
    message: str,
    now: datetime,
    deadline: datetime | None = None,
) -> DeploymentState:
    """The state in another phase; unchanged when `sequence` is not newer than what it holds, or it is final.

    The `deadline` is known from when the target is made ready, or of a preview from when it begins.
    """
    if sequence <= state.sequence or state.status.is_final:
        return state
    is_touching = phase in _TOUCHING or (deadline is not None and not state.options.is_preview)
    changed = state.model_copy(
        update={
            "sequence": sequence,
            "status": status,
            "phase": phase,
            "message": message,
            "updated_at": now,
            "phases": {**state.phases, phase.value: state.phases.get(phase.value, now)},
            "finished_at": now if status.is_final else None,
            "deadline": deadline or state.deadline,
            "has_touched": state.has_touched or is_touching,
        }
    )
    return changed.model_copy(update={"progress": _progress(changed)})


def reopened(state: DeploymentState, *, run: int, purpose: Purpose, message: str, now: datetime) -> DeploymentState:
    """The state of a deployment whose run number `run` has ended, at the beginning of the next one.

    Unchanged when that run has not ended, a further one was begun already, or retention is removing it. What has
    succeeded stays so; other templates wait again, and only their starts are counted on. How the earlier run went is
    told by the log.
    """
    if state.run != run or not state.status.is_final or state.retired_at is not None:
        return state
    is_deploying = purpose is Purpose.DEPLOY
    changed = state.model_copy(
        update={
            "run": run + 1,
            "purpose": purpose,
            "ended_as": state.status,
            "status": Status.PENDING if is_deploying else Status.ROLLING_BACK,
            "phase": Phase.PENDING if is_deploying else Phase.ROLLING_BACK,
            "sequence": state.sequence + 1,
            "message": message,
            "updated_at": now,
            "phases": {Phase.PENDING.value: now},
            "has_cleaned_up": state.stands,
            "deadline": None,
            "stop": None,
            "finished_at": None,
            "failures": () if is_deploying else state.failures,
            "validation": None if is_deploying else state.validation,
            "artifacts": Artifacts() if is_deploying else state.artifacts,
            "templates": tuple(map(_waiting_again, state.templates)) if is_deploying else state.templates,
            "rollback": state.rollback.model_copy(update={"available": False}),
        }
    )
    return changed.model_copy(update={"progress": _progress(changed)})


def _waiting_again(template: TemplateState) -> TemplateState:
    if template.status is TemplateStatus.SUCCEEDED:
        return template
    kept = ("name", "tier", "depends_on", "scope", "deployment_name", "resources_total", "portal_link")
    starts = max(template.starts, template.attempt)  # 0.1 counted attempts only, and ARM knows its own by that number
    return TemplateState(**{field: getattr(template, field) for field in kept}, starts=starts)


def with_stop(state: DeploymentState, run: int, stop: StopState) -> DeploymentState:
    """The state of a run that was asked to stop; unchanged when it has ended, or is stopped already."""
    if state.run != run or state.status.is_final or state.stop is not None:
        return state
    return state.model_copy(update={"stop": stop})


def with_approval(
    state: DeploymentState, run: int, change: Callable[[ApprovalState | None], ApprovalState | None], now: datetime
) -> DeploymentState:
    """The state with its approval changed by a pure step; unchanged when that run has ended."""
    approval = change(state.approval)
    if state.run != run or state.status.is_final or approval == state.approval:
        return state
    return state.model_copy(update={"approval": approval, "updated_at": now})


def with_problems(state: DeploymentState, problems: Iterable[Problem]) -> DeploymentState:
    """The state with what validation found in the bundle: the first `MAX_PROBLEMS`, errors before warnings."""
    all_found = sorted(problems, key=lambda problem: not problem.is_error)
    found = tuple(map(ProblemState.of, all_found[:MAX_PROBLEMS]))
    return state.model_copy(update={"problems": found, "problems_found": len(all_found)})


def with_artifacts(state: DeploymentState, artifacts: Artifacts, now: datetime) -> DeploymentState:
    """The state with upload counts; counts that went back are an older report and change nothing."""
    if artifacts.uploaded < state.artifacts.uploaded:
        return state
    changed = state.model_copy(update={"artifacts": artifacts, "updated_at": now})
    return changed.model_copy(update={"progress": _progress(changed)})


def with_templates(
    state: DeploymentState, changes: Mapping[str, Callable[[TemplateState], TemplateState]], now: datetime
) -> DeploymentState:
    """The state with templates changed, by name; what would take one back (attempt, then status) is dropped."""
    changed = _changed(state.templates, changes)
    if changed == state.templates:
        return state
    moved = state.model_copy(update={"templates": changed, "updated_at": now})
    return moved.model_copy(update={"progress": _progress(moved)})


def with_rollback_templates(
    state: DeploymentState, changes: Mapping[str, Callable[[TemplateState], TemplateState]], now: datetime
) -> DeploymentState:
    """The state with the rollback's templates changed, as `with_templates` does it for the deployment's own."""

    def shown(rollback: RollbackState) -> RollbackState:
        return rollback.model_copy(update={"templates": _changed(rollback.templates, changes)})

    return with_rollback(state, shown, now)


def _changed(
    templates: tuple[TemplateState, ...], changes: Mapping[str, Callable[[TemplateState], TemplateState]]
) -> tuple[TemplateState, ...]:
    return tuple(
        _forward(template, changes[template.name](template)) if template.name in changes else template
        for template in templates
    )


def with_rollback(
    state: DeploymentState, change: Callable[[RollbackState], RollbackState], now: datetime
) -> DeploymentState:
    """The state with its rollback changed by a pure step."""
    changed = change(state.rollback)
    if changed == state.rollback:
        return state
    moved = state.model_copy(update={"rollback": changed, "updated_at": now})
    return moved.model_copy(update={"progress": _progress(moved)})


def with_clean_up(
    state: DeploymentState, change: Callable[[CleanUpState], CleanUpState], now: datetime
) -> DeploymentState:
    """The state with its clean-up changed by a pure step."""
    changed = change(state.clean_up or CleanUpState())
    if changed == state.clean_up:
        return state
    moved = state.model_copy(update={"clean_up": changed, "updated_at": now})
    return moved.model_copy(update={"progress": _progress(moved)})


def with_validation(state: DeploymentState, validation: ValidationState, now: datetime) -> DeploymentState:
    """The state with the checks of its present run as they stand; what tells of fewer results is older."""
    known = state.validation
    is_older = known is not None and known.run == validation.run and known.done > validation.done
    if validation.run != state.run or state.status.is_final or is_older or known == validation:
        return state
    changed = state.model_copy(update={"validation": validation, "updated_at": now})
    return changed.model_copy(update={"progress": _progress(changed)})


def with_warnings(state: DeploymentState, warnings: Iterable[WarningState]) -> DeploymentState:
    """The state with warnings that it does not have yet, each fact once."""
    found = {warning.key: warning for warning in [*warnings, *state.warnings]}
    known = {warning.key for warning in state.warnings}
    fresh = tuple(found[key] for key in dict.fromkeys(w.key for w in found.values()) if key not in known)
    return state.model_copy(update={"warnings": state.warnings + fresh}) if fresh else state


def with_some_warnings(state: DeploymentState, warnings: Iterable[WarningState]) -> DeploymentState:
    """As `with_warnings`, of what there may be one for each of many resources or templates: of one code the state holds
    `MAX_OF_A_KIND` at most. The log tells the others."""
    found = state
    for warning in warnings:
        if sum(known.code == warning.code for known in found.warnings) < MAX_OF_A_KIND:
            found = with_warnings(found, [warning])
    return found


def with_nothing_waiting(state: DeploymentState, now: datetime) -> DeploymentState:
    """The state of a deployment that ends: what waits for its start, or for another attempt, waits for nothing now."""
    last = {TemplateStatus.WAITING: TemplateStatus.SKIPPED, TemplateStatus.RETRYING: TemplateStatus.FAILED}
    ended = {
        template.name: partial(_ended, status=last[template.status], now=now)
        for template in state.templates
        if template.status in last
    }
    return with_templates(state, ended, now)


def _ended(template: TemplateState, status: TemplateStatus, now: datetime) -> TemplateState:
    return template.model_copy(update={"status": status, "next_attempt_at": None, "finished_at": now})


def with_failures(state: DeploymentState, failures: Iterable[Failure]) -> DeploymentState:
    """The state with the failures that ended it, each once."""
    return state.model_copy(update={"failures": tuple(dict.fromkeys([*state.failures, *failures]))})


def _forward(before: TemplateState, after: TemplateState) -> TemplateState:
    """An end is changed by a further attempt only, which a further run may make; success by nothing."""
    if before.status is TemplateStatus.SUCCEEDED:
        return before
    if before.status.is_final:
        return after if _begun(after) > _begun(before) else before
    is_newer = (_begun(after), _RANK[after.status]) >= (_begun(before), _RANK[before.status])
    return after if is_newer else before


def _begun(template: TemplateState) -> tuple[int, int]:
    """How often a template was begun. Its attempts begin anew in a further run, and not every start is one."""
    return template.starts, template.attempt


def _progress(state: DeploymentState) -> Progress:
    if state.phase is Phase.UPLOADING:
        done, total = state.artifacts.uploaded, state.artifacts.total
        return progress_of(state.phase, done, total, f"{done} of {total} files")
    if state.phase is Phase.DEPLOYING:
        done = sum(template.status is TemplateStatus.SUCCEEDED for template in state.templates)
        running = [template.name for template in state.templates if template.status is TemplateStatus.RUNNING]
        message = f"{done} of {len(state.templates)} templates"
        if running:
            message += f", working on {', '.join(running[:3])}" + (" and more" if len(running) > 3 else "")
        return progress_of(state.phase, done, len(state.templates), message)
    if state.phase is Phase.CLEANING_UP and state.clean_up is not None:
        done, total = state.clean_up.deleted, state.clean_up.to_delete
        message = f"{done} of {total} resources deleted" if total else state.message
        return progress_of(state.phase, done, total, message)
    if state.phase is Phase.VALIDATING and state.validation is not None:
        checks = state.validation
        return progress_of(state.phase, checks.done, checks.total, f"{checks.done} of {checks.total} checks")
    if state.phase is Phase.ROLLING_BACK:
        undone = sum(template.status is TemplateStatus.SUCCEEDED for template in state.rollback.templates)
        total = len(state.rollback.templates) + state.rollback.to_delete
        message = state.rollback.message or state.message
        return progress_of(state.phase, undone + len(state.rollback.deleted), max(total, 1), message)
    if state.status is Status.COMPLETED:
        return progress_of(state.status, len(state.templates), len(state.templates), state.message)
    if state.status.is_final:
        done = sum(template.status is TemplateStatus.SUCCEEDED for template in state.templates)
        return progress_of(state.status, done, max(len(state.templates), 1), state.message)
    return progress_of(state.phase, 0, 1, state.message)
