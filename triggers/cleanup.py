"""The HTTP API of mode Complete: the exact list of what is, or was, to be deleted."""

import asyncio

import azure.durable_functions as df
import azure.functions as func

from armature.approval import ApprovalStatus
from armature.azure.services import Services, services
from armature.cleaning import CleanUpList, CleanUpView
from armature.cleaning.showing import shown_entries
from armature.options import Mode
from armature.state import DeploymentState
from triggers.answers import ProblemError, answered, json_answer
from triggers.deployments import asked_id, unknown
from triggers.query import number

DEFAULT_PAGE = 500
MAX_PAGE = 5000

blueprint = df.Blueprint()


@blueprint.route(route="deployments/{deploymentId}/cleanup", methods=["GET"])
async def get_clean_up(req: func.HttpRequest) -> func.HttpResponse:
    """The list, from entry number `after` on, at most `limit` entries of it, each with what became of it. What is kept
    is told with the first."""

    async def serve() -> func.HttpResponse:
        deployment_id = asked_id(req)
        after = number(req, "after", default=0, lowest=0, highest=10**9)
        limit = number(req, "limit", default=DEFAULT_PAGE, lowest=1, highest=MAX_PAGE)
        view = await asyncio.to_thread(_view, services(), deployment_id, after, limit)
        return json_answer(view.dump())

    return await answered(serve)


def _view(app: Services, deployment_id: str, after: int, limit: int) -> CleanUpView:
    state = app.deployments.state(deployment_id)
    if state is None:
        raise unknown(deployment_id)
    record = app.clean_ups.record(deployment_id)
    listed = app.clean_ups.listed(deployment_id, record.current) if record.current else None
    if listed is None:
        raise _nothing_listed(state)
    progress = app.clean_ups.deletions(deployment_id, state.run, listed.list_id)
    entries = shown_entries(listed, progress)
    is_last = after + limit >= len(entries)
    return CleanUpView(
        deployment_id=deployment_id,
        list_id=listed.list_id,
        at=listed.at,
        is_after_rollout=listed.is_after_rollout,
        is_approved=_is_approved(app, state, listed),
        groups=listed.groups,
        total=len(entries),
        value=entries[after : after + limit],
        next=None if is_last else after + limit,
        kept=listed.kept[:MAX_PAGE] if after == 0 else (),
        unforeseen=listed.unforeseen,
        notes=listed.notes,
    )


def _is_approved(app: Services, state: DeploymentState, listed: CleanUpList) -> bool:
    """Whether all that would be deleted was approved exactly so, or need not be."""
    if state.options.force:
        return True
    record = app.clean_ups.record(state.deployment_id)
    approval = state.approval
    if approval is not None and approval.status is ApprovalStatus.APPROVED and approval.list_id:
        record = record.with_approval(approval.list_id)
    return not listed.unapproved(app.clean_ups.approved_marks(state.deployment_id, record))


def _nothing_listed(state: DeploymentState) -> ProblemError:
    detail = (
        f"Nothing is listed for {state.deployment_id}: its mode is {state.options.mode}. Only mode Complete deletes "
        "what no template deploys, and lists it before anything is deployed."
    )
    if state.options.mode is Mode.COMPLETE:
        detail = f"Nothing is listed yet for {state.deployment_id}, which is {state.status}. Ask again in a moment."
    return ProblemError(404, "nothing-listed", "There is no such list", detail, deploymentId=state.deployment_id)
