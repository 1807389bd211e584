"""The HTTP side: which request goes to which handler."""

from aiohttp import web

from emulator.arm.routes import (
    deployments,
    governance,
    groups,
    health,
    inventory,
    management_groups,
    names,
    operation_results,
    previews,
    records,
    resources,
    soft_deleted,
    subscriptions,
    tags,
)

_MODULES = (
    subscriptions,
    names,
    operation_results,
    groups,
    deployments,
    previews,
    management_groups,
    governance,
    tags,
    soft_deleted,
    health,
    records,
    inventory,
    resources,
)


def add_routes(router: web.UrlDispatcher) -> None:
    """Register every route; resources by id come last, for they match anything."""
    for module in _MODULES:
        module.add_routes(router)
