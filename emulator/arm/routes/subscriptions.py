"""The cloud's metadata, tenants, subscriptions, locations and resource providers."""

from typing import Any

from aiohttp import web

from emulator.arm import authorization, catalogue
from emulator.arm.admission import CALLER
from emulator.arm.errors import ArmError
from emulator.arm.governance.registration import register, registration_state, unregister
from emulator.arm.identifiers import ResourceId
from emulator.arm.metadata import endpoints_document
from emulator.arm.routes.paths import SUBSCRIPTION, any_case
from emulator.arm.routes.service import Service, address_of, service_of
from emulator.clouds import Cloud


def add_routes(router: web.UrlDispatcher) -> None:
    """Register the routes of this module."""
    router.add_get(any_case("/metadata/endpoints"), endpoints)
    router.add_get(any_case("/tenants"), tenants)
    router.add_get(any_case("/subscriptions"), list_subscriptions)
    router.add_get(any_case(SUBSCRIPTION), get_subscription)
    router.add_get(any_case(f"{SUBSCRIPTION}/locations"), locations)
    router.add_get(any_case(f"{SUBSCRIPTION}/providers"), list_providers)
    router.add_get(any_case(f"{SUBSCRIPTION}/providers/{{namespace}}"), get_provider)
    router.add_post(any_case(f"{SUBSCRIPTION}/providers/{{namespace}}/register"), register_provider)
    router.add_post(any_case(f"{SUBSCRIPTION}/providers/{{namespace}}/unregister"), unregister_provider)
    router.add_get(any_case("/providers"), list_tenant_providers)
    router.add_get(any_case("/providers/{namespace}"), get_tenant_provider)


async def endpoints(request: web.Request) -> web.Response:
    """The clouds and where their services are; needs no token."""
    settings = service_of(request).settings
    version = request.query["api-version"]
    return web.json_response(endpoints_document(version, settings.cloud, address_of(request), settings.tenant))


async def tenants(request: web.Request) -> web.Response:
    """The one tenant."""
    tenant = service_of(request).settings.tenant
    entry = {"id": f"/tenants/{tenant}", "tenantId": tenant, "displayName": "Local development", "countryCode": "US"}
    return web.json_response({"value": [entry]})


async def list_subscriptions(request: web.Request) -> web.Response:
    """The subscriptions in which the caller has a role."""
    service, caller = service_of(request), request[CALLER].object_id
    seen = [
        _subscription(service, subscription)
        for subscription in service.state.subscriptions.values()
        if authorization.is_seen(service.state, caller, ResourceId(subscription))
    ]
    return web.json_response({"value": seen})


async def get_subscription(request: web.Request) -> web.Response:
    """One subscription."""
    service = service_of(request)
    return web.json_response(
        _subscription(service, service.state.check_subscription(request.match_info["subscription"]))
    )


def _subscription(service: Service, subscription: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}",
        "subscriptionId": subscription,
        "tenantId": service.settings.tenant,
        "displayName": "Local development",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "subscriptionPolicies": {"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01"},
    }


async def locations(request: web.Request) -> web.Response:
    """The locations that the subscription may use."""
    state = service_of(request).state
    subscription = state.check_subscription(request.match_info["subscription"])
    entries = [
        {
            "id": f"/subscriptions/{subscription}/locations/{name}",
            "name": name,
            "displayName": display,
            "regionalDisplayName": display,
            "metadata": {
                "regionType": "Physical",
                "regionCategory": "Recommended",
                "geography": catalogue.GEOGRAPHY[name],
                "geographyGroup": catalogue.GEOGRAPHY[name],
                "pairedRegion": [],
            },
            "type": "Region",
        }
        for name, display in catalogue.locations_of(state.cloud).items()
    ]
    return web.json_response({"value": entries})


async def list_providers(request: web.Request) -> web.Response:
    """Every provider with its registration state."""
    service, subscription = _checked(request)
    names = catalogue.PROVIDERS | service.state.registered_providers[subscription.lower()]
    return web.json_response({"value": [_provider(service, subscription, name) for name in sorted(names.values())]})


async def get_provider(request: web.Request) -> web.Response:
    """One provider."""
    service, subscription = _checked(request)
    return web.json_response(_provider(service, subscription, _namespace(service, subscription, request)))


async def register_provider(request: web.Request) -> web.Response:
    """Register a provider for the subscription."""
    service, subscription = _checked(request)
    namespace = _namespace(service, subscription, request)
    register(service.state, subscription, namespace)
    return web.json_response(_provider(service, subscription, namespace))


async def unregister_provider(request: web.Request) -> web.Response:
    """Let a subscription use a provider no more."""
    service, subscription = _checked(request)
    namespace = _namespace(service, subscription, request)
    unregister(service.state, subscription, namespace)
    return web.json_response(_provider(service, subscription, namespace))


async def list_tenant_providers(request: web.Request) -> web.Response:
    """Every provider, whichever subscription uses it."""
    cloud = service_of(request).state.cloud
    return web.json_response({"value": [_described(name, cloud) for name in sorted(catalogue.PROVIDERS.values())]})


async def get_tenant_provider(request: web.Request) -> web.Response:
    """One provider, whichever subscription uses it."""
    asked = request.match_info["namespace"]
    if asked.lower() not in catalogue.PROVIDERS:
        raise ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{asked}' is invalid.")
    return web.json_response(_described(catalogue.PROVIDERS[asked.lower()], service_of(request).state.cloud))


def _described(namespace: str, cloud: Cloud) -> dict[str, Any]:
    return {"namespace": namespace, "resourceTypes": catalogue.resource_types(namespace, cloud)}


def _checked(request: web.Request) -> tuple[Service, str]:
    service = service_of(request)
    return service, service.state.check_subscription(request.match_info["subscription"])


def _namespace(service: Service, subscription: str, request: web.Request) -> str:
    asked = request.match_info["namespace"]
    known = catalogue.PROVIDERS | service.state.registered_providers[subscription.lower()]
    if asked.lower() not in known:
        message = f"The resource namespace '{asked}' is invalid."
        raise ArmError(404, "InvalidResourceNamespace", message)
    return known[asked.lower()]


def _provider(service: Service, subscription: str, namespace: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}/providers/{namespace}",
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": registration_state(service.state, service.time, subscription, namespace),
        "resourceTypes": catalogue.resource_types(namespace, service.state.cloud),
    }
