"""Resource providers: whether they are registered, and the versions in which they serve their types."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from armature.azure.arm.access import DEPLOYMENTS_API_VERSION, RESOURCES_API_VERSION, ArmAccess
from armature.azure.arm.ids import RESOURCE_GROUP_TYPE, SUBSCRIPTION_TYPE
from armature.azure.models import DEPLOYMENT_TYPE
from armature.errors import FailureClass, FailureError, failure

_STABLE = re.compile(r"\d{4}-\d{2}-\d{2}")
_OWN_VERSIONS = {
    DEPLOYMENT_TYPE.lower(): DEPLOYMENTS_API_VERSION,
    RESOURCE_GROUP_TYPE.lower(): RESOURCES_API_VERSION,
    SUBSCRIPTION_TYPE.lower(): RESOURCES_API_VERSION,
}
_TAKES_TAGS = "SupportsTags"
"""One of a type's `capabilities` (Providers - Get, 2021-04-01)."""


@dataclass(frozen=True)
class _Served:
    """What a provider says of a type: the newest version, and whether its resources take tags, if it says so."""

    version: str
    takes_tags: bool | None


_served: dict[tuple[str, str, str], dict[str, _Served]] = {}
"""What is served by type in lower case, of a provider as (ARM's address, subscription, namespace). One assignment is
one step to all threads, and two that ask at once find the same."""


class Providers(ArmAccess):
    """The part of the gateway that knows resource providers."""

    def provider_state(self, namespace: str) -> str:
        """NotRegistered, Registering, Registered or Unregistering, as ARM spells it. Changes nothing.

        Raises:
            FailureError: there is no such provider; ARM refuses.
        """
        return str(self._provider(namespace).get("registrationState") or "")

    def register_provider(self, namespace: str) -> None:
        """Begin to register the provider in the subscription; one that is registered stays so: a second run is
        harmless. It takes minutes: `provider_state` tells."""
        self._send("POST", f"{self._provider_path(namespace)}/register", RESOURCES_API_VERSION)

    def api_version(self, resource_type: str) -> str:
        """The newest version, not a preview if there is another, in which the provider serves the type.

        Providers don't list every child type: a child is served in its parent's versions. Asked once a process and
        provider. Changes nothing.

        Raises:
            FailureError: nobody serves the type; ARM refuses.
        """
        own = _OWN_VERSIONS.get(resource_type.lower())
        if own is not None:
            return own
        namespace = resource_type.partition("/")[0]
        served = self._types(namespace)
        for candidate in _with_parents(resource_type.lower()):
            if candidate in served:
                return served[candidate].version
        message = f"The resource provider {namespace} does not serve the type {resource_type}."
        raise FailureError(failure(FailureClass.TEMPLATE, "InvalidResourceType", message))

    def takes_tags(self, resource_type: str) -> bool | None:
        """Whether resources of the type take tags; None when its provider does not say. Asked as `api_version` is.

        Raises:
            FailureError: there is no such provider; ARM refuses.
        """
        if resource_type.lower() in _OWN_VERSIONS:
            return True
        served = self._types(resource_type.partition("/")[0]).get(resource_type.lower())
        return served.takes_tags if served else None

    def _types(self, namespace: str) -> dict[str, _Served]:
        key = (self._endpoint, self.subscription.lower(), namespace.lower())
        if key not in _served:
            types = self._provider(namespace).get("resourceTypes") or ()
            _served[key] = {
                f"{namespace}/{entry['resourceType']}".lower(): _Served(
                    _newest(entry["apiVersions"]),
                    None if entry.get("capabilities") is None else _TAKES_TAGS in str(entry["capabilities"]),
                )
                for entry in types
                if entry.get("resourceType") and entry.get("apiVersions")
            }
        return _served[key]

    def _provider(self, namespace: str) -> dict[str, Any]:
        return self._send("GET", self._provider_path(namespace), RESOURCES_API_VERSION)

    def _provider_path(self, namespace: str) -> str:
        return f"/subscriptions/{self.subscription}/providers/{namespace}"


def _newest(versions: list[str]) -> str:
    stable = [version for version in versions if _STABLE.fullmatch(version)]
    return max(stable or versions)


def _with_parents(resource_type: str) -> Iterator[str]:
    """The type, then its parent, and so on up to the first type below the namespace."""
    while "/" in resource_type:
        yield resource_type
        resource_type = resource_type.rpartition("/")[0]
