"""Registration of resource providers, and whether a provider serves what is asked: type, API version, location.

First-party providers register themselves when a principal with the right to register writes into them, as deployments
make them do. A record `unregistered` keeps a namespace from that, a record `unregisteredLocation` a type in a location.
Source: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-providers-and-types and
https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-register-resource-provider.
"""

from datetime import datetime

from emulator.arm import catalogue
from emulator.arm.authorization import is_allowed
from emulator.arm.caller import Caller
from emulator.arm.clock import SimulatedTime, now
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import Resource
from emulator.arm.state import CloudState
from emulator.clouds import Cloud

SECONDS = 30.0  # how long registering and unregistering take
UNREGISTERED = "unregistered"
UNREGISTERED_LOCATION = "unregisteredLocation"
_REGISTRATION = "registration"
_ALWAYS = frozenset({"microsoft.resources", "microsoft.authorization", "microsoft.management", "microsoft.features"})


def registration_state(state: CloudState, time: SimulatedTime, subscription: str, namespace: str) -> str:
    """NotRegistered, Registering, Registered or Unregistering."""
    if namespace.lower() in _ALWAYS or catalogue.is_open(namespace):
        return "Registered"
    record = state.record(_REGISTRATION, f"{subscription}/{namespace}")
    if record is None:
        return "NotRegistered"
    passing, final = ("Unregistering", "NotRegistered") if record.get("leaves") else ("Registering", "Registered")
    if "since" in record and time.left(datetime.fromisoformat(record["since"]), SECONDS) > 0 and time.scale > 0:
        return passing
    return final


def register(state: CloudState, subscription: str, namespace: str) -> None:
    """Begin to register a namespace; one that is registered stays so. It is not held back any more."""
    state.drop_record(UNREGISTERED, f"{subscription}/{namespace}")
    record = state.record(_REGISTRATION, f"{subscription}/{namespace}")
    if record is None or record.get("leaves"):
        begun = {"namespace": namespace, "since": now().isoformat()}
        state.put_record(_REGISTRATION, f"{subscription}/{namespace}", begun)


def unregister(state: CloudState, subscription: str, namespace: str) -> None:
    """Begin to unregister a namespace."""
    if state.record(_REGISTRATION, f"{subscription}/{namespace}"):
        begun = {"namespace": namespace, "since": now().isoformat(), "leaves": True}
        state.put_record(_REGISTRATION, f"{subscription}/{namespace}", begun)


def check_registered(state: CloudState, resource: Resource, caller: Caller | None) -> None:
    """Raise MissingSubscriptionRegistration or MissingRegistrationForLocation, or register what may register itself."""
    subscription, namespace = resource.id.subscription, resource.id.namespace
    if subscription is None or namespace.lower() in _ALWAYS or catalogue.is_open(namespace):
        return
    place = f"{subscription}/{resource.id.type}/{_folded(resource.document.get('location'))}"
    if state.record(UNREGISTERED_LOCATION, place) is not None:
        message = (
            f"The subscription is not registered for the resource type '{resource.id.type.partition('/')[2]}' in the "
            f"location '{resource.document.get('location')}'. Please re-register for this provider in order to have "
            "access to this location."
        )
        raise ArmError(409, "MissingRegistrationForLocation", message)
    record = state.record(_REGISTRATION, f"{subscription}/{namespace}")
    if record and not record.get("leaves"):
        return
    is_held_back = state.record(UNREGISTERED, f"{subscription}/{namespace}") is not None
    if is_held_back or not _may_register(state, caller, resource.id):
        message = (
            f"The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for "
            "how to register subscriptions."
        )
        details = [{"code": "MissingSubscriptionRegistration", "target": namespace, "message": message}]
        raise ArmError(409, "MissingSubscriptionRegistration", message, details=details)
    state.put_record(_REGISTRATION, f"{subscription}/{namespace}", {"namespace": namespace})


def _may_register(state: CloudState, caller: Caller | None, resource_id: ResourceId) -> bool:
    action, scope = f"{resource_id.namespace}/register/action", ResourceId(resource_id.subscription)
    return caller is None or is_allowed(state, caller.object_id, action, scope)


def check_served(resource_type: str, api_version: str, location: str | None, cloud: Cloud) -> None:
    """Raise what ARM answers to a namespace, a type, a version or a location that nobody serves in the cloud.

    InvalidResourceNamespace, InvalidResourceType, NoRegisteredProviderFound, LocationNotAvailableForResourceType.
    """
    namespace, _, name = resource_type.partition("/")
    if catalogue.is_open(namespace):
        return
    if namespace.lower() not in catalogue.PROVIDERS:
        raise ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")
    found = catalogue.find_type(resource_type)
    if found is None:
        message = (
            f"The resource type '{name}' could not be found in the namespace '{namespace}' for api version "
            f"'{api_version}'. The supported api-versions are '{','.join(_versions_of(namespace, cloud))}'."
        )
        raise ArmError(404, "InvalidResourceType", message)
    if api_version.lower() not in found.api_versions:
        message = (
            f"No registered resource provider found for location '{location or ''}' and API version '{api_version}' "
            f"for type '{found.name}'. The supported api-versions are '{', '.join(reversed(found.api_versions))}'. "
            f"The supported locations are '{', '.join(_locations(found, cloud))}'."
        )
        raise ArmError(400, "NoRegisteredProviderFound", message)
    if location and not found.takes(location, cloud):
        message = (
            f"The provided location '{location}' is not available for resource type '{found.full_name}'. List of "
            f"available regions for the resource type is '{','.join(_locations(found, cloud))}'."
        )
        raise ArmError(400, "LocationNotAvailableForResourceType", message)


def _versions_of(namespace: str, cloud: Cloud) -> list[str]:
    types = catalogue.resource_types(namespace, cloud)
    return sorted({version for kind in types for version in kind["apiVersions"]}, reverse=True)


def _locations(found: catalogue.ResourceType, cloud: Cloud) -> list[str]:
    return [_folded(location) for location in found.shown(cloud)["locations"]]


def _folded(location: object) -> str:
    return str(location or "").replace(" ", "").lower()
