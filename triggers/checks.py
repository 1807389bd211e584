"""The HTTP API of validation: every check of what was deployed."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import azure.durable_functions as df
import azure.functions as func

from armature.azure.services import Services, services
from armature.checks import CheckResult
from armature.checks.model import ChecksPage
from armature.checks.tallying import all_states
from triggers.answers import ProblemError, answered, json_answer
from triggers.deployments import POLL_AFTER_SECONDS, asked_id, unknown
from triggers.query import number, word

DEFAULT_PAGE = 500
MAX_PAGE = 2000

READS_AT_ONCE = 8
"""Of the storage, for one page: the results of each batch are a document."""

blueprint = df.Blueprint()


@blueprint.route(route="deployments/{deploymentId}/checks", methods=["GET"])
async def get_checks(req: func.HttpRequest) -> func.HttpResponse:
    """The checks of the last run that made any, or those with one `result`; from number `after` on, at most `limit`."""

    async def serve() -> func.HttpResponse:
        deployment_id = asked_id(req)
        after = number(req, "after", default=0, lowest=0, highest=10**9)
        limit = number(req, "limit", default=DEFAULT_PAGE, lowest=1, highest=MAX_PAGE)
        result = word(req, "result", CheckResult)
        page = await asyncio.to_thread(_page, services(), deployment_id, after, limit, result)
        return json_answer(page.dump())

    return await answered(serve)


def _page(app: Services, deployment_id: str, after: int, limit: int, result: CheckResult | None) -> ChecksPage:
    state = app.deployments.state(deployment_id)
    if state is None:
        raise unknown(deployment_id)
    run = state.validation.run if state.validation else state.run
    document = app.checks.document(deployment_id, run)
    if document is None:
        detail = f"Nothing of deployment {deployment_id} was checked: it is {state.status}, and had not come so far."
        headers = {}
        if not state.status.is_final:
            detail = f"Nothing of deployment {deployment_id} is checked yet: it is {state.status}. Ask again later."
            headers = {"Retry-After": str(POLL_AFTER_SECONDS)}
        raise ProblemError(404, "no-checks", "No checks", detail, headers=headers, deploymentId=deployment_id)
    with ThreadPoolExecutor(READS_AT_ONCE, thread_name_prefix="checks") as pool:
        results = list(pool.map(partial(app.checks.results, deployment_id, run), range(document.batches)))
    checks = all_states(document, results)
    if state.status.is_final:
        checks = tuple(check.given_up() for check in checks)
    found = [check for check in checks if result is None or check.result is result]
    following = after + limit if after + limit < len(found) else None
    return ChecksPage(
        deployment_id=deployment_id,
        run=run,
        total=len(found),
        value=tuple(found[after : after + limit]),
        next=following,
    )
