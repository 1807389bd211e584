"""The HTTP side: which request goes to which handler."""

from aiohttp import web

from emulator.arm.routes import deployments, groups, names, operation_results, previews, resources, subscriptions


def add_routes(router: web.UrlDispatcher) -> None:
    """Register every route; resources by id come last, for they match anything."""
    for module in (subscriptions, names, operation_results, groups, deployments, previews, resources):
        module.add_routes(router)
