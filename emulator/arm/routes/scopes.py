"""Whose deployments a path speaks of: the scope, the deployment's id, the deployment."""

from aiohttp import web

from emulator.arm.identifiers import DEPLOYMENT_TYPE, ResourceId
from emulator.arm.lifecycle.history import check_scope
from emulator.arm.models import Deployment
from emulator.arm.routes.service import service_of


def scope_of(request: web.Request) -> ResourceId:
    """The scope in its own spelling; raises SubscriptionNotFound, ResourceGroupNotFound, NotFound."""
    where = request.match_info
    scope = ResourceId(where.get("subscription"), where.get("group"), management_group=where.get("management_group"))
    return check_scope(service_of(request).state, scope)


def deployment_id_of(request: web.Request) -> ResourceId:
    """The id of the deployment, whether it is there or not; raises like `scope_of`."""
    return scope_of(request).resource(DEPLOYMENT_TYPE, request.match_info["name"])


def deployment_of(request: web.Request) -> Deployment:
    """The deployment; raises like `scope_of`, and DeploymentNotFound."""
    return service_of(request).state.deployment(deployment_id_of(request))
