"""Deployments at all four scopes: start, read, list, follow, cancel, remove from the history."""

from aiohttp import web

from emulator.arm.admission import CALLER
from emulator.arm.answers import CORRELATION_ID, LOGGED_DEPLOYMENT
from emulator.arm.engine.describe import describe_deployment, describe_operation
from emulator.arm.engine.request import read_request
from emulator.arm.errors import ArmError
from emulator.arm.governance import locks
from emulator.arm.identifiers import DEPLOYMENT_TYPE
from emulator.arm.lifecycle.removal import cancel
from emulator.arm.routes.filters import paged, reader_of
from emulator.arm.routes.operation_results import location_headers
from emulator.arm.routes.paths import GROUP, MANAGEMENT_GROUP, SUBSCRIPTION, TENANT, any_case
from emulator.arm.routes.scopes import deployment_id_of, deployment_of, scope_of
from emulator.arm.routes.service import address_of, json_body, service_of

_OPERATIONS_PAGE = 100
_RETRY_SECONDS = 15  # ARM's usual Retry-After for deployments


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the routes of this module."""
    for scope in (GROUP, SUBSCRIPTION, MANAGEMENT_GROUP, TENANT):
        deployments = f"{scope}/providers/{DEPLOYMENT_TYPE}"
        one = f"{deployments}/{{name}}"
        router.add_get(any_case(deployments), list_deployments)
        router.add_put(any_case(one), put_deployment)
        router.add_get(any_case(one), get_deployment, allow_head=False)
        router.add_head(any_case(one), head_deployment)
        router.add_delete(any_case(one), delete_deployment)
        router.add_post(any_case(f"{one}/cancel"), cancel_deployment)
        # The SDK asks for a group's operations by the older path, without the provider.
        for operations in (f"{one}/operations", f"{scope}/deployments/{{name}}/operations"):
            router.add_get(any_case(operations), list_operations)
            router.add_get(any_case(f"{operations}/{{operation}}"), get_operation)
        router.add_get(any_case(f"{one}/operationStatuses/{{status}}"), operation_status)


async def put_deployment(request: web.Request) -> web.Response:
    """Start a deployment: 201 for a new name, 200 for a used one, or the reason why it can't start."""
    service, deployment_id, body = service_of(request), deployment_id_of(request), await json_body(request)
    request[LOGGED_DEPLOYMENT] = {"name": deployment_id.last_name, "tags": body.get("tags")}
    locks.check_write(service.state, deployment_id)
    text, caller = await request.text(), request[CALLER]
    wanted = read_request(deployment_id, body, request[CORRELATION_ID], text=text, caller=caller)
    prepared = await service.deployer.prepare(wanted)
    deployment, is_new = service.deployer.accept(prepared)
    answer = describe_deployment(deployment)
    service.start(service.deployer.run(prepared, deployment))
    version = request.query["api-version"]
    status_url = f"{address_of(request)}{deployment.id}/operationStatuses/{deployment.status_id}?api-version={version}"
    headers = {"Azure-AsyncOperation": status_url} | service.time.retry_after(_RETRY_SECONDS)
    return web.json_response(answer, status=201 if is_new else 200, headers=headers)


async def get_deployment(request: web.Request) -> web.Response:
    """One deployment."""
    return web.json_response(describe_deployment(deployment_of(request)))


async def head_deployment(request: web.Request) -> web.Response:
    """204 when it is there, 404 when not."""
    try:
        deployment_of(request)
    except ArmError as absent:
        return web.Response(status=absent.status)
    return web.Response(status=204)


async def cancel_deployment(request: web.Request) -> web.Response:
    """204: it starts nothing more; 409 when it has ended."""
    cancel(service_of(request).state, deployment_of(request))
    return web.Response(status=204)


async def delete_deployment(request: web.Request) -> web.Response:
    """202 with a `Location` that answers 202 until the entry is gone; 204 when there is none; 409 while it runs."""
    service = service_of(request)
    deployment = service.state.find_deployment(deployment_id_of(request))
    if deployment is None:
        return web.Response(status=204)
    locks.check_delete(service.state, deployment.id)
    work = service.operations.begin_removal(deployment)
    return web.Response(status=202, headers=location_headers(request, work))


async def list_deployments(request: web.Request) -> web.Response:
    """The deployments of a scope, newest first; `$filter` by provisioningState, `$top`."""
    listed = service_of(request).state.deployments(scope_of(request))
    meets = reader_of(request.query.get("$filter"))
    return paged(request, [d for d in map(describe_deployment, listed) if meets(d)])


async def list_operations(request: web.Request) -> web.Response:
    """The operations of a deployment, paged."""
    deployment = deployment_of(request)
    operations = [describe_operation(deployment, operation) for operation in deployment.operations]
    return paged(request, operations, _OPERATIONS_PAGE)


async def get_operation(request: web.Request) -> web.Response:
    """One operation."""
    deployment, wanted = deployment_of(request), request.match_info["operation"]
    for operation in deployment.operations:
        if operation.id.lower() == wanted.lower():
            return web.json_response(describe_operation(deployment, operation))
    raise ArmError(404, "DeploymentOperationNotFound", f"The deployment operation '{wanted}' could not be found.")


async def operation_status(request: web.Request) -> web.Response:
    """How far the deployment is that `Azure-AsyncOperation` named."""
    service, deployment = service_of(request), deployment_of(request)
    if deployment.status_id != request.match_info["status"]:
        message = f"The operation status '{request.match_info['status']}' could not be found."
        raise ArmError(404, "OperationStatusNotFound", message)
    status: dict[str, object] = {"status": deployment.provisioning_state}
    if deployment.error:
        status["error"] = deployment.error
    headers = {} if deployment.is_final else service.time.retry_after(_RETRY_SECONDS)
    return web.json_response(status, headers=headers)
