"""Which types, versions and locations are served, and registration of providers."""

from datetime import timedelta

import pytest

from emulator.arm.clock import SimulatedTime, now
from emulator.arm.governance import registration
from emulator.arm.settings import DEFAULT_SUBSCRIPTION, DEFAULT_TENANT
from emulator.arm.state import CloudState
from tests.emulator.arm.governance.asking import SUBSCRIPTION_PATH, as_stranger, assign, put, refusal
from tests.emulator.arm.running import GROUP_PATH, SUBSCRIPTION, Arm, resource, template

PROVIDERS = f"{GROUP_PATH}/providers"
DEPLOYMENT = f"{PROVIDERS}/Microsoft.Resources/deployments/d"


@pytest.mark.parametrize(
    ("path", "version", "status", "code", "told"),
    [
        (
            f"{PROVIDERS}/Microsoft.Nobody/things/a",
            "2022-01-01",
            404,
            "InvalidResourceNamespace",
            "The resource namespace 'Microsoft.Nobody' is invalid.",
        ),
        (
            f"{PROVIDERS}/Microsoft.Web/nothings/a",
            "2023-01-01",
            404,
            "InvalidResourceType",
            "The resource type 'nothings' could not be found in the namespace 'Microsoft.Web'",
        ),
        (
            f"{PROVIDERS}/Microsoft.Authorization/locks/a",
            "2000-01-01",
            400,
            "NoRegisteredProviderFound",
            "No registered resource provider found for location '' and API version '2000-01-01' for type 'locks'.",
        ),
    ],
)
async def test_what_nobody_serves_is_refused(
    arm: Arm, path: str, version: str, status: int, code: str, told: str
) -> None:
    found, error = await refusal(arm, "GET", path, params={"api-version": version})

    assert (found, error["code"]) == (status, code)
    assert error["message"].startswith(told)


async def test_a_location_that_there_is_none_of_is_refused(arm: Arm) -> None:
    status, error = await refusal(
        arm, "PUT", f"{PROVIDERS}/Microsoft.Network/virtualNetworks/v", {"location": "atlantis"}
    )

    assert (status, error["code"]) == (400, "LocationNotAvailableForResourceType")
    assert "List of available regions for the resource type is 'eastus,eastus2," in error["message"]


async def test_a_template_with_a_version_that_nobody_serves_is_refused_before_it_starts(arm: Arm) -> None:
    content = template(resource("a", "Microsoft.Web/sites", apiVersion="2000-01-01"))

    status, error = await refusal(arm, "PUT", DEPLOYMENT, {"properties": {"mode": "Incremental", "template": content}})

    assert (status, error["code"]) == (400, "NoRegisteredProviderFound")


async def test_a_namespace_that_is_held_back_is_refused_until_it_is_registered(arm: Arm) -> None:
    await put(arm, f"/emulator/records/unregistered/{SUBSCRIPTION}/Microsoft.ManagedIdentity")
    identity = f"{PROVIDERS}/Microsoft.ManagedIdentity/userAssignedIdentities/identity"

    status, error = await refusal(arm, "PUT", identity, {"location": "eastus2"})
    registered, _ = await arm.request("POST", f"{SUBSCRIPTION_PATH}/providers/Microsoft.ManagedIdentity/register")

    assert (status, error["code"]) == (409, "MissingSubscriptionRegistration")
    assert error["message"] == (
        "The subscription is not registered to use namespace 'Microsoft.ManagedIdentity'. See "
        "https://aka.ms/rps-not-found for how to register subscriptions."
    )
    assert registered == 200
    await put(arm, identity, {"location": "eastus2"})


async def test_who_may_not_register_is_refused_what_is_not_registered(arm: Arm) -> None:
    await assign(arm, "Contributor", GROUP_PATH)
    identity = f"{PROVIDERS}/Microsoft.ManagedIdentity/userAssignedIdentities/identity"

    status, error = await refusal(arm, "PUT", identity, {"location": "eastus2"}, **as_stranger(arm))

    assert (status, error["code"]) == (409, "MissingSubscriptionRegistration")


async def test_a_type_can_be_held_back_in_a_location(arm: Arm) -> None:
    kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
    await put(arm, f"/emulator/records/unregisteredLocation/{SUBSCRIPTION}/{kind}/eastus2")

    status, error = await refusal(arm, "PUT", f"{PROVIDERS}/{kind}/identity", {"location": "eastus2"})

    assert (status, error["code"]) == (409, "MissingRegistrationForLocation")
    await put(arm, f"{PROVIDERS}/{kind}/identity", {"location": "westus"})


async def test_writing_registers_a_provider(arm: Arm) -> None:
    provider = f"{SUBSCRIPTION_PATH}/providers/Microsoft.ManagedIdentity"
    _, before = await arm.request("GET", provider)

    await put(arm, f"{PROVIDERS}/Microsoft.ManagedIdentity/userAssignedIdentities/identity", {"location": "eastus2"})
    _, after = await arm.request("GET", provider)
    await arm.request("POST", f"{provider}/unregister")
    _, at_last = await arm.request("GET", provider)

    states = [answer["registrationState"] for answer in (before, after, at_last)]
    assert states == ["NotRegistered", "Registered", "NotRegistered"]


def test_registering_takes_its_time() -> None:
    state, time = CloudState(DEFAULT_TENANT, (DEFAULT_SUBSCRIPTION,)), SimulatedTime(1)

    registration.register(state, DEFAULT_SUBSCRIPTION, "Microsoft.Web")
    begun = registration.registration_state(state, time, DEFAULT_SUBSCRIPTION, "Microsoft.Web")
    since = (now() - timedelta(seconds=registration.SECONDS)).isoformat()
    state.put_record("registration", f"{DEFAULT_SUBSCRIPTION}/Microsoft.Web", {"namespace": "x", "since": since})
    ended = registration.registration_state(state, time, DEFAULT_SUBSCRIPTION, "Microsoft.Web")

    assert (begun, ended) == ("Registering", "Registered")
