"""`Microsoft.Resources/tags/default` of a subscription, a group or a resource, and the names of tags in use."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from emulator.arm.addresses import tidy
from emulator.arm.errors import invalid_request_content
from emulator.arm.governance import locks
from emulator.arm.governance.tags import changed_tags, check_tags, check_takes_tags
from emulator.arm.identifiers import ResourceId
from emulator.arm.routes.paths import SUBSCRIPTION, any_case
from emulator.arm.routes.service import Service, json_body, service_of

_TAGS = (
    "/{scope:.*}/{_providers:(?i:providers)}/{_namespace:(?i:microsoft.resources)}"
    "/{_tags:(?i:tags)}/{_name:(?i:default)}"
)
_SUBSCRIPTION_TAGS = "subscriptionTags"


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the routes of this module."""
    router.add_get(_TAGS, get_tags)
    router.add_put(_TAGS, put_tags)
    router.add_patch(_TAGS, patch_tags)
    router.add_delete(_TAGS, delete_tags)
    router.add_get(any_case(f"{SUBSCRIPTION}/tagNames"), list_names)


async def get_tags(request: web.Request) -> web.Response:
    """All tags of the scope."""
    scope = _scope(request)
    return _answer(scope, _tags_of(service_of(request), scope))


async def put_tags(request: web.Request) -> web.Response:
    """The given tags in place of all."""
    return _keep(request, await _given(request))


async def patch_tags(request: web.Request) -> web.Response:
    """Merge, Replace or Delete."""
    service, scope, body = service_of(request), _scope(request), await json_body(request)
    operation = str(body.get("operation") or "Merge")
    return _keep(request, changed_tags(_tags_of(service, scope), operation, _tags_in(body)))


async def delete_tags(request: web.Request) -> web.Response:
    """No tags any more."""
    _keep(request, {})
    return web.Response(status=200)


async def list_names(request: web.Request) -> web.Response:
    """The names of the tags in use with their values and how often each is used."""
    service = service_of(request)
    subscription = service.state.check_subscription(request.match_info["subscription"])
    used: dict[str, Counter[str]] = {}
    resources = service.state.resources(ResourceId(subscription))
    for tags in (
        *(resource.document.get("tags") or {} for resource in resources),
        *(group.tags for group in service.state.groups(subscription)),
    ):
        for name, value in tags.items():
            used.setdefault(name, Counter())[str(value)] += 1
    return web.json_response({"value": [_name(subscription, name, values) for name, values in sorted(used.items())]})


def _name(subscription: str, name: str, values: Counter[str]) -> dict[str, Any]:
    base = f"/subscriptions/{subscription}/tagNames/{name}"
    return {
        "id": base,
        "tagName": name,
        "count": {"type": "Total", "value": values.total()},
        "values": [
            {"id": f"{base}/tagValues/{value}", "tagValue": value, "count": {"type": "Total", "value": count}}
            for value, count in sorted(values.items())
        ],
    }


def _scope(request: web.Request) -> ResourceId:
    return ResourceId.parse(tidy(f"/{request.match_info['scope']}"))


def _tags_of(service: Service, scope: ResourceId) -> dict[str, str]:
    if scope.is_subscription:
        service.state.check_subscription(scope.subscription or "")
        return dict(service.state.record(_SUBSCRIPTION_TAGS, scope.subscription or "") or {})
    if scope.is_resource_group:
        return dict(service.state.group(scope.subscription or "", scope.group or "").tags)
    return dict(service.state.resource(scope).document.get("tags") or {})


def _keep(request: web.Request, tags: dict[str, str]) -> web.Response:
    service, scope = service_of(request), _scope(request)
    _tags_of(service, scope)
    check_takes_tags(scope)
    check_tags(tags)
    locks.check_write(service.state, scope)
    if scope.is_subscription:
        service.state.put_record(_SUBSCRIPTION_TAGS, scope.subscription or "", tags)
    elif scope.is_resource_group:
        group = service.state.writable_group(scope.subscription or "", scope.group or "")
        group.tags = tags
        service.state.put_group(group)
    else:
        resource = service.state.resource(scope)
        resource.document["tags"] = tags
        service.state.put_resource(resource)
    return _answer(scope, tags)


def _answer(scope: ResourceId, tags: Mapping[str, str]) -> web.Response:
    document = {
        "id": f"{scope}/providers/Microsoft.Resources/tags/default",
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": dict(tags)},
    }
    return web.json_response(document)


async def _given(request: web.Request) -> dict[str, str]:
    return _tags_in(await json_body(request))


def _tags_in(body: Mapping[str, Any]) -> dict[str, str]:
    properties = body.get("properties")
    tags = properties.get("tags", {}) if isinstance(properties, Mapping) else None
    if not isinstance(tags, Mapping):
        raise invalid_request_content("the tags are not an object")
    return dict(tags)
