"""Deployments at resource group and subscription scope: start, read, list, follow."""

from aiohttp import web

from emulator.arm.answers import CORRELATION_ID, LOGGED_DEPLOYMENT
from emulator.arm.engine.describe import describe_deployment, describe_operation
from emulator.arm.engine.request import read_request
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import DEPLOYMENT_TYPE, ResourceId
from emulator.arm.routes.filters import paged, reader_of
from emulator.arm.routes.paths import GROUP, SUBSCRIPTION, any_case
from emulator.arm.routes.service import Service, address_of, json_body, service_of
from emulator.arm.state import Deployment

_OPERATIONS_PAGE = 100
_RETRY_SECONDS = 15  # ARM's usual Retry-After for deployments


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the routes of this module."""
    for scope in (GROUP, SUBSCRIPTION):
        deployments = f"{scope}/providers/{DEPLOYMENT_TYPE}"
        one = f"{deployments}/{{name}}"
        router.add_get(any_case(deployments), list_deployments)
        router.add_put(any_case(one), put_deployment)
        router.add_get(any_case(one), get_deployment, allow_head=False)
        router.add_head(any_case(one), head_deployment)
        # The SDK asks for a group's operations by the older path, without the provider.
        for operations in (f"{one}/operations", f"{scope}/deployments/{{name}}/operations"):
            router.add_get(any_case(operations), list_operations)
            router.add_get(any_case(f"{operations}/{{operation}}"), get_operation)
        router.add_get(any_case(f"{one}/operationStatuses/{{status}}"), operation_status)


async def put_deployment(request: web.Request) -> web.Response:
    """Start a deployment: 201 for a new name, 200 for a used one, or the reason why it can't start."""
    service, deployment_id, body = service_of(request), _deployment_id(request), await json_body(request)
    request[LOGGED_DEPLOYMENT] = {"name": deployment_id.last_name, "tags": body.get("tags")}
    wanted = read_request(deployment_id, body, request[CORRELATION_ID])
    _refuse_other_modes(wanted.mode, body)
    prepared = await service.deployer.prepare(wanted)
    deployment, is_new = service.deployer.accept(prepared)
    answer = describe_deployment(deployment)
    service.start(service.deployer.run(prepared, deployment))
    version = request.query["api-version"]
    status_url = f"{address_of(request)}{deployment.id}/operationStatuses/{deployment.status_id}?api-version={version}"
    headers = {"Azure-AsyncOperation": status_url} | service.time.retry_after(_RETRY_SECONDS)
    return web.json_response(answer, status=201 if is_new else 200, headers=headers)


def _refuse_other_modes(mode: str, body: dict[str, object]) -> None:
    """Better a plain refusal than a deployment that does less than was asked."""
    properties = body.get("properties")
    if mode != "Incremental":
        raise ArmError(501, "NotImplemented", "This emulator deploys in Incremental mode only.")
    if isinstance(properties, dict) and properties.get("onErrorDeployment"):
        raise ArmError(501, "NotImplemented", "This emulator does not know onErrorDeployment.")


async def get_deployment(request: web.Request) -> web.Response:
    """One deployment."""
    return web.json_response(describe_deployment(_deployment(request)))


async def head_deployment(request: web.Request) -> web.Response:
    """204 when it is there, 404 when not."""
    try:
        _deployment(request)
    except ArmError as absent:
        return web.Response(status=absent.status)
    return web.Response(status=204)


async def list_deployments(request: web.Request) -> web.Response:
    """The deployments of a scope, newest first; `$filter` by provisioningState, `$top`."""
    service, scope = _checked_scope(request)
    meets = reader_of(request.query.get("$filter"))
    return paged(request, [d for d in map(describe_deployment, service.state.deployments(scope)) if meets(d)])


async def list_operations(request: web.Request) -> web.Response:
    """The operations of a deployment, paged."""
    deployment = _deployment(request)
    operations = [describe_operation(deployment, operation) for operation in deployment.operations]
    return paged(request, operations, _OPERATIONS_PAGE)


async def get_operation(request: web.Request) -> web.Response:
    """One operation."""
    deployment, wanted = _deployment(request), request.match_info["operation"]
    for operation in deployment.operations:
        if operation.id.lower() == wanted.lower():
            return web.json_response(describe_operation(deployment, operation))
    raise ArmError(404, "DeploymentOperationNotFound", f"The deployment operation '{wanted}' could not be found.")


async def operation_status(request: web.Request) -> web.Response:
    """How far the deployment is that `Azure-AsyncOperation` named."""
    service, deployment = service_of(request), _deployment(request)
    if deployment.status_id != request.match_info["status"]:
        message = f"The operation status '{request.match_info['status']}' could not be found."
        raise ArmError(404, "OperationStatusNotFound", message)
    status: dict[str, object] = {"status": deployment.provisioning_state}
    if deployment.error:
        status["error"] = deployment.error
    headers = {} if deployment.is_final else service.time.retry_after(_RETRY_SECONDS)
    return web.json_response(status, headers=headers)


def _checked_scope(request: web.Request) -> tuple[Service, ResourceId]:
    """The scope in its own spelling; raises SubscriptionNotFound, ResourceGroupNotFound."""
    service, subscription = service_of(request), request.match_info["subscription"]
    subscription = service.state.check_subscription(subscription)
    group = request.match_info.get("group")
    return service, service.state.group(subscription, group).id if group else ResourceId(subscription)


def _deployment_id(request: web.Request) -> ResourceId:
    _, scope = _checked_scope(request)
    return scope.resource(DEPLOYMENT_TYPE, request.match_info["name"])


def _deployment(request: web.Request) -> Deployment:
    service, scope = _checked_scope(request)
    return service.state.deployment(scope.resource(DEPLOYMENT_TYPE, request.match_info["name"]))
