"""What the `Location` and `Azure-AsyncOperation` of accepted requests lead to, for as long as the result is kept.

Who may read a resource may follow what is done to it, and who may delete it may follow its deletion, after which no
role at the resource itself is left. That is this emulator's rule: Azure's documentation names operations such as
`Microsoft.Resources/subscriptions/operationresults/read`, and not who is asked for them.
"""

from aiohttp import web

from emulator.arm import authorization
from emulator.arm.admission import CALLER
from emulator.arm.clock import timestamp
from emulator.arm.errors import ArmError, status_of
from emulator.arm.governance.scopes import action_of
from emulator.arm.models import WHAT_IF, ProviderOperation
from emulator.arm.provisioning import WRITE, present, read
from emulator.arm.routes.paths import SUBSCRIPTION, TENANT, any_case
from emulator.arm.routes.service import address_of, service_of

_RETRY_SECONDS = 15  # ARM's usual Retry-After
_RESULT_STATUS = {"deleteGroup": 200}  # of what has ended; 204 of all else that leaves nothing to show


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the routes of this module."""
    for scope in (SUBSCRIPTION, TENANT):
        router.add_get(any_case(f"{scope}/operationresults/{{operation}}"), operation_result)
    at_provider = f"{SUBSCRIPTION}/providers/{{namespace}}/locations/{{location}}"
    router.add_get(any_case(f"{at_provider}/operationresults/{{operation}}"), operation_result)
    router.add_get(any_case(f"{at_provider}/operationstatuses/{{operation}}"), operation_status)


def location_headers(request: web.Request, work: ProviderOperation) -> dict[str, str]:
    """`Location`, where the result can be asked for, and `Retry-After`."""
    scope = f"/subscriptions/{work.target.subscription}" if work.target.subscription else ""
    location = f"{address_of(request)}{scope}/operationresults/{work.id}"
    retry_after = service_of(request).time.retry_after(_RETRY_SECONDS)
    return {"Location": f"{location}?api-version={request.query['api-version']}"} | retry_after


def async_headers(request: web.Request, work: ProviderOperation, location: str) -> dict[str, str]:
    """What a provider adds to its answer that it works on a resource in `location`: where to ask, and when again."""
    target, version = work.target, request.query["api-version"]
    provider = f"/subscriptions/{target.subscription}/providers/{target.namespace}"
    base = f"{address_of(request)}{provider}/locations/{location}"
    return {
        "Azure-AsyncOperation": f"{base}/operationStatuses/{work.id}?api-version={version}",
        "Location": f"{base}/operationResults/{work.id}?api-version={version}",
    } | service_of(request).time.retry_after(_RETRY_SECONDS)


async def operation_status(request: web.Request) -> web.Response:
    """How far it is: the body that `Azure-AsyncOperation` leads to."""
    work = _work(request)
    status: dict[str, object] = {"id": request.path, "name": work.id, "status": work.status}
    status |= {"startTime": timestamp(work.started)} | ({"endTime": timestamp(work.ended)} if work.ended else {})
    status |= {"error": work.error} if work.error else {}
    headers = {} if work.is_ended else service_of(request).time.retry_after(_RETRY_SECONDS)
    return web.json_response(status, headers=headers)


async def operation_result(request: web.Request) -> web.Response:
    """202 with the same `Location` while it runs; then what it led to: the resource that was written, or nothing."""
    service, work = service_of(request), _work(request)
    if not work.is_ended:
        retry_after = service.time.retry_after(_RETRY_SECONDS)
        return web.Response(status=202, headers={"Location": str(request.url)} | retry_after)
    if work.error:
        return web.json_response({"error": work.error}, status=status_of(work.status_code))
    if work.kind == WHAT_IF:
        return web.json_response(work.document)
    if work.kind == WRITE:
        return web.json_response(present(service.surroundings, read(service.surroundings, work.target)))
    return web.Response(status=_RESULT_STATUS.get(work.kind, 204))


def _work(request: web.Request) -> ProviderOperation:
    state = service_of(request).state
    if work := state.find_work(request.match_info["operation"]):
        if work.document is not None:  # of what is removed nothing is told but that it is gone
            authorization.check(state, request[CALLER], action_of(work.target, "read"), work.target)
        return work
    message = f"The operation '{request.match_info['operation']}' could not be found."
    raise ArmError(404, "OperationNotFound", message)
